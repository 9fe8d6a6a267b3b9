"""Contacts for people who need help that this assistant cannot give."""

from datetime import date

from flows.engine.text import _
from flows.knowledge.facts import COLLECTED, About, Dated, Fact, Withheld

UNIFIED = Fact(
    key="contacts.ucc_1414",
    text=_("Unified Contact Centre for public services, inside Kazakhstan: 1414."),
    sources=(
        "https://www.gov.kz/situations/497/intro?lang=en",
        "https://adilet.zan.kz/eng/docs/V1600013324",
    ),
    as_of=COLLECTED,
    dated=Dated.READ,
    about=About.CONTACT,
)
MISSIONS = Fact(
    key="contacts.missions",
    text=_(
        "Embassies and consulates have their pages on gov.kz, in the section of the Ministry of"
        " Foreign Affairs."
    ),
    sources=(
        "https://www.gov.kz/memleket/entities/mfa-baku/press/article/1",
        "https://www.gov.kz/memleket/entities/mfa-strasbourg/press/news/details/605097?lang=en",
    ),
    as_of=date(2024, 4, 15),
    about=About.CONTACT,
)
FAMILY_LINE = Fact(
    key="contacts.line_111",
    text=_("For families, women and children, inside Kazakhstan: 111, free, day and night."),
    sources=(
        "https://apgazeta.kz/2024/03/18/na-strazhe-interesov-semi/",
        "https://www.inform.kz/ru/bolee-110-tisyach-detey-obratilis-za-pomoshyu-v-kontakt-tsentr-111-b7c9bd",
    ),
    as_of=date(2025, 11, 6),
    about=About.CONTACT,
)
TESTS = Fact(
    key="contacts.kaztest",
    text=_(
        "For the exam for citizenship people register on app.testcenter.kz. The results are on"
        " certificate.testcenter.kz."
    ),
    sources=(
        "https://kaz.inform.kz/news/kazakstan-azamattigin-alu-ushn-test-tapsiruga-otnsh-kabildau-bastaldi-4db767/",
    ),
    as_of=date(2026, 2, 3),
    about=About.CONTACT,
)

CONTACTS = (UNIFIED, MISSIONS)
HOTLINES = (UNIFIED, FAMILY_LINE)

CONTACTS_WITHHELD = (
    Withheld(
        key="contacts.ucc_abroad",
        words="+7 7172 906 984 for calls from abroad. Seen once; to be tried before it is said.",
        sources=("legalacts.egov.kz, address of the page not kept",),
        as_of="undated",
        verified=True,
    ),
    Withheld(
        key="contacts.ucc_old",
        words="8 800 080 7777 stands in old service standards; no source was found.",
        as_of="undated",
    ),
    Withheld(
        key="contacts.line_1411",
        words="No source was found for the number 1411.",
        as_of="2026-11-24",
    ),
    Withheld(
        key="contacts.otandastar",
        words="The Otandastar fund has an information centre; its number and hours were not found.",
        sources=("https://oq.gov.kz/en/news/1458",),
        as_of="2026-01-21",
    ),
)
