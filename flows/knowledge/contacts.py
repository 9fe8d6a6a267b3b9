"""Where a person can turn without this assistant."""

from datetime import date

from flows.engine.text import _
from flows.knowledge.facts import Fact

CONTACTS = (
    Fact(
        "contacts.ucc_1414",
        _("Unified Contact Centre for public services, inside Kazakhstan: 1414."),
        "https://adilet.zan.kz/eng/docs/V1600013324",
        date(2022, 10, 4),
        date(2027, 11, 24),
    ),
    Fact(
        "contacts.missions",
        _(
            "Embassies and consulates have their pages on gov.kz, in the section of the Ministry of"
            " Foreign Affairs."
        ),
        "https://www.gov.kz/memleket/entities/mfa-strasbourg/press/article/details/605097",
        date(2024, 4, 15),
        date(2027, 11, 24),
    ),
)
