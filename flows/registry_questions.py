"""Flows in which a person answers a question that the registry asked about the registration.

Each flow repeats one question of the registration form.
"""

from dataclasses import replace
from datetime import date

from flows.engine import labels
from flows.engine.conditions import ALWAYS
from flows.engine.effects import Submit
from flows.engine.flow import Flow, Outcome
from flows.engine.questions import Question
from flows.preregistration import after_consent as form

# The form's question for each subject that the registry can ask about (`question-subjects` in its
# contract).
SUBJECTS: dict[str, Question] = {
    "SURNAME": form.SURNAME,
    "GIVEN_NAME": form.GIVEN_NAME,
    "BIRTH_YEAR": form.BIRTH_YEAR,
    "RESIDENCE_REGION": form.RESIDENCE_REGION,
    "TIMEFRAME": form.TIMEFRAME,
    "OCCUPATION": form.OCCUPATION,
}


def _nothing(answers: Submit, today: date) -> Outcome:
    return Outcome(())


def _asking(subject: str, question: Question) -> Flow:
    return Flow(
        name=f"asked_{question.name}",
        title=labels.ANSWER,
        items=(replace(question, when=ALWAYS, depends=(), skippable=False),),
        outcome=_nothing,
        follows=True,
        answers_to=subject,
    )


REGISTRY_QUESTIONS = tuple(_asking(*each) for each in SUBJECTS.items())
