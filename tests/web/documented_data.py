"""The data that may remain on a phone, as docs/explanation/for-people.md lists it."""

from pathlib import Path

_LIST = Path(__file__).parents[2] / "docs/explanation/for-people.md"


def documented_data(channel: str) -> list[str]:
    """Return the data that may remain in a channel's chat, from the table of for-people.md."""
    rows = [line.split("|") for line in _LIST.read_text("utf-8").splitlines() if "|" in line]
    return [row[2].strip() for row in rows if row[1].strip() == channel]
