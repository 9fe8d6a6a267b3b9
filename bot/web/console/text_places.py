"""Find the places where people read a sentence: a fact, an answer, a flow's question or a page."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from bot.content.model import Kind
from bot.web.console.labels_content import KINDS
from bot.web.console.labels_texts import CHAT, CONSOLE, PUBLIC
from flows import FLOWS
from flows.engine.text import Label, Text, id_of
from flows.knowledge.catalogue import FACTS
from flows.knowledge.facts import Fact
from flows.knowledge.intents.answer import Part, Together
from flows.knowledge.intents.answers import ANSWERS

# Source files with texts that only officers read. Other modules of `bot/desk/` are not listed,
# because they also have texts for people.
CONSOLE_FILES = ("bot/web/console/", "bot/desk/duty_group.py", "bot/notifications/")
PUBLIC_FILES = ("bot/web/", "bot/printing/")


@dataclass(frozen=True, slots=True)
class Place:
    """A place where people read a sentence.

    `names` lead from the outermost to the innermost part, such as flow and question. `item` is the
    id of the place's content item, or "".
    """

    names: tuple[Text, ...]
    item: str = ""


def places(sentence: str, files: Iterable[str]) -> tuple[Place, ...]:
    """Return the places where people read the sentence with this id.

    If no fact, answer or question contains the sentence, its source files decide: the place is
    then the chat, the console or the public pages.
    """
    return _places_by_text().get(sentence) or tuple(dict.fromkeys(_of_file(each) for each in files))


def is_for_officers(found: Iterable[Place]) -> bool:
    """Return True if these places are only in the console, which only officers read."""
    return all(each.names == (CONSOLE,) for each in found)


def _of_file(path: str) -> Place:
    if path.startswith(CONSOLE_FILES):
        return Place((CONSOLE,))
    return Place((PUBLIC if path.startswith(PUBLIC_FILES) else CHAT,))


@cache
def _places_by_text() -> Mapping[str, tuple[Place, ...]]:
    found: dict[str, dict[Place, None]] = {}
    for place, text in _all_texts():
        found.setdefault(id_of(text), {})[place] = None
    return {name: tuple(each) for name, each in found.items()}


def _all_texts() -> Iterator[tuple[Place, Text]]:
    for fact in FACTS:
        place = Place((KINDS[Kind.FACT],), f"{Kind.FACT}:{fact.key}")
        yield from ((place, text) for text in (fact.text, fact.ends, fact.ended) if text)
    for answer in ANSWERS:
        place = Place((KINDS[Kind.ANSWER], answer.label), f"{Kind.ANSWER}:{answer.intent}")
        yield place, answer.label
        yield from ((place, text) for text in _own(answer.parts))
    for flow in FLOWS.values():
        yield Place((flow.title,)), flow.title
        for question in flow.questions():
            place = Place((flow.title, question.label))
            shown: tuple[Label | None, ...] = (
                question.text,
                question.label,
                question.help,
                *(option.label for option in question.options),
            )
            yield from ((place, label) for label in shown if isinstance(label, Text))


def _own(parts: Iterable[Part]) -> Iterator[Text]:
    """Yield the sentences of an answer that do not belong to a fact."""
    for part in parts:
        if isinstance(part, Text):
            yield part
        elif isinstance(part, Together):
            yield from (each for each in part.parts if not isinstance(each, Fact))
            yield from [part.otherwise] if part.otherwise else []
