"""Flask, without the questions that it asks of every request and that we know."""

from __future__ import annotations

from typing import Any

from flask import Flask, Request, Response
from flask.sessions import NullSession, SessionInterface
from werkzeug.routing import MapAdapter

from app.web.current import current_request

NAMELESS = "localhost"


class NoSession(SessionInterface):
    """Nobody is remembered from one request to the next."""

    nobody = NullSession()

    def open_session(self, app: Flask, request: Request) -> NullSession:
        return self.nobody


class Routes(MapAdapter):
    """Remembers which rule a path leads to, if it is the rule's own spelling."""

    known: dict[tuple[str, str], Any]

    def match(self, *asked: Any, **further: Any) -> Any:
        if asked or further != {"return_rule": True}:
            return super().match(*asked, **further)
        key = self.path_info, self.default_method
        found = self.known.get(key)
        if found is None:
            found = super().match(return_rule=True)
            rule, values = found
            if rule.rule == self.path_info and not values:
                self.known[key] = found
        return found


class Application(Flask):
    """Hooks are the app's: no blueprint has its own, and nothing is torn down.

    No view is asynchronous, and no rule answers OPTIONS by itself.
    """

    session_interface = NoSession()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._known: dict[tuple[str, str], Any] = {}

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        """Routes are the same whatever a client calls this host."""
        if request is None:
            return None
        routes = Routes(
            self.url_map,
            server_name=NAMELESS,
            script_name=request.root_path,
            subdomain="",
            url_scheme=request.scheme,
            path_info=request.path,
            default_method=request.method,
        )
        routes.known = self._known
        return routes

    def full_dispatch_request(self) -> Response:
        """Without signals, for which nobody listens."""
        self._got_first_request = True  # from now on Flask takes no more hooks
        try:
            answer = self.preprocess_request()
            if answer is None:
                answer = self.dispatch_request()
        except Exception as error:
            answer = self.handle_user_exception(error)
        return self.process_response(self.make_response(answer))

    def dispatch_request(self) -> Any:
        asked = current_request()
        rule = asked.url_rule
        if rule is None or asked.routing_exception is not None:
            return super().dispatch_request()
        return self.view_functions[rule.endpoint](**(asked.view_args or {}))

    def make_response(self, answer: Any) -> Response:
        if isinstance(answer, Response):
            return answer
        return super().make_response(answer)

    def preprocess_request(self) -> Any:
        for hook in self.before_request_funcs.get(None, ()):
            answer = hook()
            if answer is not None:
                return answer
        return None

    def process_response(self, response: Response) -> Response:
        for hook in reversed(self.after_request_funcs.get(None, ())):
            response = hook(response)
        return response

    def do_teardown_request(self, exc: BaseException | None = None) -> None:
        pass

    def do_teardown_appcontext(self, exc: BaseException | None = None) -> None:
        pass
