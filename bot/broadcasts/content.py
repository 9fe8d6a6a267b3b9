"""Texts of a broadcast: checks of their content, and conversion into messages."""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from urllib.parse import urlsplit

import msgspec

from bot.broadcasts import links
from bot.broadcasts.audience import push_channels
from bot.broadcasts.model import Draft, Refusal, Words, words_in
from bot.cases.canned_replies import BUILT
from bot.channels import Mark, Message, RenderedButton, Template
from bot.channels.limits import LIMITS
from bot.i18n import bidi
from bot.runtime import Runtime
from flows.engine import labels
from flows.engine.announcement_screens import SOMETHING_NEW
from flows.engine.events import Kind

NEWS = "!news"
ANNOUNCEMENTS = labels.ANNOUNCEMENTS
MAX_TITLE = 80
# Number of characters that WhatsApp's formatting adds around a bold title.
BOLD_SIGNS = 2
# For each language in which authors write, the script of its letters, by their Unicode names, and
# the number of letters that one of them counts as.
SCRIPTS = {"kk": ("CYRILLIC", 1), "ru": ("CYRILLIC", 1), "uz": ("LATIN", 1), "zh_Hans": ("CJK", 3)}
# If the letters of other scripts are more than this many times the letters of the language's
# script, the text is in another script. Names in another script are not counted.
MAX_OTHERS = 2
_WORD = re.compile(r"[^\W\d_]+")
_MAILBOX = re.compile(r"\S+@\S+")
UNFILLED = re.compile(r"[{}\[\]<>]|_{3,}|\b[XХ]{2,}\b|TODO|\?{3,}|\.{4,}")


@dataclass(frozen=True, slots=True)
class Blocker:
    """A reason that prevents sending; `detail` names the faulty part, such as a language."""

    why: Refusal
    detail: str = ""


def faults(rt: Runtime, draft: Draft) -> Iterator[Blocker]:
    """Yield a Blocker for each fault of the draft's texts or WhatsApp templates."""
    for language in written(rt):
        words = draft.texts.get(language)
        if words is None or not words.body.strip():
            yield Blocker(Refusal.LANGUAGE, language)
        else:
            yield from _faults(rt, language, words)
    templates = {language for language, words in draft.texts.items() if words.template}
    if templates and (missing := set(written(rt)) - templates):
        yield Blocker(Refusal.TEMPLATE, ", ".join(sorted(missing)))


def _faults(rt: Runtime, language: str, words: Words) -> Iterator[Blocker]:
    if not _is_in_script(words.body, language):
        yield Blocker(Refusal.SCRIPT, language)
    if UNFILLED.search(words.body):
        yield Blocker(Refusal.PLACEHOLDER, language)
    for link in links.foreign_links(words.body, _hosts(rt)):
        yield Blocker(Refusal.LINK, f"{language}: {link}")
    for number in links.phone_numbers(words.body):
        yield Blocker(Refusal.PHONE, f"{language}: {number}")
    for form in (language, *(built for built, by in BUILT.items() if by[0] == language)):
        if not _fits(rt, {language: words}, form):
            yield Blocker(Refusal.TOO_LONG, form)


def _is_in_script(text: str, language: str) -> bool:
    """Return False if most letters of the text are in another script, or all of them.

    The text in the language's other script would then be converted from the wrong letters. Links,
    e-mail addresses and names (words in another script that begin with a capital) do not count.
    """
    if language not in SCRIPTS:
        return True
    script, weight = SCRIPTS[language]
    words = _WORD.findall(links.LINK.sub(" ", _MAILBOX.sub(" ", text)))
    own = sum(unicodedata.name(each, "").startswith(script) for each in "".join(words))
    if not own:
        return not words
    counted = sum(len(each) for each in words if not _is_name(each, script))
    return counted - own <= MAX_OTHERS * weight * own


def _is_name(word: str, script: str) -> bool:
    """Return True for a capitalized word without letters of the script."""
    has_own = any(unicodedata.name(each, "").startswith(script) for each in word)
    return word[0].isupper() and not has_own


def written(rt: Runtime) -> list[str]:
    """Return the languages in which the author of an announcement writes its text.

    Texts in a language's other script are converted automatically.
    """
    return [code for code, _own in rt.languages.languages() if code not in BUILT]


def _hosts(rt: Runtime) -> tuple[str, ...]:
    """Return the hosts to which links may lead: the bot's own, and those that the operator set."""
    return (urlsplit(rt.settings.public_url).hostname or "", *rt.settings.broadcast_hosts)


def _fits(rt: Runtime, texts: Mapping[str, Words], form: str) -> bool:
    """Return True if the text fits into one message on every channel.

    The text must not be split, because one of two messages could be lost.
    """
    words = words_in(texts, form)
    body = bidi.arrange(words.body, form) if words else ""
    return all(
        LIMITS[channel].measure(body) + BOLD_SIGNS <= LIMITS[channel].text_over_buttons
        for channel in push_channels(rt)
    )


def message(rt: Runtime, texts: Mapping[str, Words], language: str) -> Message | None:
    """Return the broadcast's message in a language or script; None if there is no text for it."""
    words = words_in(texts, language)
    if words is None:
        return None
    label = rt.languages.render(ANNOUNCEMENTS, language)
    body = bidi.arrange(words.body, language)
    template = Template(words.template, (body,)) if words.template else None
    button = RenderedButton(NEWS, label, Kind.CONTROL.value)
    return Message((body,), (button,), language, template=template, marks=_title(words.body))


def _title(body: str) -> tuple[Mark, ...]:
    """Return the formatting that shows a short first line as a title; () if no text follows."""
    first, more, _rest = body.partition("\n")
    return (Mark("title", 0, 1),) if more and first and len(first) <= MAX_TITLE else ()


def hint(rt: Runtime, language: str, template: str = "") -> Message:
    """Return the message for people in discreet mode, which says only that there is news.

    Discreet mode is a subscriber's choice to get only notices without content.
    """
    text = rt.languages.render(SOMETHING_NEW, language)
    label = rt.languages.render(ANNOUNCEMENTS, language)
    as_template = Template(template, (text,)) if template else None
    button = RenderedButton(NEWS, label, Kind.CONTROL.value)
    return Message((text,), (button,), language, template=as_template)


def samples(rt: Runtime, draft: Draft) -> dict[str, Message]:
    """Return the message that recipients will get in each written form, by its code.

    A written form is a language in one script. Forms without a text are omitted.
    """
    found = {code: message(rt, draft.texts, code) for code, _own in rt.languages.languages()}
    return {code: each for code, each in found.items() if each is not None}


def mark(words: Words) -> bytes:
    """Return the hash of a text in one language, to detect changes after its test-send."""
    return sha256(msgspec.json.encode(words)).digest()
