"""Flow about the assistant: its operator, its limits (it decides nothing), privacy, registry."""

from datetime import date

from flows.engine import labels
from flows.engine.effects import Submit
from flows.engine.flow import Flow, Outcome
from flows.engine.text import Text, _
from flows.knowledge.contacts import CONTACTS
from flows.knowledge.facts import fact_texts
from flows.knowledge.registry import NO_PROMISE, OTHER_STATES, REGISTRY

RUN_BY = _("This assistant is run by: {operator}.")
RUN_BY_UNNAMED = _(
    "The body that runs this assistant has not given its name here. Ask the people from whom you"
    " have the address."
)
OFFICIAL = _(
    "The assistant gives information and decides nothing. Only the authorities decide. The official"
    " sites are gov.kz, egov.kz and migration.enbek.kz."
)


def about(operator: str) -> Flow:
    """Return the flow about the assistant; `operator` is the operator's name, "" if none is set."""
    run_by = Text(RUN_BY.msgid, (("operator", operator),)) if operator else RUN_BY_UNNAMED

    def outcome(answers: Submit, today: date) -> Outcome:
        facts, contacts = fact_texts(REGISTRY, today), fact_texts(CONTACTS, today)
        return Outcome((run_by, OFFICIAL, OTHER_STATES, NO_PROMISE, *facts, *contacts))

    return Flow(name="about", title=labels.ABOUT, items=(), outcome=outcome)


ABOUT = about("")
