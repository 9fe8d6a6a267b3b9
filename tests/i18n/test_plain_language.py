"""The English messages are in plain language.

The numbers of long sentences and of sentences that begin with a pronoun must not rise.
Abbreviations are spelled out.
"""

import json
from pathlib import Path

import pytest

from bot.i18n import catalogues, plain_language

LIMITS = json.loads((Path(__file__).parent / "plain_limits.json").read_text("utf-8"))
MEASURES = {
    "long_sentences": plain_language.long_sentences,
    "bare_pronouns": plain_language.bare_pronouns,
}


@pytest.mark.parametrize("measure", MEASURES)
def test_plain_language_finding_counts_equal_their_recorded_limits(measure: str) -> None:
    source = [str(message.id) for message in catalogues.extract() if message.id]
    found = [sentence for text in source for sentence in MEASURES[measure](text)]
    assert len(found) <= LIMITS[measure], found
    assert len(found) == LIMITS[measure], f"lower {measure} in plain_limits.json"


def test_plain_language_check_finds_sentences_over_the_word_limit() -> None:
    words = " ".join(["word"] * plain_language.MAX_WORDS)
    assert plain_language.long_sentences(f"{words}. {words}\n{words}") == []
    assert plain_language.long_sentences(f"Short. One {words}.") == [f"One {words}."]


def test_plain_language_check_finds_pronouns_at_a_sentence_start() -> None:
    text = "The card is free. It ends then. Item two.\n• They stay, as it does."
    assert plain_language.bare_pronouns(text) == ["It ends then."]


@pytest.mark.parametrize(
    ("code", "short", "words"),
    [
        (code, short, words)
        for code, each in plain_language.ABBREVIATIONS.items()
        for short, words in each.items()
        if words
    ],
)
def test_abbreviations_are_spelled_out_in_each_language(code: str, short: str, words: str) -> None:
    catalog = catalogues.extract() if code == "en" else catalogues.read(code)
    texts = [str(each.id if code == "en" else each.string) for each in catalog if each.id]
    assert any(short in text and words.lower() in text.lower() for text in texts)


@pytest.mark.parametrize("text", ["Page {number}", "For {days} days", "{year}-yil", "{sum} tenge"])
def test_plain_language_check_accepts_nouns_that_agree_with_every_number(text: str) -> None:
    assert list(plain_language.counted(text, "en")) == []
    assert list(plain_language.counted(text, "uz")) == []
