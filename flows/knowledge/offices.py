"""Offices to which a person can turn, and the missions (embassies, consulates) by country."""

from dataclasses import dataclass
from datetime import date

from flows.engine.text import Text, _, verbatim
from flows.knowledge.facts import COLLECTED, About, Dated, Fact
from flows.knowledge.missions import GENERAL

_MOVE = "https://oq.gov.kz/en/movein"
_KANDAS = "https://oq.gov.kz/en/kandastar"

MISSION = Fact(
    key="offices.mission",
    text=_(
        "While you are still abroad, a mission of Kazakhstan answers about applications, visas, the"
        " Ata Zholy card and legalisation."
    ),
    sources=(_MOVE,),
    as_of=COLLECTED,
    dated=Dated.READ,
    about=About.CONTACT,
)
AKIMAT = Fact(
    key="offices.akimat",
    text=_(
        "Inside Kazakhstan, the employment and social programmes department of the akimat answers"
        " about the kandas status and the commission."
    ),
    sources=(
        "https://www.zakon.kz/pravo/6494498-prisvoenie-statusa-kandasa-vneseny-izmeneniya-v-pravila.html",
    ),
    as_of=date(2025, 10, 26),
    about=About.CONTACT,
)
CAREER = Fact(
    key="offices.career_centre",
    text=_("The career centre of the region that receives you answers about quota and payments."),
    sources=(_MOVE,),
    as_of=COLLECTED,
    dated=Dated.READ,
    about=About.CONTACT,
)
POLICE = Fact(
    key="offices.police",
    text=_(
        "The migration service of the police department answers about the residence permit and"
        " citizenship."
    ),
    sources=(_KANDAS,),
    as_of=COLLECTED,
    dated=Dated.READ,
    about=About.CONTACT,
)
COUNTER = Fact(
    key="offices.state_corporation",
    text=_("A State Corporation office gives the IIN and the residence card, and takes papers."),
    sources=(_MOVE,),
    as_of=COLLECTED,
    dated=Dated.READ,
    about=About.CONTACT,
)
FUND = Fact(
    key="offices.otandastar",
    text=_("The Otandastar fund advises Kazakhs abroad; its site is oq.gov.kz."),
    sources=("https://oq.gov.kz/en/news/1458", "https://oq.gov.kz/en/movein"),
    as_of=COLLECTED,
    dated=Dated.READ,
    about=About.CONTACT,
)

OFFICES = (MISSION, AKIMAT, CAREER, POLICE, COUNTER, FUND)


@dataclass(frozen=True, slots=True)
class Place:
    """A mission whose existence is verified, so that its name may be shown, but not its address.

    `key` is the key in `missions`; `country` is an ISO 3166-1 alpha-2 code.
    """

    key: str
    country: str
    name: Text


PLACES = (
    Place("cn_beijing", "CN", _("Embassy in Beijing")),
    Place("cn_shanghai", "CN", _("Consulate General in Shanghai")),
    Place("cn_hongkong", "CN", _("Consulate General in Hong Kong")),
    Place("cn_xian", "CN", _("Consulate General in Xian")),
    Place("cn_guangzhou", "CN", _("Consulate General in Guangzhou")),
    Place("uz_tashkent", "UZ", _("Embassy in Tashkent")),
    Place("uz_samarkand", "UZ", _("Consulate General in Samarkand, also for Karakalpakstan")),
    Place("mn_ulaanbaatar", "MN", _("Embassy in Ulaanbaatar")),
    Place("ru_moscow", "RU", _("Embassy in Moscow")),
    Place("ru_astrakhan", "RU", _("Consulate General in Astrakhan")),
    Place("ru_kaliningrad", "RU", _("Honorary consulate in Kaliningrad")),
    Place("de_berlin", "DE", _("Embassy in Berlin")),
    Place("de_frankfurt", "DE", _("Consulate General in Frankfurt")),
    Place("de_munich", "DE", _("Consulate General in Munich")),
    Place("de_hamburg", "DE", _("Consulate General in Hamburg")),
    Place("kg_bishkek", "KG", _("Embassy in Bishkek")),
    Place("kg_osh", "KG", _("Consulate General in Osh")),
    Place("tm_ashgabat", "TM", _("Embassy in Ashgabat")),
    Place("tr_ankara", "TR", _("Embassy in Ankara")),
    Place("tr_istanbul", "TR", _("Consulate General in Istanbul")),
    Place("ir_tehran", "IR", _("Embassy in Tehran")),
    Place("ir_gorgan", "IR", _("Consulate General in Gorgan")),
    Place("ir_bandarabbas", "IR", _("Consulate in Bandar Abbas")),
)


def places(country: str) -> tuple[Place, ...]:
    """Return the missions in a country that a source confirms; empty if there are none."""
    return tuple(place for place in PLACES if place.country == country)


# Names of the desks to which cases are assigned. These names are shown only to officers.
_DESKS: dict[str, Text] = {
    GENERAL: _("General team"),
    **{place.key: place.name for place in PLACES},
}


def desk_name(key: str) -> Text:
    """Return the name of a mission's desk or of the general desk; for an unknown key, the key."""
    return _DESKS.get(key) or verbatim(key)
