"""Generator of the pages in docs/reference, called by `./kosh docs reference`."""

from collections.abc import Callable, Mapping
from pathlib import Path

from bot.cli.environment import ROOT
from bot.cli.reference import (
    commands,
    data,
    errors,
    glossary,
    log_events,
    manual,
    metrics,
    modules,
    settings,
)

FOLDER = ROOT / "docs" / "reference"
_NOTE = "<!-- Written by `./kosh docs reference`. Change the code, not this page. -->\n\n"
_PAGES: Mapping[str, Callable[[], str]] = {
    "commands.md": commands.page,
    "console-manual.md": manual.page,
    "data-inventory.md": data.inventory_page,
    "errors.md": errors.page,
    "glossary.md": glossary.page,
    "log-events.md": log_events.page,
    "metrics.md": metrics.page,
    "modules.md": modules.page,
    "settings.md": settings.page,
    "tables.md": data.tables_page,
}


def pages() -> dict[str, str]:
    """Return the text of every generated page of docs/reference, keyed by file name."""
    return {name: _NOTE + page() for name, page in _PAGES.items()}


def write(folder: Path = FOLDER) -> None:
    """Write every generated page into `folder`; delete no page."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (folder / name).write_text(text, "utf-8")


def outdated(folder: Path = FOLDER) -> list[str]:
    """Return the names of pages in `folder` that differ from the pages generated now."""
    return [
        name
        for name, text in pages().items()
        if not (folder / name).exists() or (folder / name).read_text("utf-8") != text
    ]
