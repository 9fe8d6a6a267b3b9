"""Run the independent chaos test, or each mutant of the product.

python -m tests.chaos.independent --seed 1 --seconds 60 --people 10
python -m tests.chaos.independent --mutants
python -m tests.chaos.independent --judge FOLDER

A run prints a line for each rule and ends with 0 (GREEN) or 1 (RED). With --mutants it ends with 0
if the judge is RED for every mutant.
"""

import argparse
import asyncio
import json
import sys
from dataclasses import replace
from pathlib import Path

from tests.chaos.independent.evidence import Evidence
from tests.chaos.independent.judge import figures, judge
from tests.chaos.independent.mutants import MUTANTS
from tests.chaos.independent.run import Plan, run

type Findings = dict[str, list[str]]

SHOWN = 3
MUTANT_SETTLE_SECONDS = 60.0


def arguments() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.independent")
    parser.add_argument("--seed", type=int, default=1, help="draws people, faults and deliveries")
    parser.add_argument("--seconds", type=float, default=60.0, help="time with faults")
    parser.add_argument("--people", type=int, default=10, help="how many act at once")
    parser.add_argument("--out", type=Path, help="folder of the evidence, a new one by default")
    parser.add_argument("--mutant", choices=MUTANTS, default="", help="a fault in the product")
    parser.add_argument("--judge", type=Path, help="judge the evidence in this folder again")
    parser.add_argument("--mutants", action="store_true", help="run each mutant once")
    return parser.parse_args()


def carried_out(plan: Plan) -> Findings:
    """Run the independent chaos test; print the judge's findings and return them."""
    folder, evidence = asyncio.run(run(plan))
    return shown(folder, evidence)


def shown(folder: Path, evidence: Evidence) -> Findings:
    """Print the judge's findings, one line for each rule, and return them."""
    findings = judge(evidence)
    for rule, found in findings.items():
        print("RED  " if found else "GREEN", rule)
        for each in found[:SHOWN]:
            print(f"      {each}")
        if len(found) > SHOWN:
            print(f"      and {len(found) - SHOWN} more")
    print(json.dumps(figures(evidence), ensure_ascii=False))
    green = not any(findings.values())
    print(f"{'GREEN' if green else 'RED'}; the evidence is in {folder}", flush=True)
    return findings


def mutated(plan: Plan, name: str) -> Plan:
    """Return the plan of a test with a mutant: the faults that show it, and a short final wait."""
    if not name:
        return plan
    return replace(plan, mutant=name, only=MUTANTS[name].around, settle=MUTANT_SETTLE_SECONDS)


def main() -> None:
    """Run or judge a test, or run all mutants; exit with 1 if RED, or if a mutant survives."""
    chosen = arguments()
    if chosen.judge:
        sys.exit(any(shown(chosen.judge, Evidence.load(chosen.judge)).values()))
    if not chosen.mutants:
        plan = Plan(chosen.seed, chosen.seconds, chosen.people, out=chosen.out)
        sys.exit(any(carried_out(mutated(plan, chosen.mutant)).values()))
    survived = []
    for name in MUTANTS:
        print(f"mutant {name}")
        out = chosen.out and chosen.out / name
        found = carried_out(
            mutated(Plan(chosen.seed, chosen.seconds, chosen.people, out=out), name)
        )
        if not any(found[rule] for rule in found.keys() - {"enough"}):
            survived.append(name)
    print(f"not noticed: {', '.join(survived) or 'none'}")
    sys.exit(1 if survived else 0)


if __name__ == "__main__":
    main()
