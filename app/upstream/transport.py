"""One request sent, one answer's head received: all that is asked of urllib3."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import NamedTuple

import requests
from urllib3 import HTTPConnectionPool, HTTPHeaderDict, Timeout
from urllib3.exceptions import HTTPError

from app.upstream import connection
from app.upstream.body import Body
from app.upstream.cancel import Cancel
from app.upstream.connection import Adapter, Attempt
from app.upstream.failures import not_sent, root_cause, was_dropped


class Request(NamedTuple):
    """What is sent; made ready once, and copied by `_replace`."""

    method: str
    target: str  # path and query
    headers: Mapping[str, str]
    body: bytes | Iterable[bytes] | None = None


class Answer(NamedTuple):
    status: int
    headers: HTTPHeaderDict  # repeated ones are all there
    body: Body


class Transport:
    """A pool of connections to one host.

    It is the pool of requests' own adapter, which knows proxies and certificates;
    what a session adds to that would be half of a short request.
    """

    def __init__(
        self, url: str, *, pool_size: int, connect_timeout_s: float, peer: str
    ) -> None:
        """Looks up the environment's proxies and certificates, once."""
        self._adapter = Adapter(pool_maxsize=pool_size)
        self._peer = peer  # as errors name it
        self._connect_timeout_s = connect_timeout_s
        with requests.Session() as asked:
            found = asked.merge_environment_settings(url, {}, True, None, None)
        self._proxies = dict(found["proxies"])
        self._verify = found["verify"]
        self._any = requests.Request("GET", url).prepare()  # stands for every request
        spelt = self._adapter.request_url(self._any, self._proxies)
        self._prefix = spelt.removesuffix(self._any.path_url)  # empty without a proxy

    @cached_property
    def _pool(self) -> HTTPConnectionPool:
        return self._adapter.pool_for(self._any, self._proxies, self._verify)

    def send(
        self,
        request: Request,
        cancel: Cancel,
        idle_timeout_s: float,
        *,
        fresh: bool = False,
    ) -> Answer:
        """Send; at once and at no cost again if a kept connection proves stale."""
        attempt = Attempt(cancel, idle_timeout_s, fresh)
        try:
            return self._exchange(request, attempt)
        except (requests.RequestException, HTTPError, OSError) as error:
            cancel.check()
            if attempt.reused and was_dropped(root_cause(error)):
                return self.send(request, cancel, idle_timeout_s, fresh=True)
            raise not_sent(error, self._peer, connected=attempt.connected) from None

    def _exchange(self, request: Request, attempt: Attempt) -> Answer:
        """Directions to elsewhere are not followed, and no cookie is kept."""
        token = connection.current.set(attempt)
        try:
            response = self._pool.urlopen(
                request.method,
                self._prefix + request.target,
                request.body,
                request.headers,
                self._adapter.max_retries,
                redirect=False,
                assert_same_host=False,
                timeout=Timeout(
                    connect=self._connect_timeout_s, read=attempt.idle_timeout_s
                ),
                preload_content=False,
                decode_content=False,
            )
            body = Body(response, attempt.cancel, attempt.idle_timeout_s, self._peer)
        except BaseException:
            attempt.cancel.release()
            raise
        finally:
            connection.current.reset(token)
        return Answer(response.status, response.headers, body)
