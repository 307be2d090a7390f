"""Proxies and certificates are chosen as `requests` chooses them."""

import shutil
from pathlib import Path

import pytest

from app.errors import UpstreamError, UpstreamTimeout
from tests.http1.conftest import Serve, fetch, make_client, over_both
from tests.scripted_server import CERTIFICATE, Peer, Server, answer

HI = answer(b"hi")
CERTIFICATE_HASH = "ce275665.0"  # its file name in a directory, by `openssl rehash`
BASIC = "Basic dXNlcjp3QHJk"  # user:w@rd


def proxy_url(proxy: Server, credentials: str = "") -> str:
    scheme = proxy.base_url.partition(":")[0]
    return f"{scheme}://{credentials}127.0.0.1:{proxy.port}"


@over_both
@pytest.mark.parametrize(
    ("credentials", "header"), [("", None), ("user:w%40rd@", BASIC)]
)
def test_http_requests_are_forwarded_in_absolute_form(
    serve: Serve,
    monkeypatch: pytest.MonkeyPatch,
    tls: bool,
    credentials: str,
    header: str | None,
) -> None:
    proxy = serve(HI, tls=tls)
    monkeypatch.setenv("http_proxy", proxy_url(proxy, credentials))
    client = make_client("http://upstream.invalid/v1")

    assert [fetch(client), fetch(client)] == [b"hi", b"hi"]

    assert proxy.connections == 1
    for request in proxy.requests:
        assert request.line == "GET http://upstream.invalid/v1 HTTP/1.1"
        assert request.headers["host"] == "upstream.invalid"
        assert request.headers.get("proxy-authorization") == header


@over_both
@pytest.mark.parametrize(
    ("credentials", "header"), [("", None), ("user:w%40rd@", BASIC)]
)
def test_https_requests_go_through_a_tunnel(
    serve: Serve,
    monkeypatch: pytest.MonkeyPatch,
    tls: bool,
    credentials: str,
    header: str | None,
) -> None:
    server = serve(HI, Peer.reset, HI, tls=True)
    proxy = serve(lambda peer: peer.tunnel_to(server.port), tls=tls)
    monkeypatch.setenv("https_proxy", proxy_url(proxy, credentials))
    client = make_client(server.base_url)

    assert [fetch(client), fetch(client)] == [b"hi", b"hi"]

    assert [request.connection for request in server.requests] == [1, 1, 2]
    assert len(proxy.requests) == 2
    for request in proxy.requests:
        assert request.line.startswith(f"CONNECT 127.0.0.1:{server.port} HTTP/1.")
        assert request.headers.get("proxy-authorization") == header
    assert all("proxy-authorization" not in each.headers for each in server.requests)


def test_refused_tunnel_is_an_error_with_its_status(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = serve(answer(b"", 407))
    monkeypatch.setenv("https_proxy", proxy_url(proxy))

    with pytest.raises(UpstreamError) as caught:
        fetch(make_client("https://upstream.invalid"))

    assert caught.value.message == (
        "cannot reach it: the proxy refused to connect (407)"
    )


def test_tunnel_has_the_connect_timeout(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("https_proxy", proxy_url(serve(b"")))

    with pytest.raises(UpstreamTimeout, match="connecting timed out"):
        fetch(make_client("https://upstream.invalid", connect_timeout_s=0.1))


def test_untrusted_https_proxy_gets_no_credentials(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = serve(HI, tls=True)
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    monkeypatch.setenv("http_proxy", proxy_url(proxy, "user:word@"))

    with pytest.raises(UpstreamError, match="certificate verify failed"):
        fetch(make_client("http://upstream.invalid/v1"))

    assert proxy.requests == []


def test_proxy_without_a_scheme_is_an_http_proxy(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = serve(HI)
    monkeypatch.setenv("all_proxy", f"user:w%40rd@127.0.0.1:{proxy.port}")

    assert fetch(make_client("http://upstream.invalid/v1")) == b"hi"

    assert proxy.requests[0].headers["proxy-authorization"] == BASIC


@pytest.mark.parametrize("exempt", ["127.0.0.1", "127.0.0.0/8", "other,127.0.0.1"])
def test_no_proxy_exempts_a_host(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, exempt: str
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("no_proxy", exempt)

    assert fetch(make_client(serve(HI).base_url)) == b"hi"


def test_environment_is_read_once(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy, other = serve(HI), serve(HI)
    monkeypatch.setenv("http_proxy", proxy_url(proxy))
    client = make_client("http://upstream.invalid/v1")
    monkeypatch.setenv("http_proxy", proxy_url(other))

    assert fetch(client) == b"hi"
    assert other.connections == 0


@pytest.mark.parametrize(
    ("proxy", "text"),
    [
        ("socks5h://127.0.0.1:9", "socks5h:// proxies are not supported"),
        ("http://:3128", "the proxy URL has no host"),
    ],
)
def test_unusable_proxy_is_refused_with_the_reason(
    monkeypatch: pytest.MonkeyPatch, proxy: str, text: str
) -> None:
    monkeypatch.setenv("https_proxy", proxy)

    with pytest.raises(UpstreamError, match=f"cannot reach it: {text}") as caught:
        fetch(make_client("https://upstream.invalid"))

    assert not caught.value.retryable


def test_unknown_certificate_is_refused_and_not_retried(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    server = serve(HI, tls=True)

    with pytest.raises(UpstreamError, match="certificate verify failed") as caught:
        fetch(make_client(server.base_url))

    assert not caught.value.retryable
    assert server.requests == []


def test_certificate_of_another_host_is_refused(serve: Serve) -> None:
    server = serve(HI, tls=True)

    with pytest.raises(UpstreamError, match="certificate verify failed"):
        fetch(make_client(server.base_url.replace("127.0.0.1", "127.1")))

    assert server.requests == []


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
@pytest.mark.parametrize("is_folder", [True, False])
def test_ca_bundle_is_a_file_or_a_folder(
    serve: Serve,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    variable: str,
    is_folder: bool,
) -> None:
    shutil.copy(CERTIFICATE, tmp_path / CERTIFICATE_HASH)
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    monkeypatch.setenv(variable, str(tmp_path if is_folder else CERTIFICATE))

    assert fetch(make_client(serve(HI, tls=True).base_url)) == b"hi"


def test_missing_ca_bundle_is_an_error_that_names_the_setting(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "missing.pem"))

    with pytest.raises(UpstreamError, match="REQUESTS_CA_BUNDLE .* cannot be read"):
        fetch(make_client(serve(HI, tls=True).base_url))
