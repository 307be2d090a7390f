"""`flask doctor` as a process, with a fake Cerebras."""

import os
import subprocess

from tests.cerebras import Fake
from tests.live_server import Server, environment
from tests.processes import PROJECT

TIMEOUT_S = 60.0
KEY = "csk-never-shown"


def run_doctor(**settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["flask", "--app", "wsgi", "doctor"],
        cwd=PROJECT,
        env={**os.environ, **environment(**settings)},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )


def read_findings(done: subprocess.CompletedProcess[str]) -> dict[str, list[str]]:
    """Return the subjects of the printed lines by state, in order."""
    subjects: dict[str, list[str]] = {}
    for line in done.stdout.splitlines():
        state, subject, _ = line.split(maxsplit=2)
        subjects.setdefault(state, []).append(subject)
    return subjects


def test_working_server_has_no_failures(upstream_settings: dict[str, str]) -> None:
    done = run_doctor(**upstream_settings, CAI_MODEL="gpt-oss:120b")

    assert done.returncode == 0
    findings = read_findings(done)
    assert "failed" not in findings
    needed = {"settings", "network", "key", "models", "clock", "store", "port"}
    assert needed <= set(findings["ok"])


def test_refused_key_and_missing_model_fail(fake: Fake) -> None:
    done = run_doctor(
        CEREBRAS_BASE_URL=fake.base_url,
        CEREBRAS_API_KEY=f"{fake.key},{KEY}",
        CAI_MODEL="llama3.1-8b",
    )

    assert done.returncode == 1
    assert read_findings(done)["failed"] == ["key", "models"]
    assert "Key 1 of 2 is accepted." in done.stdout
    assert "Key 2 of 2 is refused" in done.stdout
    assert "Set it to one of: gpt-oss-120b, qwen-3.8-27b." in done.stdout
    assert KEY not in done.stdout + done.stderr
    assert fake.key not in done.stdout + done.stderr


def test_unreachable_upstream_and_store_fail(server: Server) -> None:
    port = server.url.rpartition(":")[2]
    done = run_doctor(
        CEREBRAS_BASE_URL="http://127.0.0.1:9/v1",
        CEREBRAS_API_KEY=KEY,
        DATABASE_URL="sqlite:////dev/null/x.db",
        HOST="0.0.0.0",
        PORT=port,
    )

    assert done.returncode == 1
    assert read_findings(done) == {
        "ok": ["settings", "port"],
        "failed": ["network", "store"],
        "warning": ["access"],
    }
    assert "connection refused" in done.stdout
    assert f"A Cerellama already listens at 0.0.0.0:{port}." in done.stdout


def test_missing_key_fails_with_advice(fake: Fake) -> None:
    done = run_doctor(CEREBRAS_BASE_URL=fake.base_url)

    assert done.returncode == 1
    assert read_findings(done)["failed"] == ["key"]
    assert "https://cloud.cerebras.ai" in done.stdout
