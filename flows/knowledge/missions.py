"""Missions (embassies and consulates) to which a case may be assigned; time zones of people abroad.

A case is a person's request to an officer. A case is assigned to a mission only if the mission has
officers in this system, else to the general desk. The list does therefore not claim that a mission
is open. Which consulate serves which province is not verified, so a country's cases go to the first
of its missions that has officers.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from flows.engine.text import Country, Label, _

GENERAL = "general"
# Time zone of the general desk, which works in Kazakhstan.
HOME_ZONE = "Asia/Almaty"


@dataclass(frozen=True, slots=True)
class Mission:
    """A mission: its unique key, `country` (ISO 3166-1 alpha-2), and `zone` (tz database).

    `as_of` is the last date on which a source shows that the mission works; None if the source is
    undated.
    """

    key: str
    country: str
    zone: str
    source: str
    as_of: date | None = None


_CHINA = "https://www.skyway.kz/ru/visas/kazahstan-kitaj/"
_ASTRAKHAN = (
    "https://kaz.zakon.kz/sayasat/6033682-azastan-astrakhanda-al-resey-oralda-konsuldy-ashady.html"
)
_TREND = "https://en.trend.az/business/4005064.html"
_GERMANY = "https://hamburg-24stun.de/articles/kasachstan-eroffnet-drittes-konsulat-in-deutschland-wahlt-hamburg"
_IRAN = "https://newtimes.kz/eksklyuziv/207655-situatsiia-na-blizhnem-vostoke-boitsia-li-astana-vozvrashcheniia-iranskikh-kazakhov/amp"

MISSIONS = (
    Mission("cn_beijing", "CN", "Asia/Shanghai", _CHINA),
    Mission("cn_shanghai", "CN", "Asia/Shanghai", "http://www.hasakesitana.com/htqz/660.html"),
    Mission("cn_hongkong", "CN", "Asia/Hong_Kong", _CHINA),
    Mission(
        "cn_xian",
        "CN",
        "Asia/Shanghai",
        "http://en.people.cn/n3/2023/0520/c90000-20021331.html",
        date(2023, 5, 19),
    ),
    Mission(
        "cn_guangzhou",
        "CN",
        "Asia/Shanghai",
        "https://www.inform.kz/ru/generalnoe-konsulstvo-kazahstana-otkrilos-v-kitayskom-guanchzhou-8dbd07",
        date(2026, 1, 19),
    ),
    Mission(
        "uz_tashkent",
        "UZ",
        "Asia/Tashkent",
        "https://kursiv.kz/en/news/politika/2020-09/kazakhstan-open-general-consulate-samarkand",
        date(2020, 9, 15),
    ),
    Mission(
        "uz_samarkand",
        "UZ",
        "Asia/Samarkand",
        "https://redigo.ru/news/46324761-v-samarkande-poyavilos-konsulstvo-kazahstana",
        date(2021, 4, 29),
    ),
    Mission(
        "mn_ulaanbaatar",
        "MN",
        "Asia/Ulaanbaatar",
        "https://www.montsame.mn/en/read/206375",
        date(2019, 11, 8),
    ),
    Mission(
        "ru_moscow",
        "RU",
        "Europe/Moscow",
        "https://riafan.ru/22757277-konsul_skii_otdel_posol_stva_kazahstana_v_rossii_nachnet_ochnii_priem_grazhdan_s_17_fevralya",
        date(2022, 2, 11),
    ),
    Mission("ru_astrakhan", "RU", "Europe/Astrakhan", _ASTRAKHAN),
    Mission(
        "ru_kaliningrad",
        "RU",
        "Europe/Kaliningrad",
        "https://gorsovetklgd.ru/novosti/v-kaliningrade-otkryto-konsulstvo-respubliki-kazahstan",
        date(2022, 4, 29),
    ),
    Mission("de_berlin", "DE", "Europe/Berlin", _GERMANY, date(2025, 5, 5)),
    Mission("de_frankfurt", "DE", "Europe/Berlin", _GERMANY, date(2025, 5, 5)),
    Mission(
        "de_munich",
        "DE",
        "Europe/Berlin",
        "https://www.gov.kz/memleket/entities/mfa-munich/press/article/1",
        date(2024, 5, 21),
    ),
    Mission("de_hamburg", "DE", "Europe/Berlin", _GERMANY, date(2025, 5, 5)),
    Mission("tr_ankara", "TR", "Europe/Istanbul", _TREND, date(2025, 2, 13)),
    Mission("tr_istanbul", "TR", "Europe/Istanbul", _TREND, date(2025, 2, 13)),
    Mission(
        "kg_bishkek",
        "KG",
        "Asia/Bishkek",
        "https://24.kg/english/359778_Kyrgyzstan_to_build_new_Embassy_building_in_Kazakhstan/",
        date(2026, 1, 29),
    ),
    Mission(
        "kg_osh",
        "KG",
        "Asia/Bishkek",
        "https://kunkuni.com/zh-rshy/item/4426-osh-alasynda-aza-stanny-bas-konsuldy-y-ashyldy",
        date(2026, 1, 17),
    ),
    Mission(
        "tm_ashgabat",
        "TM",
        "Asia/Ashgabat",
        "https://yerzemin.com/display/ashhabad-i-astana-obsudili-perspektivy-ukrepleniya-vzaimodeystviya/288827",
        date(2024, 1, 9),
    ),
    Mission("ir_tehran", "IR", "Asia/Tehran", _IRAN, date(2026, 3, 3)),
    Mission("ir_gorgan", "IR", "Asia/Tehran", _IRAN, date(2026, 3, 3)),
    Mission("ir_bandarabbas", "IR", "Asia/Tehran", _IRAN, date(2025, 6, 23)),
)

# Time zones of countries that have a single zone. Russia and Mongolia have several: people there
# are shown the time of the mission's place.
ZONES = {
    "AF": "Asia/Kabul",
    "CN": "Asia/Shanghai",
    "DE": "Europe/Berlin",
    "IR": "Asia/Tehran",
    "KG": "Asia/Bishkek",
    "KZ": "Asia/Almaty",
    "TM": "Asia/Ashgabat",
    "TR": "Europe/Istanbul",
    "UZ": "Asia/Tashkent",
}

# Names of the places whose local time is shown.
PLACES: dict[str, Label] = {
    "Asia/Almaty": Country("KZ"),
    "Asia/Ulaanbaatar": _("Ulaanbaatar"),
    "Europe/Astrakhan": _("Astrakhan"),
    "Europe/Kaliningrad": _("Kaliningrad"),
    "Europe/Moscow": _("Moscow"),
}


def default_zone(mission: str) -> str:
    """Return the time zone of a mission and its officers as long as none is stored for it.

    It is the zone of the mission's place. The general desk and unknown missions have HOME_ZONE.
    """
    return next((each.zone for each in MISSIONS if each.key == mission), HOME_ZONE)


def mission_of(country: str, working: Iterable[str]) -> str:
    """Return the mission that serves the people in a country: the first one with officers.

    If none has officers, return the country's first mission: announcements to the mission's people
    need no officers. Return GENERAL for a country without a mission. `working` are the keys of the
    missions that have officers.
    """
    staffed, *_others = candidates(country, working)
    first = next((each.key for each in MISSIONS if each.country == country), GENERAL)
    return first if staffed == GENERAL else staffed


def candidates(country: str, working: Iterable[str]) -> tuple[str, ...]:
    """Return the missions of a country that have officers, best first, then the general desk."""
    staffed = frozenset(working)
    found = (each.key for each in MISSIONS if each.country == country and each.key in staffed)
    return (*found, GENERAL)


def country_of(mission: str) -> str:
    """Return the country that a mission serves; '' for the general desk and unknown missions."""
    return next((each.country for each in MISSIONS if each.key == mission), "")
