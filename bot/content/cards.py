"""Cards with a mission's contact data, as people read them in a chat.

A mission is an embassy or a consulate.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from bot.content.model import Body, sentence
from bot.i18n import Languages
from flows.engine.text import Text, _, verbatim
from flows.knowledge.missions import MISSIONS
from flows.knowledge.offices import desk_name
from flows.paragraphs import lines

ADDRESS = _("Address: {address}")
TELEPHONE = _("Telephone: {telephone}")
MAP = _("Map: {link}")
CHECKED = _("We checked this on {date}.")

COUNTRIES: Mapping[str, str] = {mission.key: mission.country for mission in MISSIONS}


@dataclass(frozen=True, slots=True)
class DatedCard:
    """A mission's card, shown from `since` to `until`; `country` is ISO 3166-1 alpha-2."""

    country: str
    mission: str
    since: date
    until: date
    text: Text


def dated(languages: Languages, found: Mapping[str, Body]) -> tuple[DatedCard, ...]:
    """Return the published cards with their days and countries."""
    return tuple(
        DatedCard(country, mission, body.since, body.until, card(languages, mission, body))
        for mission, body in found.items()
        if (country := COUNTRIES.get(mission))
    )


def by_country(cards: Iterable[DatedCard], day: date) -> dict[str, dict[str, Text]]:
    """Return the cards shown on a day by country and mission."""
    shown: dict[str, dict[str, Text]] = {}
    for each in cards:
        if each.since <= day <= each.until:
            shown.setdefault(each.country, {})[each.mission] = each.text
    return shown


def card(languages: Languages, mission: str, body: Body) -> Text:
    """Return a mission's card: name, text, address, telephone, link to a map, day of the check."""
    rows = [sentence(languages, body.texts)]
    if body.address:
        rows.append(_(ADDRESS.msgid, address=verbatim(body.address)))
    if body.telephone:
        rows.append(_(TELEPHONE.msgid, telephone=verbatim(body.telephone)))
    if body.map_link:
        rows.append(_(MAP.msgid, link=verbatim(body.map_link)))
    rows.append(_(CHECKED.msgid, date=body.checked))
    return lines(desk_name(mission), *rows)
