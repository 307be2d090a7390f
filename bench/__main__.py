"""python -m bench: measure; a run of everything writes RESULTS.md and its pictures."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from bench import cpu, fleet, gone, held, machine, plot, report, rounds
from bench.fleet import Fleet, Name
from bench.goals import OURS
from bench.programs import HERE, Unable
from bench.rounds import Results, Wrong
from bench.scenarios import RELAYING, SCENARIOS, Scenario
from bench.targets import PROJECT

GONE, HELD = "gone", "held"
CPUS_NEEDED = 2


def main() -> int:
    """0 when Cerellama relayed every text right."""
    asked = arguments()
    if len(cpu.USABLE) < CPUS_NEEDED:
        raise Unable("The bench needs two CPUs: one for the server, one for the rest.")
    where, began = machine.words(), time.monotonic()
    rounds.place([], rounds.placement())
    with fleet.running(sorted(names(asked)), asked.cerellama) as running:
        rounds.warm_up(running)
        everything = dict(measured(running, asked))
    print("\n".join(["", *report.goals(everything)]))
    if asked.whole:
        how = f"rounds: {asked.rounds}; {(time.monotonic() - began) / 60:.1f} minutes"
        write(everything, [f"On {where}; {how}.", *machine.versions()])
    return 1 if any(failed(results) for results in everything.values()) else 0


def measured(
    running: Fleet, asked: argparse.Namespace
) -> Iterator[tuple[str, Results]]:
    """Each scenario in turn, shown when it is through."""
    for key in asked.scenarios:
        began = time.monotonic()
        results = measure(running, key, asked)
        tell(f"{key}: {time.monotonic() - began:.0f} s")
        print("\n".join(["", *report.section(key, results)]), flush=True)
        yield key, results


def measure(running: Fleet, key: str, asked: argparse.Namespace) -> Results:
    if key == GONE:
        return gone.run(running, relaying(asked), asked.rounds)
    if key == HELD:
        return held.run(running, relaying(asked), asked.cerellama, tell)
    return rounds.run(running, scenario(key, asked), asked.rounds, tell)


def names(asked: argparse.Namespace) -> set[Name]:
    """What has to be up."""
    chosen = [scenario(key, asked) for key in asked.scenarios if key in SCENARIOS]
    found = {Name(target, each.tls) for each in chosen for target in each.targets}
    return found | {
        Name(target) for target in relaying(asked) if GONE in asked.scenarios
    }


def scenario(key: str, asked: argparse.Namespace) -> Scenario:
    kept = tuple(t for t in SCENARIOS[key].targets if t in asked.targets)
    return replace(SCENARIOS[key], targets=kept)


def relaying(asked: argparse.Namespace) -> tuple[str, ...]:
    return tuple(target for target in RELAYING if target in asked.targets)


def write(everything: dict[str, Results], where: list[str]) -> None:
    plot.cpu_per_chunk(everything, HERE / "cpu.png")
    plot.latency_against_load(everything, HERE / "latency.png")
    (HERE / "RESULTS.md").write_text(report.document(everything, where))
    print("Written: bench/RESULTS.md")


def failed(results: Results) -> bool:
    rows = (row for row in results if row.target == OURS.target)
    return any({} in results[row] for row in rows)


def tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def arguments() -> argparse.Namespace:
    everything = [*SCENARIOS, GONE, HELD]
    targets = sorted({target for each in SCENARIOS.values() for target in each.targets})
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--scenarios", type=_some_of(everything), default=everything)
    parser.add_argument("--targets", type=_some_of(targets), default=targets)
    parser.add_argument("--cerellama", type=Path, default=PROJECT, help="a checkout")
    asked = parser.parse_args()
    asked.whole = asked.scenarios == everything and asked.targets == targets
    return asked


def _some_of(known: list[str]) -> object:
    def parse(text: str) -> list[str]:
        found = text.split(",")
        if unknown := set(found) - set(known):
            known_text = ", ".join(known)
            raise argparse.ArgumentTypeError(f"{min(unknown)}: none of {known_text}")
        return found

    return parse


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (Unable, Wrong) as error:
        sys.exit(str(error))
