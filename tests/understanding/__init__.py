"""Tests of the recogniser (it finds the intents of texts), and lines not used for its training."""

from collections.abc import Iterator
from pathlib import Path

OTHER_LANGUAGES = Path(__file__).with_name("other_languages.tsv")


def other_languages() -> Iterator[tuple[str, str, str]]:
    """Yield (language, intent, text) of lines in unsupported languages.

    The intent is one about danger, or "calm" for all other lines.
    """
    for row in OTHER_LANGUAGES.read_text("utf-8").splitlines()[1:]:
        form, intent, text = row.split("\t")
        yield form, intent, text
