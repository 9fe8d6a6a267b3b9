"""Pre-registration: questions about who comes, from where, with whom, and how to reach them.

Questions that only decide which further questions are asked precede the consent, and their answers
are not stored. Questions whose answers the registry needs follow the consent. The fields are tiers
0 and 1 in docs/decisions/0002-few-fields.md. Never asked: document numbers, health, views, stories,
exact addresses, names of other adults.
"""

from datetime import date

from flows.engine.conditions import Answers
from flows.engine.effects import Submit
from flows.engine.flow import Derived, Flow, Outcome, Review
from flows.engine.text import Text, _, button
from flows.knowledge.contacts import CONTACTS
from flows.knowledge.facts import fact_texts
from flows.knowledge.origins import origin
from flows.missions import missions
from flows.preregistration.after_consent import (
    BIRTH_YEAR,
    CONTACT,
    DETAILS,
    EDUCATION,
    FAMILY,
    GIVEN_NAME,
    KAZAKH,
    KAZAKH_LEVEL,
    NAME_KK,
    NOT_KAZAKH,
    OCCUPATION,
    PATRONYMIC,
    PHONE,
    RESIDENCE,
    RESIDENCE_REGION,
    SUPPORT_NEEDED,
    SURNAME,
    TARGET_REGION,
    TIMEFRAME,
    WRITE_FIRST,
)
from flows.preregistration.before_consent import (
    ADULT,
    APPLYING,
    CITIZENSHIP,
    CONSENT,
    FORMER,
    FORMER_CITIZEN,
    IN_TROUBLE,
    LOCATION,
    MINOR,
    NO_PAPERS,
    OTHER_PERSON,
    PAPERS,
    PASSPORT,
    PASSPORT_ENDS,
    PURPOSE,
    RISK,
    STAY,
    STAY_ENDS,
    TROUBLE,
)

REVIEW = Review(
    name="review",
    label=button("Review"),
    text=_("Please check. Is everything right? You can change each answer before it is sent."),
)

PROGRAMMES = {"move": "kandas_status", "information": "registry_preregistration"}


def programme(answers: Answers) -> str:
    """Return the programme for the person's purpose; for other purposes, the Ata Zholy card."""
    return PROGRAMMES.get(answers.get("purpose") or "", "ata_zholy")


def outcome(answers: Submit, today: date) -> Outcome:
    return Outcome((), (answers,))


NOT_KEPT = _("These answers were not kept. You can go on asking, or turn to these directly:")


def declined(answers: Answers, today: date) -> tuple[Text, ...]:
    """Return contacts for a person who did not consent.

    Missions are included only if the person is in the country of their citizenship and that country
    is not marked as dangerous.
    """
    country = answers.get("citizenship") or ""
    there = answers.get("location") == "origin" and len(country) == 2
    near = missions(country, today) if there and not origin(country).dangerous else ()
    return (NOT_KEPT, *near, *fact_texts(CONTACTS, today))


NOT_OPEN = _(
    "Registration is closed here at the moment. Nothing was kept. You can read what is known, "
    "or talk to a person."
)

CLOSED = Flow(
    name="preregistration",
    title=button("Pre-register"),
    items=(),
    outcome=lambda answers, today: Outcome((NOT_OPEN, *fact_texts(CONTACTS, today))),
)
"""Replaces the flow while no registry is available."""

PREREGISTRATION = Flow(
    name="preregistration",
    title=button("Pre-register"),
    items=(
        APPLYING,
        OTHER_PERSON,
        ADULT,
        MINOR,
        PURPOSE,
        CITIZENSHIP,
        LOCATION,
        STAY,
        STAY_ENDS,
        PASSPORT,
        PASSPORT_ENDS,
        FORMER,
        FORMER_CITIZEN,
        PAPERS,
        NO_PAPERS,
        TROUBLE,
        IN_TROUBLE,
        RISK,
        CONSENT,
        KAZAKH,
        NOT_KAZAKH,
        SURNAME,
        GIVEN_NAME,
        BIRTH_YEAR,
        RESIDENCE,
        TARGET_REGION,
        TIMEFRAME,
        FAMILY,
        CONTACT,
        PHONE,
        WRITE_FIRST,
        DETAILS,
        PATRONYMIC,
        NAME_KK,
        RESIDENCE_REGION,
        EDUCATION,
        OCCUPATION,
        KAZAKH_LEVEL,
        SUPPORT_NEEDED,
        Derived("programme", programme, reads=("purpose",)),
        REVIEW,
    ),
    outcome=outcome,
    declined=declined,
    registers=True,
)
