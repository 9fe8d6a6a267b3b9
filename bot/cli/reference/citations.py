"""Copy the newest summary of all benchmarks into the README and the page about benchmarks."""

import re
import textwrap
from pathlib import Path

from bot.cli.environment import ROOT

BEGIN = "<!-- Newest measurement, written by `./kosh docs reference` -->"
END = "<!-- End of the newest measurement -->"
CITING = ("README.md", "docs/explanation/benchmarks.md")
WIDTH = 150
_MEASUREMENTS = "docs/measurements"


def pages(root: Path = ROOT) -> dict[Path, str]:
    """Return the text of each page that cites the summary of benchmarks, updated, keyed by path.

    Each run of `./kosh bench all` writes a page of measurements whose name is the date. The third
    paragraph of the newest page is the summary. Return {} if there is no page of measurements.
    """
    runs = sorted((root / _MEASUREMENTS).glob("[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9].md"))
    if not runs:
        return {}
    summary = runs[-1].read_text("utf-8").split("\n\n")[2]
    return {root / name: _citation(root / name, summary, root, runs[-1]) for name in CITING}


def _citation(page: Path, summary: str, root: Path, run: Path) -> str:
    link = run.relative_to(page.parent, walk_up=True).as_posix()
    cited = f"{' '.join(summary.split())} ([run of {run.stem}]({link}))"
    block = f"{BEGIN}\n{textwrap.fill(cited, WIDTH, break_on_hyphens=False)}\n{END}"
    pattern = re.compile(f"{re.escape(BEGIN)}.*?{re.escape(END)}", re.DOTALL)
    return pattern.sub(lambda _found: block, page.read_text("utf-8"))


def write(root: Path = ROOT) -> None:
    """Write the newest summary into each citing page."""
    for path, text in pages(root).items():
        path.write_text(text, "utf-8")


def outdated(root: Path = ROOT) -> list[str]:
    """Return the names of pages that cite an older summary."""
    return [
        path.relative_to(root).as_posix()
        for path, text in pages(root).items()
        if path.read_text("utf-8") != text
    ]
