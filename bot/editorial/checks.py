"""Check what an editor wrote before it is saved: sentences, source, dates, links."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from urllib.parse import urlsplit

from bot.broadcasts import links
from bot.channels.limits import LIMITS
from bot.content.model import ENGLISH, Body, Kind, forms
from bot.i18n import lint
from bot.runtime import Runtime

# Hosts of the state, to which a sentence may lead.
OFFICIAL_HOSTS = ("gov.kz", "egov.kz", "zan.kz")
SOURCE = re.compile(r"https://[^\s/]+\.[^\s/]+/?\S*")
MARKUP = re.compile(r"[<>]|&#?\w+;|\b(?:java|vb)script:", re.IGNORECASE)
UNFILLED = re.compile(r"[{}\[\]]|_{3,}|\b[XХ]{2,}\b|TODO|\?{3,}|\.{4,}")
BESIDE_HAN = re.compile(r"(?<=[\u3400-\u9fff])(?=[A-Za-z0-9])|(?<=[A-Za-z0-9])(?=[\u3400-\u9fff])")
# A source that was compared longer ago has to be opened again.
MAX_CHECK_AGE = timedelta(days=31)
TELEPHONE = re.compile(r"\+?[\d\s()-]{3,24}")


class Refusal(StrEnum):
    """Reason for which content is not saved or not approved."""

    EMPTY = "empty"
    LANGUAGE = "language"
    ENGLISH = "english"
    SOURCE = "source"
    DATES = "dates"
    FUTURE = "future"
    EXPIRED = "expired"
    UNCHECKED = "unchecked"
    PLACEHOLDER = "placeholder"
    MARKUP = "markup"
    LINK = "link"
    PHONE = "phone"
    TOO_LONG = "too_long"
    WORDING = "wording"
    NUMBERS = "numbers"
    TERM = "term"
    SCRIPT = "script"
    PROMISE = "promise"
    OWN = "own"
    CHANGED = "changed"
    STATE = "state"


@dataclass(frozen=True, slots=True)
class Blocker:
    """A reason not to save; `language` is the form concerned, `detail` the part to change."""

    why: Refusal
    language: str = ""
    detail: str = ""


class Refused(Exception):
    """The content was not saved or approved; nothing has changed."""

    code = "E_CONTENT_REFUSED"

    def __init__(self, why: Refusal, detail: str = "") -> None:
        super().__init__(f"{self.code}: {why.value}")
        self.why = why
        self.detail = detail


# The rules of the catalogue's lint, by the reason that editors are shown. Others are WORDING.
_REASONS = {
    "places": Refusal.PLACEHOLDER,
    "numbers": Refusal.NUMBERS,
    "glossary": Refusal.TERM,
    "forbidden": Refusal.TERM,
    "letters": Refusal.SCRIPT,
    "normal": Refusal.SCRIPT,
    "apostrophes": Refusal.SCRIPT,
    "round trip": Refusal.SCRIPT,
    "promise": Refusal.PROMISE,
    "kept": Refusal.LINK,
}


def blockers(
    rt: Runtime, kind: Kind, body: Body, today: date, shipped: Body | None = None
) -> list[Blocker]:
    """Return why the content cannot be saved.

    A fault that the shipped sentence has too is none: the name of a visa has Latin letters.
    """
    known = frozenset(wording(rt, shipped)) if shipped else frozenset()
    worded = (each for each in wording(rt, body) if each not in known)
    return [*_dated(body, today), *_sourced(kind, body), *_marked_up(body), *worded]


def _dated(body: Body, today: date) -> Iterator[Blocker]:
    if body.until < today:
        yield Blocker(Refusal.EXPIRED, detail=body.until.isoformat())
    if body.since > body.until:
        yield Blocker(Refusal.DATES)
    for day in (body.as_of, body.checked):
        if day > today:
            yield Blocker(Refusal.FUTURE, detail=day.isoformat())
    if body.checked < body.as_of:
        yield Blocker(Refusal.DATES, detail=body.checked.isoformat())
    if body.checked < today - MAX_CHECK_AGE:
        yield Blocker(Refusal.UNCHECKED, detail=body.checked.isoformat())


def _sourced(kind: Kind, body: Body) -> Iterator[Blocker]:
    if not body.sources and kind is not Kind.NOTICE:
        yield Blocker(Refusal.SOURCE)
    for address in (*body.sources, *([body.map_link] if body.map_link else [])):
        if not SOURCE.fullmatch(address):
            yield Blocker(Refusal.SOURCE, detail=address)
    if body.telephone and not TELEPHONE.fullmatch(body.telephone):
        yield Blocker(Refusal.PHONE, detail=body.telephone)


def _marked_up(body: Body) -> Iterator[Blocker]:
    """Yield markup in any field: a page shows it as text, but it is never meant."""
    fields = (body.why_partial, body.address, body.telephone, body.map_link, *body.sources)
    for value in fields:
        if found := MARKUP.search(value):
            yield Blocker(Refusal.MARKUP, detail=found[0])
    for code, text in body.texts.items():
        if found := MARKUP.search(text):
            yield Blocker(Refusal.MARKUP, code, found[0])


def wording(rt: Runtime, body: Body) -> Iterator[Blocker]:
    """Yield the faults of the sentences, in every form."""
    if body.silent:
        return
    texts = {code: text for code, text in body.texts.items() if text}
    if not texts.keys() - {ENGLISH}:
        yield Blocker(Refusal.EMPTY)
    elif ENGLISH not in texts:
        yield Blocker(Refusal.ENGLISH)
    elif not body.why_partial:
        offered = {code for code, _own in rt.languages.languages()}
        missing = (code for code in body.missing if code in offered)
        yield from (Blocker(Refusal.LANGUAGE, code) for code in missing)
    hosts = (urlsplit(rt.settings.public_url).hostname or "", *rt.settings.broadcast_hosts)
    allowed = (*hosts, *OFFICIAL_HOSTS)
    for code, text in forms(texts):
        yield from _sentence(code, text, texts.get(ENGLISH, ""), allowed)


def _sentence(code: str, text: str, english: str, allowed: tuple[str, ...]) -> Iterator[Blocker]:
    if found := UNFILLED.search(text):
        yield Blocker(Refusal.PLACEHOLDER, code, found[0])
    # Chinese is written without spaces around an address.
    for link in links.foreign_links(BESIDE_HAN.sub(" ", text), allowed):
        yield Blocker(Refusal.LINK, code, link)
    if any(limits.measure(text) > limits.text_over_buttons for limits in LIMITS.values()):
        yield Blocker(Refusal.TOO_LONG, code, str(len(text)))
    for rule, detail in lint.sentence(code, english, text) if english else ():
        yield Blocker(_REASONS.get(rule, Refusal.WORDING), code, detail)
