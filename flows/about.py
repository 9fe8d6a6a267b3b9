"""Flow about the registry: known facts, what the assistant does not promise, and contacts."""

from datetime import date

from flows.engine.flow import Flow, Outcome, Submit
from flows.engine.text import button
from flows.knowledge.contacts import CONTACTS
from flows.knowledge.facts import said
from flows.knowledge.registry import NO_PROMISE, REGISTRY


def outcome(answers: Submit, today: date) -> Outcome:
    return Outcome((*said(REGISTRY, today), NO_PROMISE, *said(CONTACTS, today)))


ABOUT = Flow(name="about", title=button("About the registry"), items=(), outcome=outcome)
