"""The commands of Ollama's CLI: their requests, and the fields that they read.

Requests have the zero values that Go sends. A command returns its output.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from tests.dropin import go_structs
from tests.dropin.go_client import (
    AuthorizationError,
    ClientError,
    GoClient,
    StatusError,
)
from tests.dropin.go_structs import struct

SIGN_IN = "You need to be signed in to Ollama to run Cloud models."
THINKING, THOUGHT = "Thinking...\n", "\n...done thinking.\n\n"

Row = list[str]


class Cli:
    """`supports_remote` is False for releases without remote models."""

    def __init__(self, url: str, *, supports_remote: bool = True) -> None:
        self.client = GoClient(url)
        self.supports_remote = supports_remote

    def version(self) -> str:
        reply = self.client.do("GET", "/api/version", go_structs.VERSION)
        return f"ollama version is {reply['version']}"

    def ls(self) -> list[Row]:
        self.heartbeat()
        reply = self.client.do("GET", "/api/tags", go_structs.LIST)
        return [
            [
                model["name"],
                short(model["digest"]),
                "-" if model["remote_model"] else str(model["size"]),
                str(model["modified_at"].date()),
            ]
            for model in reply["models"]
        ]

    def ps(self) -> list[Row]:
        self.heartbeat()
        reply = self.client.do("GET", "/api/ps", go_structs.PROCESSES)
        return [
            [
                model["name"],
                short(model["digest"]),
                str(model["size"]),
                processor(model["size"], model["size_vram"]),
                str(model["context_length"]),
                format_expiry(model["expires_at"]),
            ]
            for model in reply["models"]
        ]

    def show(self, name: str) -> list[Row]:
        self.heartbeat()
        return show_table(self.fetch_model(name=name))

    def pull(self, name: str) -> list[str]:
        self.heartbeat()
        return self._pull(name)

    def push(self, name: str) -> list[str]:
        self.heartbeat()
        if name.partition("/")[0].endswith((".ollama.ai", ".ollama.com")):
            self.whoami()
        lines = self.client.stream("/api/push", go_structs.PROGRESS, transfer(name))
        return list(progress(lines))

    def stop(self, name: str) -> None:
        self.heartbeat()
        try:
            self.load_or_unload(name, keep_alive="0s")
        except ClientError as error:
            if "not found" not in str(error):
                raise
            raise ClientError(f'couldn\'t find model "{name}" to stop') from error

    def remove(self, name: str) -> str:
        self.heartbeat()
        warning = ""
        try:
            self.load_or_unload(name, keep_alive="0s")
        except ClientError as error:
            if "not found" not in str(error).lower():
                warning = f"Warning: unable to stop model '{name}'\n"
        self.client.do("DELETE", "/api/delete", body={"model": "", "name": name})
        return f"{warning}deleted '{name}'"

    def copy(self, source: str, destination: str) -> str:
        self.heartbeat()
        request = {"source": source, "destination": destination}
        self.client.do("POST", "/api/copy", body=request)
        return f"copied '{source}' to '{destination}'"

    def create(self, name: str, **fields: Any) -> list[str]:
        self.heartbeat()
        request = {"model": name, **fields, "name": ""}
        lines = self.client.stream("/api/create", go_structs.PROGRESS, request)
        return list(progress(lines))

    def sign_in(self) -> str:
        try:
            return f"You are already signed in as user '{self.whoami()['name']}'"
        except AuthorizationError:
            return SIGN_IN

    def sign_out(self) -> str:
        try:
            self.client.do("POST", "/api/signout")
        except AuthorizationError:
            return "You are not signed in to ollama.com"
        return "You have signed out of ollama.com"

    def run(self, name: str, prompt: str, **options: Any) -> str:
        """Return the output for one prompt; `options` are fields of the request."""
        self.heartbeat()
        shown = self.find_or_pull(name)
        fields = {"prompt": prompt, "options": {}, **thinking(shown["capabilities"])}
        request = generation(name, **{**fields, **options})
        replies = self.client.stream("/api/generate", go_structs.GENERATE, request)
        return join_output((reply["thinking"], reply["response"]) for reply in replies)

    def find_or_pull(self, name: str) -> dict[str, Any]:
        """Return `/api/show` of a model; pull the model if it is missing."""
        try:
            return self.fetch_model(name=name)
        except StatusError as error:
            if error.status != 404:
                raise
            self._pull(name)
            return self.fetch_model(name=name)

    def load_or_unload(self, name: str, **fields: Any) -> str:
        """Load or unload a model that is not remote; one of ollama.com needs a user."""
        shown = self.fetch_model(model=name)
        is_cloud = name.endswith((":cloud", "-cloud"))
        if self.supports_remote and (shown["remote_host"] or is_cloud):
            if is_cloud or shown["remote_host"].startswith("https://ollama.com"):
                self.whoami()
            return (
                f"Connecting to '{shown['remote_model']}' on '{shown['remote_host']}'"
            )
        request = generation(name, **fields)
        list(self.client.stream("/api/generate", go_structs.GENERATE, request))
        return ""

    def fetch_model(
        self, *, name: str = "", model: str = "", **fields: Any
    ) -> dict[str, Any]:
        request = {"model": model, "system": "", "template": "", "verbose": False}
        request |= {"options": None, "name": name, **fields}
        reply: dict[str, Any] = self.client.do(
            "POST", "/api/show", go_structs.SHOW, request
        )
        return reply

    def whoami(self) -> dict[str, Any]:
        """Return the user; raise AuthorizationError if it has no name."""
        user: dict[str, Any] = self.client.do("POST", "/api/me", go_structs.USER)
        if not user["name"]:
            raise AuthorizationError("")
        return user

    def heartbeat(self) -> None:
        self.client.do("HEAD", "/")

    def _pull(self, name: str) -> list[str]:
        lines = self.client.stream("/api/pull", go_structs.PROGRESS, transfer(name))
        return list(progress(line for line in lines if is_shown(line)))


def generation(name: str, **fields: Any) -> dict[str, Any]:
    empty = {"prompt": "", "suffix": "", "system": "", "template": "", "options": None}
    return {"model": name, **empty, **fields}


def transfer(name: str) -> dict[str, Any]:
    return {"model": "", "username": "", "password": "", "name": name}


def thinking(capabilities: Iterable[str]) -> dict[str, bool]:
    """Return `think`, which the CLI sends to each model that can think."""
    return {"think": True} if "thinking" in capabilities else {}


def is_shown(line: Mapping[str, Any]) -> bool:
    return not line["digest"] or line["completed"] > 0


def progress(lines: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Yield a progress bar for each digest, otherwise the status."""
    for line in lines:
        if not line["digest"]:
            yield line["status"]
            continue
        assert len(line["digest"]) >= 19, "slice bounds out of range"
        share = 100 * line["completed"] // line["total"]
        yield f"pulling {line['digest'][7:19]}: {share}% of {line['total']} B"


