"""All sentences that the information flows can say, for every combination of a person's answers."""

from collections.abc import Callable, Iterator, KeysView, Mapping, Sequence
from datetime import date
from functools import cache
from itertools import chain, product

from flows import checklist, eligibility, faq, interview, support
from flows.engine.conditions import holds
from flows.engine.flow import Flow
from flows.engine.options import Option
from flows.engine.questions import Question
from flows.engine.text import Text
from flows.knowledge.faq import ENTRIES
from flows.knowledge.quiz import EXERCISES

TODAY, NEXT_YEAR = date(2026, 11, 24), date(2027, 1, 1)
# Citizenships to try: 11 countries with rules of their own in flows/knowledge, one country without,
# and statelessness.
ORIGINS = ("CN", "UZ", "MN", "RU", "TM", "KG", "TR", "IR", "AF", "TJ", "DE", "US", "stateless")
PLACES = ("origin", "kazakhstan", "elsewhere", "unsaid")

type Situation = Mapping[str, str | None]
type ResultFunction = Callable[[Situation, date], Iterator[Text]]
# The paragraphs of a flow's result. Each paragraph is a tuple of its own sentence and all sentences
# nested in that sentence.
type Paragraphs = tuple[tuple[Text, ...], ...]

# The answers to try, by question, for questions without options or with many similar options.
OFFERED: Mapping[str, tuple[str, ...]] = {
    "citizenship": (*ORIGINS, "KZ"),
    "trouble": ("none", "money"),
    "people": ("1", "7"),
    "faq_topic": tuple(entry.key for entry in ENTRIES),
    "mission_country": ("CN", "IR", "US"),
    **{f"quiz_{each.key}": (each.right,) for each in EXERCISES},
}
FLOWS: Mapping[str, tuple[Flow, ResultFunction]] = {
    "eligibility": (eligibility.ELIGIBILITY, eligibility.result_texts),
    "checklist": (
        checklist.CHECKLIST,
        lambda answers, today: iter(checklist.result_texts(checklist.checklist(answers, today))),
    ),
    "support": (support.SUPPORT, support.result_texts),
    "interview": (interview.INTERVIEW, interview.result_texts),
    "faq": (faq.FAQ, faq.result_texts),
}


def situations(flow: Flow) -> Iterator[Situation]:
    """Yield a person's answers, by question, once for every path through a flow."""
    combinations: list[dict[str, str | None]] = [{}]
    for item in flow.items:
        assert isinstance(item, Question)
        asked = [each for each in combinations if holds(item.when, each)]
        passed = [each for each in combinations if not holds(item.when, each)]
        offered = OFFERED.get(item.name) or tuple(map(_key, item.options))
        combinations = passed + [{**each, item.name: key} for each, key in product(asked, offered)]
    yield from combinations


def _key(option: Option) -> str:
    return option.key


def parts(text: Text) -> Iterator[Text]:
    """Yield a sentence and all sentences nested in it."""
    yield text
    for _name, value in text.values:
        if isinstance(value, Text):
            yield from parts(value)


@cache
def _results(
    name: str, today: date
) -> tuple[Sequence[tuple[Situation, Paragraphs]], KeysView[Text]]:
    """Return (a person's answers, the flow's result) for every path, and all sentences of results.

    `name` is a key of FLOWS. A result is a list of paragraphs. Several results can contain the same
    paragraph; its sentences are extracted only once.
    """
    flow, result_texts = FLOWS[name]
    nested: dict[Text, tuple[Text, ...]] = {}

    def pieces(paragraph: Text) -> tuple[Text, ...]:
        found = nested.get(paragraph)
        if found is None:
            found = nested[paragraph] = tuple(parts(paragraph))
        return found

    results = [
        (answers, tuple(map(pieces, result_texts(answers, today)))) for answers in situations(flow)
    ]
    return results, dict.fromkeys(chain.from_iterable(nested.values())).keys()


def all_results(name: str, today: date) -> Sequence[tuple[Situation, Paragraphs]]:
    """Return every combination of a person's answers in a flow, with its last paragraphs."""
    return _results(name, today)[0]


def all_sentences(name: str, today: date) -> KeysView[Text]:
    """Return every sentence that a flow's results can contain, for any answers of a person."""
    return _results(name, today)[1]


def sentences(paragraphs: Paragraphs) -> tuple[Text, ...]:
    """Return all sentences of paragraphs, including nested ones."""
    return tuple(chain.from_iterable(paragraphs))
