"""Helpers that write Markdown tables and code for the generated reference."""

from collections.abc import Iterable, Sequence


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table; escape each `|` inside a cell."""
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(map(_cell, line))} |\n" for line in lines)


def code(text: str) -> str:
    """Return `text` as inline code, or a dash if it is empty."""
    return f"`{text}`" if text else "–"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
