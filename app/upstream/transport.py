"""One request sent, one answer's head received: all that is asked of `requests`."""

from __future__ import annotations

from dataclasses import dataclass

import requests
from urllib3 import HTTPHeaderDict
from urllib3.exceptions import HTTPError

from app.upstream import connection
from app.upstream.body import Body
from app.upstream.cancel import Cancel
from app.upstream.connection import Attempt
from app.upstream.failures import not_sent, root_cause, was_dropped


@dataclass(frozen=True)
class Answer:
    status: int
    headers: HTTPHeaderDict  # repeated ones are all there
    body: Body


class Transport:
    """A pool of connections to one host."""

    def __init__(
        self, url: str, *, pool_size: int, connect_timeout_s: float, peer: str
    ) -> None:
        """Looks up the environment's proxies and certificates, once."""
        self._session = connection.Session(pool_size)
        self._peer = peer  # as errors name it
        self._connect_timeout_s = connect_timeout_s
        with requests.Session() as asked:
            found = asked.merge_environment_settings(url, {}, True, None, None)
        self._proxies = found["proxies"]
        self._verify = found["verify"]

    def send(
        self,
        request: requests.PreparedRequest,
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

    def _exchange(self, request: requests.PreparedRequest, attempt: Attempt) -> Answer:
        token = connection.current.set(attempt)
        try:
            response = self._session.send(
                request,
                stream=True,
                allow_redirects=False,
                timeout=(self._connect_timeout_s, attempt.idle_timeout_s),
                proxies=self._proxies,
                verify=self._verify,
            )
            body = Body(response, attempt.cancel, attempt.idle_timeout_s, self._peer)
        except BaseException:
            attempt.cancel.release()
            raise
        finally:
            connection.current.reset(token)
        return Answer(response.status_code, response.raw.headers, body)
