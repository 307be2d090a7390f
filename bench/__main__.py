"""Measure Cerellama and other proxies: `python -m bench`.

A run of all scenarios and targets writes RESULTS.md and its plots. It exits with 1 if
Cerellama relayed a wrong text.
"""

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from bench import disconnect, fleet, held, machine, report, rounds
from bench.fleet import Fleet, TargetKey
from bench.goals import CERELLAMA
from bench.programs import HERE, BenchError
from bench.rounds import Results, WrongReply
from bench.scenarios import RELAYS, SCENARIOS, Scenario
from bench.targets import PROJECT

DISCONNECT, HELD = "gone", "held"
MIN_CPUS = 2


def main() -> int:
    options = parse()
    if len(machine.CPUS) < MIN_CPUS:
        raise BenchError("The benchmark needs two CPUs.")
    description, started = machine.describe(), time.monotonic()
    rounds.pin_all([], rounds.placement())
    with fleet.running(sorted(target_keys(options)), options.cerellama) as running:
        rounds.warm_up(running)
        all_results = dict(measure_all(running, options))
    print("\n".join(["", *report.goals(all_results)]))
    if options.complete:
        minutes = (time.monotonic() - started) / 60
        run = f"On {description}; rounds: {options.rounds}; {minutes:.1f} minutes."
        write_results(all_results, [run, *machine.versions(PROJECT)])
    return 1 if any(failed(results) for results in all_results.values()) else 0


def measure_all(
    running: Fleet, options: argparse.Namespace
) -> Iterator[tuple[str, Results]]:
    """Yield the results of each scenario, after printing them."""
    for key in options.scenarios:
        started = time.monotonic()
        results = measure(running, key, options)
        log(f"{key}: {time.monotonic() - started:.0f} s")
        print("\n".join(["", *report.section(key, results)]), flush=True)
        yield key, results


def measure(running: Fleet, key: str, options: argparse.Namespace) -> Results:
    if key == DISCONNECT:
        return disconnect.run(running, chosen_relays(options), options.rounds)
    if key == HELD:
        return held.run(running, chosen_relays(options), options.cerellama, log)
    return rounds.run(running, chosen_scenario(key, options), options.rounds, log)


def target_keys(options: argparse.Namespace) -> set[TargetKey]:
    """Return the targets that have to run."""
    scenarios = [
        chosen_scenario(key, options) for key in options.scenarios if key in SCENARIOS
    ]
    keys = {
        TargetKey(target, each.tls) for each in scenarios for target in each.targets
    }
    if DISCONNECT in options.scenarios:
        keys |= {TargetKey(target) for target in chosen_relays(options)}
    return keys


def chosen_scenario(key: str, options: argparse.Namespace) -> Scenario:
    targets = tuple(t for t in SCENARIOS[key].targets if t in options.targets)
    return replace(SCENARIOS[key], targets=targets)


def chosen_relays(options: argparse.Namespace) -> tuple[str, ...]:
    return tuple(target for target in RELAYS if target in options.targets)


def write_results(all_results: dict[str, Results], environment: list[str]) -> None:
    # matplotlib is not among the packages of the development environment.
    from bench import plot  # noqa: PLC0415

    plot.cpu_per_chunk(all_results, HERE / "cpu.png")
    plot.latency_against_load(all_results, HERE / "latency.png")
    (HERE / "RESULTS.md").write_text(report.document(all_results, environment))
    print("Written: bench/RESULTS.md")


def failed(results: Results) -> bool:
    rows = (row for row in results if row.target == CERELLAMA.target)
    return any({} in results[row] for row in rows)


def log(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def parse() -> argparse.Namespace:
    scenarios = [*SCENARIOS, DISCONNECT, HELD]
    targets = sorted({target for each in SCENARIOS.values() for target in each.targets})
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument(
        "--scenarios",
        type=_list_of(scenarios),
        default=scenarios,
        help=f"comma-separated: {', '.join(scenarios)}",
    )
    parser.add_argument(
        "--targets",
        type=_list_of(targets),
        default=targets,
        help=f"comma-separated: {', '.join(targets)}",
    )
    parser.add_argument(
        "--cerellama", type=Path, default=PROJECT, help="the checkout to measure"
    )
    options = parser.parse_args()
    options.complete = options.scenarios == scenarios and options.targets == targets
    return options


def _list_of(choices: list[str]) -> Callable[[str], list[str]]:
    def parse(text: str) -> list[str]:
        values = text.split(",")
        if unknown := set(values) - set(choices):
            raise argparse.ArgumentTypeError(
                f"{min(unknown)} is not one of {', '.join(choices)}"
            )
        return values

    return parse


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (BenchError, WrongReply) as error:
        sys.exit(str(error))
