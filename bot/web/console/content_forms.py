"""Convert a posted form about a content item to the item's body, and a body to form values.

A content item is a text that editors publish, such as a fact or an answer.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from pydantic import ConfigDict

from bot.content import answers
from bot.content.model import WRITTEN, Body
from bot.web.console.forms import Checkbox, Line, Lines, VersionedForm
from flows.engine.text import Text
from flows.knowledge.intents.answer import Own

# Where the chat shows a part of an answer: at once, after the button "More about this", or nowhere.
OPENING, MORE, NOWHERE = "opening", "more", "none"


class ContentForm(VersionedForm):
    """The fields of a content item's form.

    Sentences arrive as `text_<language>` and titles as `title_<language>`. `place_<part>` is the
    place of a part of an answer (OPENING, MORE or NOWHERE), and `order_<part>` its position there.
    `added` is the key of a fact to add to the answer.
    """

    model_config = ConfigDict(extra="allow")

    sources: Lines = ""
    as_of: Line = ""
    checked: Line = ""
    since: Line = ""
    until: Line = ""
    why_partial: Line = ""
    silent: Checkbox = False
    address: Line = ""
    telephone: Line = ""
    map_link: Line = ""
    flow: Line = ""
    form: Line = ""
    added: Line = ""

    def body(self) -> Body:
        """Return the content item's body from the form. Raises ValueError for an invalid date."""
        return Body(
            texts=self._texts("text_"),
            sources=tuple(self.sources.split()),
            as_of=date.fromisoformat(self.as_of),
            checked=date.fromisoformat(self.checked),
            since=date.fromisoformat(self.since) if self.since else date.min,
            until=date.fromisoformat(self.until),
            why_partial=self.why_partial,
            silent=self.silent,
            address=self.address,
            telephone=self.telephone,
            map_link=self.map_link,
            opening=(*self._parts_at(OPENING), *([self.added] if self.added else [])),
            more=self._parts_at(MORE),
            flow=self.flow,
            titles=self._texts("title_"),
            form=self.form,
        )

    def _texts(self, prefix: str) -> dict[str, str]:
        sent = self.model_extra or {}
        lines = {
            code: str(sent.get(f"{prefix}{code}", "")).replace("\r\n", "\n").split("\n")
            for code in WRITTEN
        }
        texts = {code: "\n".join(map(str.strip, found)).strip() for code, found in lines.items()}
        return {code: text for code, text in texts.items() if text}

    def _parts_at(self, place: str) -> tuple[str, ...]:
        """Return in order the names of the answer's parts that the form assigns to `place`."""
        sent = self.model_extra or {}
        found = [
            (_number(sent.get(f"order_{name}")), at, name)
            for at, (field, value) in enumerate(sent.items())
            if field.startswith("place_") and value == place
            for name in [field.removeprefix("place_")]
        ]
        return tuple(name for _number, _at, name in sorted(found))


def _number(text: object) -> int:
    return int(str(text)) if str(text).isdecimal() else 0


@dataclass(frozen=True, slots=True)
class Row:
    """A row of an answer's form: one part of the answer.

    `silent`: none of the part's sentences is valid on the day for which `rows` was called. `opens`:
    the part may only be in the opening, which the chat shows at once.
    """

    name: str
    words: tuple[Text, ...]
    place: str
    order: int
    silent: bool
    opens: bool


def rows(intent: str, body: Body, day: date) -> list[Row]:
    """Return the form's rows: the parts of an answer in order, then parts that are not used.

    Parts that are not used are shipped with Kosh for this intent, but are not in the answer `body`.
    """
    return list(_rows(intent, body, day))


def _rows(intent: str, body: Body, day: date) -> Iterator[Row]:
    parts = [(name, OPENING) for name in body.opening] + [(name, MORE) for name in body.more]
    used = {name for name, _place in parts}
    parts += [(name, NOWHERE) for name in answers.shipped_parts(intent) if name not in used]
    for order, (name, place) in enumerate(parts, 1):
        if part := answers.find(intent, name):
            words = answers.sentences(part, day)
            yield Row(
                name, words or all_words(part), place, order, not words, isinstance(part, Own)
            )


def all_words(part: answers.Opened) -> tuple[Text, ...]:
    """Return all sentences of a part of an answer, including those that are not valid today."""
    match part:
        case Text():
            return (part,)
        case _:
            return tuple(fact.text for fact in answers.facts_in(part))


def values(form: ContentForm | None, body: Body | None) -> Mapping[str, Any]:
    """Return the values that fill the editor's form of a content item.

    If a form was posted, return the values of `form`, otherwise those of the item's content `body`.
    """
    if form is not None:
        sent = form.model_dump() | (form.model_extra or {})
        return {name: value for name, value in sent.items() if name not in ("key", "version")}
    if body is None:
        return {}
    found: dict[str, Any] = {f"text_{code}": text for code, text in body.texts.items()}
    found |= {f"title_{code}": title for code, title in body.titles.items()}
    for name in ("as_of", "checked", "since", "until"):
        day: date = getattr(body, name)
        found[name] = "" if day in (date.min, date.max) else day.isoformat()
    for name in ("why_partial", "silent", "address", "telephone", "map_link", "flow", "form"):
        found[name] = getattr(body, name)
    return found | {"sources": "\n".join(body.sources)}
