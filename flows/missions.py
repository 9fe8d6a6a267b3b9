"""Missions (embassies and consulates) of Kazakhstan in a country that a source confirms."""

from collections.abc import Iterator
from datetime import date

from flows.engine.edition import cards
from flows.engine.text import Country, Text, _
from flows.knowledge.facts import fact_texts
from flows.knowledge.laws import IR_MISSIONS
from flows.knowledge.offices import places
from flows.paragraphs import lines

IN_COUNTRY = _("{country}: missions of Kazakhstan that a source confirms:")
NO_MISSION = _(
    "{country}: we have not checked which missions there are. An officer can tell "
    "you where to turn."
)
ADDRESSES = _("We have not checked addresses and telephone numbers: see the official pages.")


def missions(country: str, today: date) -> Iterator[Text]:
    """Yield the known missions in a country, or a sentence that none is verified.

    `country` is ISO 3166-1 alpha-2. The contacts that editors published for a mission replace its
    name. The missions without published contacts follow by name.
    """
    published = cards(today, country)
    others = [place.name for place in places(country) if place.key not in published]
    head = _(IN_COUNTRY.msgid, country=Country(country))
    if published:
        yield head
        yield from published.values()
        if others:
            yield lines(*others, ADDRESSES)
    elif others:
        yield lines(head, *others)
        yield ADDRESSES
    else:
        yield _(NO_MISSION.msgid, country=Country(country))
    yield from fact_texts([IR_MISSIONS] if country == "IR" else [], today)
