"""The results page of `./kosh bench all`, and the pages that cite the newest results page."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.cli.environment import ROOT
from bot.cli.reference import citations
from tests.benchmarks import all_benchmarks
from tests.benchmarks.all_benchmarks import Benchmark, Outcome, page, summary, wrapped
from tests.benchmarks.command import app

DAY = datetime(2026, 11, 29, 8, 30, tzinfo=UTC)
TURN = Benchmark("Cost of a turn", ("turn",), ("turn", "--quick"))
RATIOS = """
| speed                          | turns/s | at 70 %: both µs | p50 ms |
| ------------------------------ | ------: | ---------------: | -----: |
| floor, durable                 |    1462 |             1047 |   3.32 |

| Kosh as a multiple of          | server | both | both at 70 % |  p99 |
| ------------------------------ | -----: | ---: | -----------: | ---: |
| floor, durable                 |   1.36 | 1.03 |         1.40 | 1.70 |
| aiogram + Redis                |   0.71 | 0.83 |         1.16 | 1.75 |
| aiogram + Redis, as documented |   0.52 | 0.63 |         0.85 | 1.20 |
"""


def _outcome(output: str, exit_code: int = 0) -> Outcome:
    return Outcome(TURN, "./kosh bench turn", output, exit_code, 61.4)


def test_benchmark_page_shows_command_duration_and_output() -> None:
    text = page(DAY, ["2 cores"], [_outcome(RATIOS)])
    assert text.startswith("# 2026-11-29: all benchmarks\n")
    assert "- 2 cores\n" in text
    assert "`./kosh bench turn` took 61 s." in text
    assert RATIOS.strip() in text


def test_benchmark_page_shows_the_exit_code_of_a_failed_benchmark() -> None:
    assert "**It failed with exit code 3.**" in page(DAY, [], [_outcome("E_BENCH", 3)])


def test_benchmark_summary_has_cpu_ratios_including_postgres_and_valkey() -> None:
    found = summary([_outcome(RATIOS)])
    assert [figure in found for figure in ("0.83", "0.63", "1.03", "1.36")] == [*[True] * 3, False]


def test_benchmark_page_has_a_summary_when_no_turn_was_measured() -> None:
    text = page(DAY, ["2 cores"], [_outcome("12 messages")])
    assert text.split("\n\n")[2] == all_benchmarks.NO_TURN


@pytest.mark.release
def test_failed_benchmark_shows_its_last_output_lines_without_paths() -> None:
    outcome = all_benchmarks.run(Benchmark("Unknown", ("unknown",), ("unknown",)), quick=False)
    assert outcome.exit_code == 2
    assert len(outcome.output.splitlines()) <= 3
    assert str(ROOT) not in outcome.output


def test_benchmark_page_shows_plain_output_as_code_but_not_its_tables() -> None:
    output = "way      cases\ne-mail       2\nLoad: 5\n| people |\n| ------ |"
    assert wrapped(output).endswith("Load: 5\n```\n\n| people |\n| ------ |")
    assert wrapped("Load: 5\n| people |") == "Load: 5\n\n| people |"


def test_benchmark_output_keeps_tables_and_charts_unwrapped() -> None:
    long = " ".join(["word"] * 60)
    output = f"| {long} |\n\n```mermaid\n{long}\n```"
    first, *_others = wrapped(f"{long}\n{output}").splitlines()
    assert len(first) <= all_benchmarks.WIDTH
    assert wrapped(output) == output


def test_benchmarks_of_the_full_benchmark_run_are_existing_commands() -> None:
    known = {
        each.name or each.callback.__name__ for each in app.registered_commands if each.callback
    }
    assert {each.arguments[0] for each in all_benchmarks.BENCHMARKS} <= known
    assert all(each.arguments[0] == each.quick[0] for each in all_benchmarks.BENCHMARKS)


def _documents(root: Path) -> Path:
    """Write the pages that a run of all benchmarks changes; return the folder of measurements."""
    folder = root / "docs" / "measurements"
    folder.mkdir(parents=True)
    (folder / "README.md").write_text("| date | subject | method |\n|---|---|---|\n", "utf-8")
    (root / "zensical.toml").write_text('    "measurements/README.md",\n', "utf-8")
    for name in citations.CITING:
        (root / name).parent.mkdir(exist_ok=True, parents=True)
        (root / name).write_text(f"# Page\n\n{citations.BEGIN}\n{citations.END}\n", "utf-8")
    return folder


def test_benchmark_page_is_listed_once_in_the_index_and_the_menu(tmp_path: Path) -> None:
    folder = _documents(tmp_path)
    for _time in range(2):
        all_benchmarks.write("# Page\n", DAY, folder)
    assert (folder / "README.md").read_text("utf-8").count("2026-11-29.md") == 1
    assert (tmp_path / "zensical.toml").read_text("utf-8").count("2026-11-29.md") == 1


def test_pages_that_cite_the_benchmarks_show_the_newest_summary(tmp_path: Path) -> None:
    folder = _documents(tmp_path)
    assert citations.outdated(tmp_path) == []
    for day in (28, 29):
        outcome = _outcome(RATIOS.replace("0.83", f"0.{day}"))
        all_benchmarks.write(
            page(DAY.replace(day=day), [], [outcome]), DAY.replace(day=day), folder
        )
    assert citations.outdated(tmp_path) == [*citations.CITING]
    citations.write(tmp_path)
    assert citations.outdated(tmp_path) == []
    readme = (tmp_path / "README.md").read_text("utf-8")
    assert "0.29 times" in readme
    assert "0.28 times" not in readme
    assert "(docs/measurements/2026-11-29.md)" in readme
