"""One request sent, one answer's head received, by way of urllib3's pool."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property
from http.client import HTTPException
from typing import NamedTuple
from urllib.parse import urlsplit

import requests
import urllib3
from requests.utils import requote_uri
from urllib3.exceptions import HTTPError
from urllib3.util import parse_url

from app.http1.cancel import CancelToken
from app.http1.errors import no_response_error
from app.upstream import public
from app.upstream.body import Body
from app.upstream.connection import Request, RequestBody
from app.upstream.pools import Adapter, HTTPConnectionPool

ZONE = re.compile(r"%[^\]]*\]")  # of an IPv6 address: means something here only
FAULTS = (requests.RequestException, HTTPError, HTTPException, OSError)


def path_of(url: str) -> str:
    """The path of a URL, spelt so that it can be sent."""
    return requote_uri(urlsplit(url).path)


class Answer(NamedTuple):
    status: int
    headers: Mapping[str, str]  # by names in lower case, repeated ones joined
    fields: list[tuple[str, str]]  # the same as they came
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
        self._host = ZONE.sub("]", parse_url(self._any.url or url).netloc or "")

    @cached_property
    def _pool(self) -> urllib3.HTTPConnectionPool:
        return self._adapter.pool_for(self._any, self._proxies, self._verify)

    def request(
        self,
        method: str,
        target: str,
        headers: Mapping[str, str],
    ) -> Request:
        """What can be sent; `target` is path and query."""
        addressed = {"Host": self._host, **headers}
        return Request(method, self._prefix + target, addressed)

    def send(
        self,
        request: Request,
        cancel: CancelToken,
        idle_timeout_s: float,
        body: RequestBody = None,
        *,
        fresh: bool = False,
    ) -> Answer:
        """Send; at once and at no cost again if a kept connection proves stale.

        `fresh`: on a new connection only. Directions to elsewhere are not followed,
        and no cookie is kept.
        """
        pool, times = self._pool, (self._connect_timeout_s, idle_timeout_s)
        try:
            if isinstance(pool, HTTPConnectionPool):
                head, source = pool.exchange(request, body, cancel, *times, fresh=fresh)
            else:
                head, source = public.exchange(pool, request, body, *times)
        except FAULTS as error:
            cancel.raise_if_cancelled()
            raise no_response_error(error, self._peer) from None
        payload = Body(source, cancel, idle_timeout_s, self._peer)
        return Answer(head.status, head.headers, head.fields, payload)
