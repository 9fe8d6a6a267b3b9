"""Results of `./kosh bench turn` as Markdown tables and charts."""

import os
import platform
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from statistics import median

from tests.benchmarks.turn import Plan, Result


def circumstances(plan: Plan) -> str:
    """Return the conditions of a measurement as text: time, versions, cores, load, and the plan."""
    return (
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, Python {platform.python_version()}, {plan.loop},"
        f" {os.cpu_count()} cores; servers on core 0, the platform (updates and Bot API) on core 1,"
        f" PostgreSQL (fsync on) and Valkey on either.\n{plan.rounds} interleaved rounds of"
        f" {plan.seconds} s with {plan.at_once} turns at once, then {plan.latency_seconds} s at"
        f" {plan.load:.0%} of the rate just seen; {plan.chats} chats, {plan.pool} database"
        f" connections.\n{load()}\n"
    )


def load() -> str:
    """Return the machine's load; if other programs were running, only ratios are meaningful."""
    return "Load average of 1, 5 and 15 minutes: " + " ".join(f"{n:.1f}" for n in os.getloadavg())


def tables(results: Sequence[Result]) -> str:
    """Return tables of cost, speed and ratios, and a chart of the cost."""
    names = [each.contender.name for each in results]
    cost = {"both": [each.total for each in results]}
    drawn = chart("CPU per turn, server and store, µs", names, cost)
    return "\n\n".join([*(table(part(results)) for part in (_costs, _speeds, _ratios)), drawn])


def _costs(results: Sequence[Result]) -> Iterable[tuple[str, ...]]:
    yield "CPU per turn, µs (median; least–most)", "server", "store", "both", "calls", "failed"
    for each in results:
        totals = [sample.total for sample in each.samples]
        calls = max(sample.driven.calls / max(sample.driven.turns, 1) for sample in each.samples)
        yield (
            each.contender.name,
            f"{each.app:.0f}",
            f"{each.store:.0f}",
            f"{each.total:.0f} ({min(totals):.0f}–{max(totals):.0f})",
            f"{calls:.2f}",
            f"{each.failed}",
        )


def _speeds(results: Sequence[Result]) -> Iterable[tuple[str, ...]]:
    yield "speed", "turns/s", "at 70 %: both µs", "p50 ms", "p99 ms", "p99/p50", "RSS MB", "start s"
    for each in results:
        p50 = median(sample.driven.p50 for sample in each.loaded)
        p99 = median(sample.driven.p99 for sample in each.loaded)
        yield (
            each.contender.name,
            f"{each.turns_per_second:.0f}",
            f"{median(sample.total for sample in each.loaded):.0f}",
            f"{p50:.2f}",
            f"{p99:.2f}",
            f"{p99 / p50:.1f}" if p50 else "-",
            f"{each.resident_mb:.0f}",
            f"{each.server.started:.2f}",
        )


def _ratios(results: Sequence[Result]) -> Iterable[tuple[str, ...]]:
    yield "Kosh as a multiple of", "server", "both", "both at 70 %", "p99"
    found = {each.contender.name: each for each in results}
    durable, ask = found.get("Kosh, durable"), found.get("Kosh, just asking")
    for kosh, name in (
        (durable, "floor, durable"),
        (ask, "floor, just asking"),
        (found.get("Kosh, typed"), "Kosh, typed, no recognition"),
        *((durable, each.contender.name) for each in results if each.contender.kind == "peer"),
    ):
        other = found.get(name)
        if kosh is not None and other is not None:
            yield name, *(f"{ratio:.2f}" for ratio in _of_rounds(kosh, other))


def _of_rounds(kosh: Result, other: Result) -> tuple[float, ...]:
    """Return four ratios of cost and latency between two contenders, as medians over the rounds.

    A ratio compares figures of the same round, because other load on the machine affects both
    contenders alike.
    """
    pairs = list(zip(kosh.samples, other.samples, strict=True))
    loaded = list(zip(kosh.loaded, other.loaded, strict=True))
    return (
        median(own.app / reference.app for own, reference in pairs),
        median(own.total / reference.total for own, reference in pairs),
        median(own.total / reference.total for own, reference in loaded),
        median(own.driven.p99 / reference.driven.p99 for own, reference in loaded),
    )


def chart(
    title: str, names: Sequence[str], lines: Mapping[str, Sequence[float]], kind: str = "bar"
) -> str:
    """Return figures as a Mermaid chart, with `kind` bar or line for each series."""
    top = max((figure for figures in lines.values() for figure in figures), default=0) * 1.1
    named = ", ".join(f'"{name}"' for name in names)
    drawn = [
        f"    {kind} [{', '.join(f'{figure:.4g}' for figure in figures)}]"
        for figures in lines.values()
    ]
    head = ["xychart-beta", f'    title "{title}"', f"    x-axis [{named}]"]
    return "\n".join(["```mermaid", *head, f"    y-axis 0 --> {top:.4g}", *drawn, "```"])


def table(rows: Iterable[tuple[str, ...]]) -> str:
    """Return a Markdown table with aligned columns; the first row is its head."""
    head, *body = rows
    widths = [max(len(row[at]) for row in (head, *body)) for at in range(len(head))]
    ruled = [head, ("-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])), *body]
    return "\n".join(
        "| "
        + " | ".join(
            word.ljust(width) if at == 0 else word.rjust(width)
            for at, (word, width) in enumerate(zip(row, widths, strict=True))
        )
        + " |"
        for row in ruled
    )
