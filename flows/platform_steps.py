"""Facts to show with each step of an application on the Kandas platform of Kazakhstan."""

from collections.abc import Mapping
from datetime import date

from flows.engine.text import Text
from flows.knowledge import kandas, pilot_2026, quota, settling
from flows.knowledge.facts import Fact, fact_texts
from flows.knowledge.intents.cautions import REFUSED

# Facts to show while a step of the platform is open, by the key of the step.
TO_DO: Mapping[str, tuple[Fact, ...]] = {
    "TEST": (pilot_2026.TEST,),
    "QUESTIONNAIRE": (pilot_2026.QUESTIONNAIRE,),
    "CHECK": (pilot_2026.CHECK,),
    "INTERVIEW": (pilot_2026.INTERVIEW,),
    "COMMISSION": (kandas.COMMISSION, kandas.HEARING),
    "STATUS": (kandas.DECISION,),
    "QUOTA": (quota.DUTY,),
    "CARD": (settling.CARD,),
}
# Facts to show once a step of the platform is done, by the key of the step.
AFTERWARDS: Mapping[str, tuple[Fact, ...]] = {"STATUS": (kandas.VALIDITY,)}


def step_explanation(step: str, status: str, today: date) -> tuple[Text, ...]:
    """Return the sentences about a step of the platform; empty if no fact about it may be shown.

    All refused steps (NOT_DONE) share one sentence, which explains a refusal.
    """
    if status == "NOT_DONE":
        return (REFUSED,)
    facts = TO_DO if status == "OPEN" else AFTERWARDS
    return tuple(fact_texts(facts.get(step, ()), today))
