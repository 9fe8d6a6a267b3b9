"""The form that every framework implements: five questions for text, five with four choices."""

from datetime import date

from flows.engine.effects import Submit
from flows.engine.flow import Consent, Flow, Outcome
from flows.engine.options import Option
from flows.engine.questions import Choice, FreeText
from flows.engine.text import Text, _, button

MAX_LENGTH = 100
OPTIONS = {"a": "First", "b": "Second", "c": "Third", "d": "Fourth"}
QUESTIONS = tuple(
    (f"question{number}", f"Question {number} of the form, which is as long as real ones are?")
    for number in range(1, 11)
)
TOO_LONG = "That is too long. Please keep it under 100 characters."
DONE = "Thank you. The form is complete."
KEPT, ASKED, TYPED = "Ten questions, kept", "Ten questions", "Ten answers, typed"


def is_choice(number: int) -> bool:
    """Return True if question `number`, from 0, is a choice; text and choices alternate."""
    return number % 2 == 1


def _outcome(answers: Submit, today: date) -> Outcome:
    return Outcome((Text(DONE),))


def _questions(*, typed: bool = False) -> tuple[FreeText | Choice, ...]:
    """Return the questions; if `typed`, all require text."""
    options = tuple(Option(key, button(label)) for key, label in OPTIONS.items())
    return tuple(
        Choice(name=name, label=button(name), text=Text(text), among=options)
        if is_choice(number) and not typed
        else FreeText(name=name, label=button(name), text=Text(text), maximum=MAX_LENGTH)
        for number, (name, text) in enumerate(QUESTIONS)
    )


CONSENT = Consent(
    name="consent",
    label=button("Consent"),
    text=_("May these ten answers be kept?"),
    purpose="benchmark",
)
FORMS = {
    flow.name: flow
    for flow in (
        Flow("kept", button(KEPT), (CONSENT, *_questions()), _outcome),
        Flow("asked", button(ASKED), _questions(), _outcome),
        Flow("typed", button(TYPED), (CONSENT, *_questions(typed=True)), _outcome),
    )
}
