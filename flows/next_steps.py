"""Flow about the time after a registration: the registry's steps, decisions, changes, appeals."""

from datetime import date

from flows.engine import labels
from flows.engine.effects import Submit
from flows.engine.flow import Flow, Outcome
from flows.engine.text import _
from flows.knowledge import kandas
from flows.knowledge.contacts import CONTACTS
from flows.knowledge.facts import fact_texts
from flows.knowledge.intents.cautions import REFUSED
from flows.knowledge.registry import NO_PROMISE
from flows.platform_steps import step_explanation

THE_REGISTRY = _(
    "First, what you sent is checked for the registry. You can see the result under “My "
    "registration”: received, then accepted, or an officer is looking at it. You need not "
    "send it again."
)
APPLY = _(
    "For the kandas status you need a separate application with your papers. Make your list "
    "under “{my_papers}”.",
    my_papers=labels.MY_PAPERS,
)
CHANGE = _(
    "Under “{my_registration}” you can change an answer or withdraw everything, at any time and"
    " without a reason.",
    my_registration=labels.MY_REGISTRATION,
)
DECIDES = (kandas.CHANNELS, kandas.COMPLETENESS, kandas.COMMISSION, kandas.DECISION)


def outcome(answers: Submit, today: date) -> Outcome:
    return Outcome(
        (
            THE_REGISTRY,
            NO_PROMISE,
            APPLY,
            *fact_texts((*DECIDES, kandas.HEARING), today),
            CHANGE,
            REFUSED,
            *fact_texts(CONTACTS, today),
        )
    )


NEXT_STEPS = Flow(
    name="next_steps",
    title=labels.NEXT_STEPS,
    items=(),
    outcome=outcome,
    follows=True,
    explains=step_explanation,
)
