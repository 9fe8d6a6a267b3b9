"""Flow for questions in the person's own words.

Some questions are offered as buttons, others are found by typed words. Officers answer the rest.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from flows.engine.conditions import Answers
from flows.engine.effects import Submit
from flows.engine.flow import Flow, Outcome
from flows.engine.hearing import NOT_VERIFIED
from flows.engine.language_protocol import Refusal
from flows.engine.options import Option, Reading, TypedAnswer
from flows.engine.questions import Choice, CountryQuestion
from flows.engine.text import Label, Text, _, button
from flows.knowledge.faq import ENTRIES, Entry, entry, find
from flows.knowledge.intents.answer import lapsed, part_texts
from flows.knowledge.origins import ORIGINS
from flows.missions import missions

SHOWN = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic(Choice):
    """The choice of a frequent question: some are buttons, the others are found by typed words.

    `unlisted` is sent if no question is found. This text offers an officer and does not ask to
    rephrase.
    """

    asks_freely: bool = True
    unlisted: Text = _(
        "We have no checked answer to this question. A person can answer it: press “Talk to a "
        "person”, or choose a question."
    )

    def read(self, typed: str, reading: Reading) -> TypedAnswer:
        found = find(typed, reading.words)
        if len(found) == 1:
            return found[0].key
        return tuple(map(_option, found)) or Refusal.NOT_LISTED

    def show(self, value: str) -> Label:
        found = entry(value)
        return found.label if found else Text("{words}", (("words", value),))

    def accepts(self, value: str) -> bool:
        return entry(value) is not None


def _option(found: Entry) -> Option:
    return Option(found.key, found.label)


TOPIC = Topic(
    name="faq_topic",
    label=button("Your question"),
    text=_("Choose a question, or write yours in a few words. What you write is not kept."),
    among=tuple(map(_option, ENTRIES[:SHOWN])),
    persisted=False,
)
COUNTRY = CountryQuestion(
    name="mission_country",
    label=button("Country"),
    text=_("Missions in which country? Press a button or write its name."),
    offered=ORIGINS[:6],
    when=TOPIC.is_("missions"),
    persisted=False,
)
ASK = _("Is this not your question? A person can answer it.")


def outcome(answers: Submit, today: date) -> Outcome:
    return Outcome(tuple(result_texts(answers.answers, today)))


def result_texts(answers: Answers, today: date) -> Iterator[Text]:
    """Yield the complete answer to the chosen question, paragraph by paragraph."""
    found = entry(answers.get("faq_topic") or "")
    if found is not None:
        yield from found.remarks
        country = answers.get("mission_country")
        yield from missions(country, today) if country else ()
        yield from part_texts(found.parts, today)
        if lapsed(found.parts, today):
            yield NOT_VERIFIED
    yield ASK


FAQ = Flow(
    name="faq",
    title=button("Questions, offices"),
    items=(TOPIC, COUNTRY),
    outcome=outcome,
)
