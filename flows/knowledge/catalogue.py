"""All facts by key: facts that may be shown, and statements that are withheld."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from flows.knowledge.cards import CARDS, CARDS_WITHHELD
from flows.knowledge.contacts import CONTACTS, CONTACTS_WITHHELD, HOTLINES, TESTS
from flows.knowledge.documents import DOCUMENTS, DOCUMENTS_WITHHELD, ORIGINALS
from flows.knowledge.entry import ENTRY
from flows.knowledge.facts import Fact, Withheld, months_after
from flows.knowledge.kandas import KANDAS, KANDAS_WITHHELD
from flows.knowledge.laws import LAWS
from flows.knowledge.living import LIVING
from flows.knowledge.offices import OFFICES
from flows.knowledge.permits import PERMIT_DOCUMENTS
from flows.knowledge.pilot_2026 import BESIDE_THE_STAGES, PHASE, PILOT, PILOT_WITHHELD
from flows.knowledge.quota import DUTIES, QUOTA, QUOTA_WITHHELD, SETTLED, SHYMKENT
from flows.knowledge.registry import REGISTRY, REGISTRY_WITHHELD
from flows.knowledge.requirements import REQUIREMENTS
from flows.knowledge.safety import SAFETY_FACTS
from flows.knowledge.settling import SETTLING, SETTLING_WITHHELD
from flows.knowledge.where_to_get import WHERE
from flows.knowledge.withheld import COUNTRIES_WITHHELD

FACTS: Sequence[Fact] = tuple(
    dict.fromkeys(
        (
            *REGISTRY,
            PHASE,
            *PILOT,
            *BESIDE_THE_STAGES,
            *KANDAS,
            *QUOTA,
            *DUTIES,
            SETTLED,
            SHYMKENT,
            *CARDS,
            *SETTLING,
            *LAWS,
            *ENTRY,
            *LIVING,
            *REQUIREMENTS,
            *(document.fact for document in (*DOCUMENTS, *PERMIT_DOCUMENTS)),
            *WHERE,
            ORIGINALS,
            *OFFICES,
            *CONTACTS,
            *HOTLINES,
            *SAFETY_FACTS,
            TESTS,
        )
    )
)
WITHHELD: Sequence[Withheld] = (
    *REGISTRY_WITHHELD,
    *PILOT_WITHHELD,
    *KANDAS_WITHHELD,
    *QUOTA_WITHHELD,
    *CARDS_WITHHELD,
    *SETTLING_WITHHELD,
    *COUNTRIES_WITHHELD,
    *DOCUMENTS_WITHHELD,
    *CONTACTS_WITHHELD,
)


def find(key: str) -> Fact | Withheld | None:
    """Return the fact or the withheld statement with the key `key`; None if there is none."""
    known: tuple[Fact | Withheld, ...] = (*FACTS, *WITHHELD)
    return next((each for each in known if each.key == key), None)


def withheld_about(country: str) -> tuple[Withheld, ...]:
    """Return the statements about a country (ISO code) that must not be shown."""
    return tuple(each for each in WITHHELD if each.key.startswith(f"{country.lower()}."))


def due(today: date, days: int, months: int) -> Iterator[tuple[Fact, str]]:
    """Yield the facts that an editor must check now or soon, each with the reason.

    A fact has expired, or expires within `days`, or its check is due: on its `review` day, and at
    the latest `months` after the last check.
    """
    for fact in sorted(FACTS, key=lambda fact: (fact.until, fact.key)):
        if fact.until < today:
            yield fact, f"silent since {fact.until + timedelta(days=1)}"
        elif fact.until <= today + timedelta(days=days):
            yield fact, f"said for the last time on {fact.until}"
        elif min(fact.review, months_after(fact.checked, months)) < today:
            yield fact, f"last checked on {fact.checked}, was to be checked by {fact.review}"
