"""The regions of Kazakhstan: 17 regions and 3 cities, by their ISO 3166-2 codes."""

from dataclasses import dataclass

from flows.engine.text import Text, row


@dataclass(frozen=True, slots=True)
class Region:
    """A region a person may want to live in; `iso` is its ISO 3166-2 code."""

    key: str
    iso: str
    name: Text


REGIONS = (
    Region("abai", "KZ-10", row("Abai Region")),
    Region("akmola", "KZ-11", row("Akmola Region")),
    Region("aktobe", "KZ-15", row("Aktobe Region")),
    Region("almaty_region", "KZ-19", row("Almaty Region")),
    Region("atyrau", "KZ-23", row("Atyrau Region")),
    Region("west_kazakhstan", "KZ-27", row("West Kazakhstan Region")),
    Region("zhambyl", "KZ-31", row("Zhambyl Region")),
    Region("zhetisu", "KZ-33", row("Zhetisu Region")),
    Region("karaganda", "KZ-35", row("Karaganda Region")),
    Region("kostanay", "KZ-39", row("Kostanay Region")),
    Region("kyzylorda", "KZ-43", row("Kyzylorda Region")),
    Region("mangystau", "KZ-47", row("Mangystau Region")),
    Region("pavlodar", "KZ-55", row("Pavlodar Region")),
    Region("north_kazakhstan", "KZ-59", row("North Kazakhstan Region")),
    Region("turkistan", "KZ-61", row("Turkistan Region")),
    Region("ulytau", "KZ-62", row("Ulytau Region")),
    Region("east_kazakhstan", "KZ-63", row("East Kazakhstan Region")),
    Region("astana", "KZ-71", row("Astana city")),
    Region("almaty", "KZ-75", row("Almaty city")),
    Region("shymkent", "KZ-79", row("Shymkent city")),
)
