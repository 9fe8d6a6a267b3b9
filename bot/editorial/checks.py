"""Checks of an editor's text before it is saved: sentences, source, dates, links."""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from urllib.parse import urlsplit

from bot.broadcasts import links
from bot.channels.limits import LIMITS
from bot.content import answers
from bot.content.model import ENGLISH, Body, Kind, forms
from bot.editorial import taught
from bot.editorial.refusals import Blocker, Refusal
from bot.i18n import lint
from bot.runtime import Runtime

# Government hosts to which a sentence may link.
OFFICIAL_HOSTS = ("gov.kz", "egov.kz", "zan.kz")
SOURCE = re.compile(r"https://[^\s/]+\.[^\s/]+/?\S*")
MARKUP = re.compile(r"[<>]|&#?\w+;|\b(?:java|vb)script:", re.IGNORECASE)
UNFILLED = re.compile(r"[{}\[\]]|_{3,}|\b[XХ]{2,}\b|TODO|\?{3,}|\.{4,}")
BESIDE_HAN = re.compile(r"(?<=[\u3400-\u9fff])(?=[A-Za-z0-9])|(?<=[A-Za-z0-9])(?=[\u3400-\u9fff])")
# Maximum time since the day on which the editor last compared the text with its source.
MAX_CHECK_AGE = timedelta(days=31)
TELEPHONE = re.compile(r"\+?[\d\s()-]{3,24}")


# The reason that editors see if a text breaks a rule of the lint for translations. A rule that is
# not listed has the reason WORDING.
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
    rt: Runtime,
    kind: Kind,
    body: Body,
    today: date,
    shipped: Body | None = None,
    key: str = "",
) -> list[Blocker]:
    """Return the faults for which the content of the item `key` cannot be saved; [] if none.

    A fault is ignored if the sentence that is shipped with Kosh has it too, such as Latin letters
    in the name of a visa.
    """
    if kind is Kind.ANSWER:
        return [*_date_blockers(kind, body, today), *_answer_blockers(key, body)]
    if kind is Kind.PHRASES:
        return [
            *_date_blockers(kind, body, today),
            *_marked_up(body),
            *taught.faults(rt, key, body),
        ]
    if kind is Kind.CANNED:
        return [*_date_blockers(kind, body, today), *_marked_up(body), *_reply_blockers(rt, body)]
    known = frozenset(wording(rt, shipped)) if shipped else frozenset()
    worded = (each for each in wording(rt, body) if each not in known)
    return [
        *_date_blockers(kind, body, today),
        *_source_blockers(kind, body),
        *_marked_up(body),
        *worded,
    ]


def _answer_blockers(intent: str, body: Body) -> Iterator[Blocker]:
    if not body.opening:
        yield Blocker(Refusal.EMPTY)
    for name in answers.unknown(intent, body):
        yield Blocker(Refusal.PART, detail=name)
    for name in sorted(answers.missing(intent, body)):
        yield Blocker(Refusal.WARNING, detail=name)
    if body.flow and body.flow not in answers.OFFERED:
        yield Blocker(Refusal.FLOW, detail=body.flow)


def _reply_blockers(rt: Runtime, body: Body) -> Iterator[Blocker]:
    """Yield the faults of a canned reply.

    A missing language is no fault, because the reply is then not offered in that language.
    """
    if not body.texts and not body.silent:
        yield Blocker(Refusal.EMPTY)
    for code, text in forms(body.texts):
        yield from _sentence(code, text, "", _allowed_hosts(rt))


def _date_blockers(kind: Kind, body: Body, today: date) -> Iterator[Blocker]:
    if body.until < today:
        yield Blocker(Refusal.EXPIRED, detail=body.until.isoformat())
    if body.since > body.until:
        yield Blocker(Refusal.DATES)
    # Publishing a fact or card ends the previous version at once. Until a first day in the future,
    # people would get neither of the two.
    if kind in (Kind.FACT, Kind.CARD) and body.since > today:
        yield Blocker(Refusal.FUTURE, detail=body.since.isoformat())
    # `today` is the date in UTC. In zones east of it, the next day has begun already.
    for day in (body.as_of, body.checked):
        if day > today + timedelta(days=1):
            yield Blocker(Refusal.FUTURE, detail=day.isoformat())
    if body.checked < body.as_of:
        yield Blocker(Refusal.DATES, detail=body.checked.isoformat())
    if body.checked < today - MAX_CHECK_AGE:
        yield Blocker(Refusal.UNCHECKED, detail=body.checked.isoformat())


def _source_blockers(kind: Kind, body: Body) -> Iterator[Blocker]:
    if not body.sources and kind is not Kind.NOTICE:
        yield Blocker(Refusal.SOURCE)
    for address in (*body.sources, *([body.map_link] if body.map_link else [])):
        if not SOURCE.fullmatch(address):
            yield Blocker(Refusal.SOURCE, detail=address)
    if body.telephone and not TELEPHONE.fullmatch(body.telephone):
        yield Blocker(Refusal.PHONE, detail=body.telephone)


def _marked_up(body: Body) -> Iterator[Blocker]:
    """Yield a fault for each field that contains markup.

    People would see the markup as text, so it can only be a mistake.
    """
    fields = (body.why_partial, body.address, body.telephone, body.map_link, *body.sources)
    for value in fields:
        if found := MARKUP.search(value):
            yield Blocker(Refusal.MARKUP, detail=found[0])
    for code, text in body.texts.items():
        if found := MARKUP.search(text):
            yield Blocker(Refusal.MARKUP, code, found[0])


def wording(rt: Runtime, body: Body) -> Iterator[Blocker]:
    """Yield the faults of an item's sentences in each language and script.

    Texts in further scripts are converted from the written texts, and are checked too.
    """
    if body.silent:
        return
    texts = {code: text for code, text in body.texts.items() if text}
    if not texts.keys() - {ENGLISH}:
        yield Blocker(Refusal.EMPTY)
    elif ENGLISH not in texts:
        yield Blocker(Refusal.ENGLISH)
    elif not body.why_partial:
        codes = {code for code, _own in rt.languages.languages()}
        missing = (code for code in body.missing if code in codes)
        yield from (Blocker(Refusal.LANGUAGE, code) for code in missing)
    for code, text in forms(texts):
        yield from _sentence(code, text, texts.get(ENGLISH, ""), _allowed_hosts(rt))


def _allowed_hosts(rt: Runtime) -> tuple[str, ...]:
    """Return the hosts of Kosh, the operator and the government, to which a sentence may link."""
    own = urlsplit(rt.settings.public_url).hostname or ""
    return (own, *rt.settings.broadcast_hosts, *OFFICIAL_HOSTS)


def _sentence(code: str, text: str, english: str, allowed: tuple[str, ...]) -> Iterator[Blocker]:
    if found := UNFILLED.search(text):
        yield Blocker(Refusal.PLACEHOLDER, code, found[0])
    # Inserts spaces between Chinese characters and Latin letters or digits, because the search for
    # links needs spaces around a link and Chinese text has none.
    for link in links.foreign_links(BESIDE_HAN.sub(" ", text), allowed):
        yield Blocker(Refusal.LINK, code, link)
    if any(limits.measure(text) > limits.text_over_buttons for limits in LIMITS.values()):
        yield Blocker(Refusal.TOO_LONG, code, str(len(text)))
    for rule, detail in lint.sentence(code, english, text) if english else ():
        yield Blocker(_REASONS.get(rule, Refusal.WORDING), code, detail)
