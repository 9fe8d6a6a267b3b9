"""Flow about the pilot project of 2026: its stages, and practice for its Kazakh language test.

The practice gives no points and explains wrong answers. Nothing is stored.
"""

from collections.abc import Iterator
from datetime import date

from flows.engine.conditions import Answers, all_of
from flows.engine.effects import Submit
from flows.engine.flow import Flow, Item, Notice, Outcome
from flows.engine.options import Option
from flows.engine.questions import Choice
from flows.engine.text import Text, _, button, row, verbatim
from flows.knowledge import pilot_2026
from flows.knowledge.facts import ending, fact_texts
from flows.knowledge.intents.answer import part_texts
from flows.knowledge.intents.tests import OTHER_EXAM
from flows.knowledge.quiz import EXERCISES, Exercise
from flows.paragraphs import joined, lines

WISH = Choice(
    name="wish",
    label=button("Your wish"),
    text=_("What would you like?"),
    among=(
        Option("stages", row("See the stages")),
        Option("practice", row("Practise Kazakh")),
    ),
    persisted=False,
)
NOT_QUITE = _("Not quite. Here is what it means.")
STAGES = _("The stages, as far as we know:")
NOT_VERIFIED = _(
    "We have not checked the following, so please ask an officer: do children, older people "
    "or people with a disability take the test, and how are the answers judged?"
)
PRACTISED = _(
    "This is what you practised. The practice is not the real test, and nobody gives points here."
)
MEANS = _("{kazakh} ({arabic})")
ASK = _("A person can help with all of this. What you chose here is not kept.")


def _question(exercise: Exercise) -> Choice:
    return Choice(
        name=f"quiz_{exercise.key}",
        label=button("Practice"),
        text=lines(exercise.ask, verbatim(exercise.kazakh), verbatim(exercise.arabic)),
        among=exercise.among,
        when=WISH.is_("practice"),
        persisted=False,
    )


def _explanation(exercise: Exercise, question: Choice) -> Notice:
    wrong = (option.key for option in exercise.among if option.key != exercise.right)
    return Notice(
        name=f"note_{exercise.key}",
        label=button("Practice"),
        text=lines(NOT_QUITE, verbatim(exercise.kazakh), verbatim(exercise.arabic), exercise.why),
        when=all_of(WISH.is_("practice"), question.is_(*wrong)),
        persisted=False,
    )


def _items() -> Iterator[Item]:
    yield WISH
    for exercise in EXERCISES:
        question = _question(exercise)
        yield question
        yield _explanation(exercise, question)


def outcome(answers: Submit, today: date) -> Outcome:
    return Outcome(tuple(result_texts(answers.answers, today)))


def result_texts(answers: Answers, today: date) -> Iterator[Text]:
    """Yield the paragraphs of the last message: the exercises, or the stages of the pilot."""
    if answers.get("wish") == "practice":
        yield PRACTISED
        yield lines(*map(_line, EXERCISES))
    else:
        yield from _stages(today)
    yield ASK


def _stages(today: date) -> Iterator[Text]:
    stages = fact_texts(pilot_2026.PILOT, today)
    if not stages:
        yield from fact_texts([pilot_2026.PHASE], today)
        return
    yield from ending(pilot_2026.PHASE, today)
    yield STAGES
    yield from stages
    yield NOT_VERIFIED
    yield from part_texts((pilot_2026.BINDS, OTHER_EXAM), today)


def _line(exercise: Exercise) -> Text:
    both = _(MEANS.msgid, kazakh=exercise.kazakh, arabic=exercise.arabic)
    return joined(both, exercise.why)


INTERVIEW = Flow(
    name="interview",
    title=button("Test and interview"),
    items=tuple(_items()),
    outcome=outcome,
)
