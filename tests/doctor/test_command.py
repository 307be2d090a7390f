"""The real command, against a stand-in for Cerebras, in good and in bad situations."""

from __future__ import annotations

import os
import subprocess

from tests.cerebras import Fake
from tests.processes import PROJECT
from tests.serving import Server, environment

TIMEOUT_S = 60.0
KEY = "csk-never-shown"


def doctor(**settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["flask", "--app", "wsgi", "doctor"],
        cwd=PROJECT,
        env={**os.environ, **environment(**settings)},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )


def findings(done: subprocess.CompletedProcess[str]) -> dict[str, list[str]]:
    """What was checked, in order, by how it was found; one line each."""
    found: dict[str, list[str]] = {}
    for line in done.stdout.splitlines():
        state, what, _ = line.split(maxsplit=2)
        found.setdefault(state, []).append(what)
    return found


def test_all_is_well(upstream_settings: dict[str, str]) -> None:
    done = doctor(**upstream_settings, CAI_MODEL="gpt-oss:120b")

    assert done.returncode == 0
    found = findings(done)
    assert "failed" not in found
    needed = {"settings", "network", "key", "models", "clock", "store", "port"}
    assert needed <= set(found["ok"])


def test_a_refused_key_and_a_model_that_is_not_served(fake: Fake) -> None:
    done = doctor(
        CEREBRAS_BASE_URL=fake.base_url,
        CEREBRAS_API_KEY=f"{fake.key},{KEY}",
        CAI_MODEL="llama3.1-8b",
    )

    assert done.returncode == 1
    assert findings(done)["failed"] == ["key", "models"]
    assert "Key 1 of 2 is accepted." in done.stdout
    assert "Key 2 of 2 is refused" in done.stdout
    assert "Set it to one of: gpt-oss-120b, qwen-3.8-27b." in done.stdout
    assert KEY not in done.stdout + done.stderr
    assert fake.key not in done.stdout + done.stderr


def test_nobody_there_no_store_a_taken_port_and_open_to_all(server: Server) -> None:
    port = server.url.rpartition(":")[2]
    done = doctor(
        CEREBRAS_BASE_URL="http://127.0.0.1:9/v1",
        CEREBRAS_API_KEY=KEY,
        DATABASE_URL="sqlite:////dev/null/x.db",
        HOST="0.0.0.0",
        PORT=port,
    )

    assert done.returncode == 1
    assert findings(done) == {
        "ok": ["settings", "port"],
        "failed": ["network", "store"],
        "warning": ["access"],
    }
    assert "connection refused" in done.stdout
    assert f"A Cerellama listens at 0.0.0.0:{port} already." in done.stdout


def test_without_a_key_it_says_where_to_get_one(fake: Fake) -> None:
    done = doctor(CEREBRAS_BASE_URL=fake.base_url)

    assert done.returncode == 1
    assert findings(done)["failed"] == ["key"]
    assert "https://cloud.cerebras.ai" in done.stdout


def test_a_bad_setting_is_told_in_one_sentence() -> None:
    done = doctor(MAX_BODY_MB="huge")

    assert (done.returncode, done.stdout) == (1, "")
    told = "MAX_BODY_MB is 'huge': it must be a whole number, 1 or more.\n"
    assert done.stderr == told
