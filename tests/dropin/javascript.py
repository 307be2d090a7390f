"""Plays what programs do with the official JavaScript client."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from tests.real_parts import require_real

NODE = Path(__file__).with_name("node")
TIMEOUT_S = 30


def play(url: str, scenario: str, **given: Any) -> Any:
    """What came of a scenario of `node/scenarios.mjs`; the keywords are its input."""
    node = require_real("node")
    require_real(NODE / "node_modules" / "ollama")
    played = subprocess.run(
        [node, str(NODE / "run.mjs"), scenario, url],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert played.returncode == 0, played.stderr
    assert played.stderr == ""
    return json.loads(played.stdout)
