"""Run scenarios of `node/scenarios.mjs`, which use the official JavaScript client."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from tests.real_parts import require_real

NODE = Path(__file__).with_name("node")
TIMEOUT_S = 30


def run_scenario(url: str, scenario: str, **arguments: Any) -> Any:
    """Return the result of a scenario; the keywords are its input."""
    node = require_real("node")
    require_real(NODE / "node_modules" / "ollama")
    program = subprocess.run(
        [node, str(NODE / "run.mjs"), scenario, url],
        input=json.dumps(arguments),
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert (program.returncode, program.stderr) == (0, "")
    return json.loads(program.stdout)
