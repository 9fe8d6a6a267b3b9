"""Test lines that are never used for training."""

from collections.abc import Iterator
from pathlib import Path

OTHER_LANGUAGES = Path(__file__).with_name("other_languages.tsv")


def other_languages() -> Iterator[tuple[str, str, str]]:
    """Yield lines in unsupported languages: language, intent of danger or "calm", text."""
    for row in OTHER_LANGUAGES.read_text("utf-8").splitlines()[1:]:
        form, intent, text = row.split("\t")
        yield form, intent, text
