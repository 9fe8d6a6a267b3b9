"""Texts for a person in danger: steps to take now, and help that no government runs."""

from collections.abc import Mapping
from datetime import date

from flows.engine.text import Text, _
from flows.knowledge.contacts import FAMILY_LINE
from flows.knowledge.facts import About, Dated, Fact

READ = date(2026, 11, 28)
RED_CROSS = Fact(
    key="safety.red_cross",
    text=_(
        "The Red Cross and the Red Crescent look for missing and detained relatives in all"
        " countries, free of charge and independently of every state: familylinks.icrc.org."
    ),
    sources=(
        "https://en.wikipedia.org/wiki/Restoring_Family_Links",
        "https://docslib.org/doc/7138533/restoring-links-between-dispersed-family-members",
    ),
    as_of=READ,
    dated=Dated.READ,
    checked=READ,
)
UNHCR = Fact(
    key="safety.unhcr",
    text=_(
        "The refugee agency of the United Nations works in Kazakhstan independently of the"
        " state; its office for Central Asia is in Almaty: +7 727 258 45 98, help.unhcr.org."
    ),
    sources=(
        "https://www.unhcr.org/kazakhstan.html",
        "https://webarchive.archive.unhcr.org/20200123220611mp_/https://www.unhcr.org/centralasia/en/unhcr-in-kazakhstan",
    ),
    as_of=date(2022, 1, 1),
    dated=Dated.YEAR,
    about=About.CONTACT,
)
SAFETY_FACTS = (RED_CROSS, UNHCR)

EMERGENCY = _(
    "Is life in danger now? Call the emergency number of the country where you are, or go to "
    "people you trust."
)
LAWYER = _("Ask for a lawyer and an interpreter. Do not sign what you cannot read.")
WRITE_DOWN = _("Write down on paper when, where and by whom the person was taken.")
AFRAID = _("Say clearly that you are afraid to be sent back.")
SAFE_PHONE = _(
    "Stop writing here if somebody may read it. Write again from a safe phone or from a safe"
    " country."
)
YOUR_PAPERS = _("Do not give your passport to anybody to keep.")
NOT_ALONE = _("Please do not stay alone now. Call somebody you trust.")
CHILD = _("Keep the child near people you trust.")

# The safety answer by danger intent; "" if the kind of danger is unknown.
SAFETY: Mapping[str, tuple[Fact | Text, ...]] = {
    "": (EMERGENCY, RED_CROSS, UNHCR),
    "danger.detained": (WRITE_DOWN, LAWYER, RED_CROSS, UNHCR),
    "danger.deported": (AFRAID, LAWYER, UNHCR),
    "danger.followed": (SAFE_PHONE, EMERGENCY, UNHCR),
    "danger.violence": (EMERGENCY, YOUR_PAPERS, FAMILY_LINE, UNHCR),
    "danger.self_harm": (NOT_ALONE, EMERGENCY, FAMILY_LINE),
    "danger.child": (CHILD, EMERGENCY, FAMILY_LINE, RED_CROSS),
}