def join_output(parts: Iterable[tuple[str, str]]) -> str:
    """Return the output: the thinking, then the answer."""
    thoughts, texts = zip(*parts, strict=True)
    thought = "".join(thoughts)
    above = f"{THINKING}{thought}{THOUGHT}" if thought else ""
    return above + "".join(texts)


def short(digest: str) -> str:
    assert len(digest) >= 12, "slice bounds out of range"
    return digest[:12]


def processor(size: int, size_vram: int) -> str:
    if size_vram == 0:
        return "100% CPU"
    if size_vram == size:
        return "100% GPU"
    return "Unknown" if size_vram > size or size == 0 else "split"


def format_expiry(expiry: datetime) -> str:
    remaining = expiry - datetime.now(UTC)
    return (
        f"{remaining.total_seconds():.0f} s"
        if remaining.total_seconds() > 0
        else "Stopping..."
    )


def show_table(shown: Mapping[str, Any]) -> list[Row]:
    """Return the rows that `ollama show` prints."""
    info, details = shown["model_info"], shown["details"]
    family = info["general.architecture"]
    lengths = struct(
        {
            f"{family}.context_length": go_structs.number,
            f"{family}.embedding_length": go_structs.number,
        }
    )(info)
    return [
        ["Remote model", shown["remote_model"]],
        ["Remote URL", shown["remote_host"]],
        ["architecture", family],
        ["parameters", details["parameter_size"]],
        ["context length", f"{lengths[f'{family}.context_length']:g}"],
        ["embedding length", f"{lengths[f'{family}.embedding_length']:g}"],
        ["quantization", details["quantization_level"]],
        *[["Capability", each] for each in shown["capabilities"]],
        *[["Parameter", *line.split()] for line in shown["parameters"].splitlines()],
        *[["License", line] for line in shown["license"].splitlines()[:2]],
    ]
