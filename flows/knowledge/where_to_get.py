"""Facts about where to get the documents of a checklist: offices and sites in Kazakhstan, missions.

Each sentence follows the name of a document, without a date; the checklist's last line has the
dates.
"""

from datetime import date

from flows.engine.text import Text, _
from flows.knowledge.facts import COLLECTED, About, Dated, Fact

_KANDAS_RULES = "https://www.zakon.kz/pravo/6494498-prisvoenie-statusa-kandasa-vneseny-izmeneniya-v-pravila.html"
_MOVE = "https://oq.gov.kz/en/movein"
_PERMIT = "https://egov.kz/cms/en/services/009pass_mvd"
_VISA = "https://www.gov.kz/memleket/entities/mfa-newyork/press/article/details/86164?directionId=5977&lang=en"


def _place(key: str, text: Text, *sources: str, as_of: date | None = None) -> Fact:
    """Return a fact about where to get a document; without `as_of`, its sources have no date."""
    return Fact(
        key=f"where.{key}",
        text=text,
        sources=sources,
        as_of=as_of or COLLECTED,
        dated=Dated.DAY if as_of else Dated.READ,
        about=About.PAPERS,
    )


APPLYING = _place(
    "kandas_application",
    _("Where: migration.enbek.kz, egov.kz, a mission or a State Corporation office."),
    _KANDAS_RULES,
    "https://prosud.kz/amp/ekspertiza/1022984-status-kandasa-izmenilis-pravila-prisvoeniya.html",
    as_of=date(2025, 10, 26),
)
OFFICE = _place(
    "iin",
    _("Where: at a State Corporation office in Kazakhstan, in person."),
    _MOVE,
    "https://zakon.kz/amp/pravo/6427588-iin-inostrantsam-budut-prisvaivat-po-novym-pravilam.html",
)
CLINIC = _place(
    "medical",
    _("Where: at a clinic in Kazakhstan."),
    _PERMIT,
    "https://adilet.zan.kz/rus/docs/V1500012880",
)
POLICE = _place(
    "permit",
    _("Where: at the migration service of the police."),
    _PERMIT,
    "https://adilet.zan.kz/rus/docs/V1500012880",
)
POLICE_CITIZENSHIP = _place(
    "citizenship",
    _("Where: at the migration service of the police."),
    "https://oq.gov.kz/en/kandastar",
)
AKIMAT = _place(
    "recommendation",
    _("Where: at the akimat."),
    _KANDAS_RULES,
    as_of=date(2025, 10, 26),
)
PORTAL = _place(
    "pilot_questionnaire",
    _("Where: migration.enbek.kz."),
    "https://charter97.org/ru/news/2026/2/24/674811/",
    "https://news.mail.ru/politics/69967509/",
    as_of=date(2026, 2, 27),
)
MISSION = _place("visa", _("Where: at a mission of Kazakhstan."), _VISA)
CONSULATE = _place(
    "legalisation",
    _("Where: at a mission of Kazakhstan."),
    "https://adilet.zan.kz/rus/docs/V1700016116",
)
QUOTA_OFFICES = _place(
    "quota_application",
    _("Where: migration.enbek.kz, egov.kz or a State Corporation office."),
    _MOVE,
)
CARD_OFFICES = _place(
    "ata_zholy_application",
    _("Where: migration.enbek.kz, a mission, an employment department or the Otandastar fund."),
    "https://www.gov.kz/memleket/entities/mfa-baku/press/article/1",
    "https://oq.gov.kz/ru/moveatajoly",
    as_of=date(2024, 4, 15),
)

# Documents that a mission in the person's country can give or accept.
AT_MISSIONS = (APPLYING, MISSION, CONSULATE, CARD_OFFICES)
WHERE = (
    APPLYING,
    OFFICE,
    CLINIC,
    POLICE,
    POLICE_CITIZENSHIP,
    AKIMAT,
    PORTAL,
    MISSION,
    CONSULATE,
    QUOTA_OFFICES,
    CARD_OFFICES,
)
