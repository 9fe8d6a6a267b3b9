"""Code lists of the sandbox, with English names."""

from typing import TypeAliasType, get_args

from bot.registry import contract
from bot.registry.contract import (
    Reference,
    ReferenceItem,
    ReferenceKind,
)
from bot.registry.documents import DocumentKind

_REGIONS = {
    "KZ-10": "Abai Region",
    "KZ-11": "Akmola Region",
    "KZ-15": "Aktobe Region",
    "KZ-19": "Almaty Region",
    "KZ-23": "Atyrau Region",
    "KZ-27": "West Kazakhstan Region",
    "KZ-31": "Zhambyl Region",
    "KZ-33": "Zhetisu Region",
    "KZ-35": "Karaganda Region",
    "KZ-39": "Kostanay Region",
    "KZ-43": "Kyzylorda Region",
    "KZ-47": "Mangystau Region",
    "KZ-55": "Pavlodar Region",
    "KZ-59": "North Kazakhstan Region",
    "KZ-61": "Turkistan Region",
    "KZ-62": "Ulytau Region",
    "KZ-63": "East Kazakhstan Region",
    "KZ-71": "Astana city",
    "KZ-75": "Almaty city",
    "KZ-79": "Shymkent city",
}
_MISSIONS = {
    "CN_BEIJING": "Embassy in Beijing",
    "CN_SHANGHAI": "Consulate General in Shanghai",
    "CN_HONGKONG": "Consulate General in Hong Kong",
    "CN_XIAN": "Consulate General in Xi'an",
    "CN_GUANGZHOU": "Consulate General in Guangzhou",
    "CN_URUMQI": "Visa service in Urumqi",
    "UZ_TASHKENT": "Embassy in Tashkent",
    "UZ_SAMARKAND": "Consulate General in Samarkand",
    "MN_ULAANBAATAR": "Embassy in Ulaanbaatar",
    "MN_OLGII": "Consular service in Olgii",
    "RU_MOSCOW": "Embassy in Moscow",
    "RU_ASTRAKHAN": "Consulate General in Astrakhan",
    "RU_OMSK": "Consulate in Omsk",
    "RU_SPB": "Consulate General in Saint Petersburg",
    "RU_KAZAN": "Consulate General in Kazan",
    "RU_KALININGRAD": "Honorary Consulate in Kaliningrad",
    "TR_ANKARA": "Embassy in Ankara",
    "TR_ISTANBUL": "Consulate General in Istanbul",
    "KG_BISHKEK": "Embassy in Bishkek",
    "KG_OSH": "Consulate General in Osh",
    "TM_ASHGABAT": "Embassy in Ashgabat",
    "TM_TURKMENBASHI": "Consulate in Turkmenbashi",
    "IR_TEHRAN": "Embassy in Tehran",
    "IR_GORGAN": "Consulate General in Gorgan",
    "IR_BANDARABBAS": "Consulate in Bandar Abbas",
    "AF_KABUL": "Embassy in Kabul",
}


def _labels(codes: tuple[str, ...]) -> dict[str, str]:
    return {code: code.replace("_", " ").capitalize() for code in codes}


def _codes(alias: TypeAliasType) -> dict[str, str]:
    return _labels(get_args(alias.__value__))


_LISTS: dict[ReferenceKind, dict[str, str]] = {
    "programmes": _codes(contract.Programme),
    "regions": _REGIONS,
    "missions": _MISSIONS,
    "document-kinds": _codes(DocumentKind),
    "purposes": _codes(contract.Purpose),
    "languages": {code: code for code in get_args(contract.Language.__value__)},
    "statements": _codes(contract.Statement),
    "timeframes": _codes(contract.Timeframe),
    "educations": _codes(contract.Education),
    "occupations": _codes(contract.Occupation),
    "kazakh-levels": _codes(contract.KazakhLevel),
    "support-kinds": _codes(contract.Support),
    "relations": _codes(contract.Relation),
    "age-bands": _codes(contract.AgeBand),
    "contact-kinds": _codes(contract.ContactKind),
    "question-subjects": _codes(contract.Subject),
    "steps": _codes(contract.StepName),
    "step-statuses": _codes(contract.StepStatus),
}

REFERENCES: dict[ReferenceKind, Reference] = {
    kind: Reference(
        kind=kind,
        items=tuple(ReferenceItem(code=code, name=name) for code, name in names.items()),
    )
    for kind, names in _LISTS.items()
}
"""Every code list by its kind."""
