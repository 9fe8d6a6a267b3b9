"""Flow for talking to an officer: topic, consent, and the person's words."""

from datetime import date

from flows import lifetimes
from flows.engine import labels
from flows.engine.effects import OpenCase, Submit
from flows.engine.flow import Consent, Flow, Outcome
from flows.engine.options import Option
from flows.engine.questions import Choice, FreeText
from flows.engine.text import _, button, row
from flows.knowledge.contacts import CONTACTS
from flows.knowledge.facts import fact_texts

URGENT = frozenset({"stay_ends", "passport", "trouble", "danger"})

TOPIC = Choice(
    name="topic",
    label=button("Topic"),
    text=_("What is it about?"),
    among=(
        # A page of options shows eight of them, so the urgent topics are the first eight.
        Option("danger", row("I may be in danger")),
        Option("trouble", row("Refusal or lost papers")),
        Option("stay_ends", row("Visa or stay ends soon")),
        Option("passport", row("Passport runs out")),
        Option("general", row("General question")),
        Option("registration", row("My registration")),
        Option("other_person", row("Helping someone else")),
        Option("minor", row("Under 18")),
        Option("former_citizen", row("Former citizen")),
        Option("no_papers", row("Ethnicity in papers")),
        Option("spouse", row("My spouse")),
    ),
)

CONSENT = Consent(
    name="consent_handoff",
    label=button("Consent"),
    purpose="handoff",
    text=_(
        "May we pass your words to an officer and keep them while your case is open and {days} days"
        " after? An officer of a mission or of the migration service of Kazakhstan reads them; so"
        " can the messenger's owner. Nothing is published. Write “delete” at any time to erase"
        " them. If you do not agree, nothing is kept.",
        days=lifetimes.CASE_DAYS,
    ),
)

WORDS = FreeText(
    name="words",
    label=button("Your question"),
    text=_(
        "Please write your question to the officer in your own words. Do not write document"
        " numbers."
    ),
    skippable=True,
    maximum=2000,
)


def outcome(answers: Submit, today: date) -> Outcome:
    topic = answers.answers.get("topic") or "general"
    case = OpenCase(topic, topic in URGENT, answers.answers.get("words") or "")
    return Outcome((), (case,))


OFFICER = Flow(
    name="officer",
    title=labels.TALK_TO_A_PERSON,
    items=(TOPIC, CONSENT, WORDS),
    outcome=outcome,
    declined=lambda answers, today: (
        _("Nothing was kept. You can turn to these directly:"),
        *fact_texts(CONTACTS, today),
    ),
    hands_over=True,
)
