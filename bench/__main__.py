"""python -m bench: measure, and write RESULTS.md and its plots."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from bench import fleet, rounds, stats
from bench.fleet import Name
from bench.programs import Unable
from bench.scenarios import SCENARIOS, Scenario
from bench.targets import PROJECT


def main() -> None:
    asked = arguments()
    chosen = {key: _only(SCENARIOS[key], asked.targets) for key in asked.scenarios}
    names = {
        Name(t, scenario.tls) for scenario in chosen.values() for t in scenario.targets
    }
    with fleet.running(sorted(names), asked.cerellama) as running:
        for key, scenario in chosen.items():
            results = rounds.run(running, scenario, asked.rounds, lambda text: None)
            print(f"\n{key}: {scenario.title}")
            for row, measured in results.items():
                cells = []
                for name in scenario.shows:
                    s = stats.spread(stats.values(measured, name))
                    if s:
                        cells.append(
                            f"{name} {s.median:.2f} [{s.low:.2f}-{s.high:.2f}]"
                        )
                print(f"  {row.target:15} {row.dialect:9}", "  ".join(cells))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--scenarios", type=_list, default=list(SCENARIOS))
    parser.add_argument("--targets", type=_list, help="only these")
    parser.add_argument("--cerellama", type=Path, default=PROJECT, help="a checkout")
    return parser.parse_args()


def _only(scenario: Scenario, targets: Sequence[str] | None) -> Scenario:
    kept = tuple(t for t in scenario.targets if targets is None or t in targets)
    return replace(scenario, targets=kept)


def _list(text: str) -> list[str]:
    return text.split(",")


if __name__ == "__main__":
    try:
        main()
    except Unable as error:
        sys.exit(str(error))
