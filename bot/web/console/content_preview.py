"""Preview a content item as people will read it, and compare two versions of it.

An item is previewed on each channel in each language and script (written form).
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from difflib import SequenceMatcher

from bot.channels import Message, RenderedButton
from bot.content import answers, cards, live, model
from bot.content.model import WRITTEN, Body, Kind, sentence
from bot.content.model import forms as model_forms
from bot.editorial import drafts
from bot.i18n import tag
from bot.runtime import Runtime
from bot.web.console.broadcast_preview import Form, form_of
from flows.engine import screens
from flows.engine.events import Kind as Button
from flows.engine.text import Text
from flows.knowledge.facts import fact_texts
from flows.knowledge.intents.answer import part_texts
from flows.knowledge.intents.answers import BY_INTENT

# Fields of a content item that are compared in addition to its texts and titles.
FIELDS = (
    "sources", "as_of", "checked", "since", "until", "address", "telephone", "map_link", "opening",
    "more", "flow", "form", "silent",
)  # fmt: skip


# A word, a run of spaces or a sign: the unit of the comparison of two texts.
_WORDS = re.compile(r"\s+|[\w'ʻ-]+|.")


@dataclass(frozen=True, slots=True)
class Difference:
    """A field of a content item in which two versions differ.

    `pieces` are pieces of the text, each preceded by its kind: kept, gone or new.
    """

    name: str
    lang: str
    pieces: tuple[tuple[str, str], ...]


def lines(rt: Runtime, item: str, body: Body | None, day: date) -> tuple[Text, ...]:
    """Return the sentences that people read on a day if `body` is the content of the item.

    If `body` is None, nothing is published for the item: a fact or an answer has the sentences
    shipped with the program, and any other item has none.
    """
    kind, key = drafts.kind_of(item), item.partition(":")[2]
    if kind is Kind.FACT:
        bodies = {item: body} if body else {}
        return fact_texts([drafts.SHIPPED[item]], live.snapshot(rt.languages, 1, bodies).on(day))
    if kind is Kind.ANSWER:
        answer = answers.arrange(key, body) if body else BY_INTENT[key]
        return part_texts(answer.ordered("")[0], day) if answer else ()
    if body is None or body.silent or kind is Kind.PHRASES or not body.since <= day <= body.until:
        return ()
    if kind is Kind.CARD:
        return (cards.card(rt.languages, key, body),)
    return (sentence(rt.languages, body.texts),)


def last_day(rt: Runtime, item: str, body: Body) -> date:
    """Return the last day on which people read the content.

    A fact that is not checked again ends before the last day that its editor gave.
    """
    shipped = drafts.SHIPPED.get(item)
    return model.fact_of(rt.languages, shipped, body).until if shipped else body.until


def forms(rt: Runtime, item: str, body: Body | None, day: date) -> list[Form]:
    """Return an item's previews by language, script and channel; [] if people read nothing."""
    sentences = lines(rt, item, body, day)
    shown = _languages(rt)
    if body and item.startswith(f"{Kind.CANNED}:"):
        written = dict(model_forms(body.texts))
        shown = ((code, own) for code, own in shown if code in written)
    return [form_of(rt, code, _message(rt, sentences, code)) for code, _own in shown if sentences]


def _languages(rt: Runtime) -> Iterator[tuple[str, str]]:
    yield from rt.languages.languages()


def _message(rt: Runtime, sentences: tuple[Text, ...], code: str) -> Message:
    label = rt.languages.render(screens.PERSON, code)
    person = RenderedButton("!person", label, Button.CONTROL.value)
    return Message(tuple(rt.languages.render(each, code) for each in sentences), (person,), code)


def differences(
    before: Body | None, now: Body, names: dict[str, str], words: Callable[[str], str]
) -> list[Difference]:
    """Return the fields in which two versions of a content item differ.

    `names` has the label of each field, the name of each language, and the label of each title as
    `title_<language>`. `words` returns the sentences of a part of an answer. `before` is None if
    there is no earlier version.
    """
    texts = {code: (before.texts if before else {}, now.texts) for code in WRITTEN}
    titles = {f"title_{code}": (before.titles if before else {}, now.titles) for code in WRITTEN}
    changed = []
    for name, both in (texts | titles).items():
        code = name.removeprefix("title_")
        one, other = (each.get(code, "") for each in both)
        if one != other:
            changed.append(Difference(names[name], tag(code), pieces(one, other)))
    for field in FIELDS:
        old, new = (_units(getattr(body, field) if body else None, words) for body in (before, now))
        if old != new:
            changed.append(Difference(names[field], "", _compared(old, new)))
    return changed


def _units(value: object, words: Callable[[str], str]) -> list[str]:
    """Return the value of a field as a list of texts.

    The comparison marks each of them as kept, gone or new.
    """
    match value:
        case tuple():
            return [f"{words(each)} " for each in value]
        case None | False | date.min | date.max:
            return []
        case True:
            return ["✓"]
        case _:
            return _WORDS.findall(str(value))


def pieces(before: str, now: str) -> tuple[tuple[str, str], ...]:
    """Return the word-by-word difference of two texts as pairs of kind and text.

    The kinds are "kept", "gone" (only in `before`) and "new" (only in `now`).
    """
    return _compared(_WORDS.findall(before), _WORDS.findall(now))


def _compared(one: list[str], other: list[str]) -> tuple[tuple[str, str], ...]:
    found = []
    for kind, a, b, c, d in SequenceMatcher(None, one, other, autojunk=False).get_opcodes():
        if kind == "equal":
            found.append(("kept", "".join(one[a:b])))
            continue
        found += [("gone", "".join(one[a:b])), ("new", "".join(other[c:d]))]
    return tuple(each for each in found if each[1])
