"""Training phrases: reads, writes and checks them, and converts them to other scripts."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bot.i18n import kazakh_arabic, uzbek_cyrillic
from bot.understanding import skeleton
from flows.knowledge import intents

FOLDER = Path(intents.__file__).parent / "phrases"
LANGUAGES = ("kk", "ru", "zh_Hans", "uz")
# The second script of each language, and the rule that converts phrases to it.
DERIVED = {
    "kk": ("kk_Arab", kazakh_arabic.to_arabic),
    "uz": ("uz_Cyrl", uzbek_cyrillic.to_cyrillic),
}
# Uzbek Cyrillic as typed on a Russian keyboard. The skeleton already unifies қ, ғ and ҳ with к, г
# and х, but ў with о, as in Latin letters without apostrophes.
ON_RUSSIAN_KEYS = str.maketrans("ўЎ", "уУ")
HEADER = "intent\ttext"


@dataclass(frozen=True, slots=True)
class Phrase:
    """A training phrase that an author wrote for an intent (topic of messages)."""

    language: str
    intent: str
    text: str


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault in the training phrases of a language: the broken rule, and the phrase or intent."""

    language: str
    rule: str
    detail: str


def read(language: str, folder: Path = FOLDER) -> list[Phrase]:
    """Return the phrases of one language in the order of the file."""
    lines = (folder / f"{language}.tsv").read_text("utf-8").splitlines()
    pairs = (line.partition("\t") for line in lines[1:] if line.strip())
    return [Phrase(language, intent, text) for intent, _tab, text in pairs]


def read_all(folder: Path = FOLDER) -> list[Phrase]:
    """Return the phrases of every language."""
    return [phrase for language in LANGUAGES for phrase in read(language, folder)]


def in_scripts(phrase: Phrase) -> Iterator[Phrase]:
    """Yield a phrase as written, then converted to its language's second script, if any."""
    yield phrase
    if phrase.language in DERIVED:
        language, convert = DERIVED[phrase.language]
        yield Phrase(language, phrase.intent, convert(phrase.text))


def spellings(phrase: Phrase, number: int) -> Iterator[Phrase]:
    """Yield a phrase in its scripts, and with an odd number also as typed on a Russian keyboard.

    Only Uzbek is typed differently. If every phrase were learned twice, Uzbek would get too many
    sure answers.
    """
    for each in in_scripts(phrase):
        yield each
        typed = each.text.translate(ON_RUSSIAN_KEYS)
        if number % 2 and typed != each.text:
            yield Phrase(each.language, each.intent, typed)


def key(text: str) -> str:
    """Return the key of a phrase's text; phrases with the same key are duplicates."""
    words = skeleton.fold(text).words
    return " ".join(word for word in words if word != "?") or skeleton.plain(text)


def digest(folder: Path = FOLDER) -> str:
    """Return a hash of all phrases; a model stores it, so that an outdated model is detected."""
    found = hashlib.sha256()
    for phrase in read_all(folder):
        found.update(f"{phrase.language}\t{phrase.intent}\t{phrase.text}\n".encode())
    return found.hexdigest()


def faults(phrases: Iterable[Phrase]) -> Iterator[Fault]:
    """Yield the faults of phrases.

    Faults are: a phrase for two intents, duplicates, unknown intents, intents without phrases,
    empty phrases, and untidy white space.
    """
    phrases = list(phrases)
    by_key: defaultdict[str, list[Phrase]] = defaultdict(list)
    for phrase in phrases:
        by_key[key(phrase.text)].append(phrase)
        if phrase.intent not in intents.BY_ID:
            yield Fault(phrase.language, "unknown intent", f"{phrase.intent}: {phrase.text}")
        if phrase.text != phrase.text.strip() or not phrase.text.strip() or "\t" in phrase.text:
            yield Fault(phrase.language, "untidy", repr(phrase.text))
    for same in by_key.values():
        yield from _clashes(same)
    having = {(phrase.language, phrase.intent) for phrase in phrases}
    for language in LANGUAGES:
        for intent in intents.IDS:
            if (language, intent) not in having:
                yield Fault(language, "no phrase", intent)


def write(phrases: Iterable[Phrase], language: str, folder: Path = FOLDER) -> None:
    """Write the phrases of one language to its file, sorted by the order of the intents."""
    place = {intent: number for number, intent in enumerate(intents.IDS)}
    own = sorted(
        (phrase for phrase in phrases if phrase.language == language),
        key=lambda phrase: place[phrase.intent],
    )
    lines = [HEADER, *(f"{phrase.intent}\t{phrase.text}" for phrase in own)]
    (folder / f"{language}.tsv").write_text("\n".join(lines) + "\n", "utf-8")


def _clashes(same: list[Phrase]) -> Iterator[Fault]:
    first = same[0]
    if len({phrase.intent for phrase in same}) > 1:
        places = ", ".join(f"{phrase.language} {phrase.intent}" for phrase in same)
        yield Fault(first.language, "two intents", f"{first.text} ({places})")
    languages = [phrase.language for phrase in same]
    for phrase in same[1:]:
        if languages.count(phrase.language) > 1:
            yield Fault(phrase.language, "twice", phrase.text)
            return
