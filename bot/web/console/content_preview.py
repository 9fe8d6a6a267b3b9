"""Preview a content item as people will read it, and compare two versions of it.

An item is previewed on each channel in each language and script (written form).
"""

import re
from collections.abc import Iterator
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

# Fields of a content item that are compared in addition to its texts.
FIELDS = (
    "sources", "as_of", "checked", "since", "until", "address", "telephone", "opening", "more",
    "flow", "form",
)  # fmt: skip


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


def differences(before: Body | None, now: Body, names: dict[str, str]) -> list[Difference]:
    """Return the fields in which two versions of a content item differ.

    `names` has the label of each field and the name of each language. `before` is None if there is
    no earlier version.
    """
    pairs = {
        code: (before.texts.get(code, "") if before else "", now.texts.get(code, ""))
        for code in WRITTEN
    }
    changed = [
        Difference(names[code], tag(code), pieces(*pair))
        for code, pair in pairs.items()
        if pair[0] != pair[1]
    ]
    for field in FIELDS:
        one, other = (_as_text(getattr(body, field)) if body else "" for body in (before, now))
        if one != other:
            changed.append(Difference(names[field], "", pieces(one, other)))
    return changed


def _as_text(value: object) -> str:
    return " ".join(value) if isinstance(value, tuple) else str(value)


def pieces(before: str, now: str) -> tuple[tuple[str, str], ...]:
    """Return the word-by-word difference of two texts as pairs of kind and text.

    The kinds are "kept", "gone" (only in `before`) and "new" (only in `now`).
    """
    one, other = (re.findall(r"\s+|[\w'ʻ-]+|.", each) for each in (before, now))
    found = []
    for kind, a, b, c, d in SequenceMatcher(None, one, other, autojunk=False).get_opcodes():
        if kind == "equal":
            found.append(("kept", "".join(one[a:b])))
            continue
        found += [("gone", "".join(one[a:b])), ("new", "".join(other[c:d]))]
    return tuple(each for each in found if each[1])
