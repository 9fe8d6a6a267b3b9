"""Cards with a mission's contact data, as people read them in a chat.

A mission is an embassy or a consulate.
"""

from collections.abc import Mapping

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


def by_country(languages: Languages, found: Mapping[str, Body]) -> dict[str, tuple[Text, ...]]:
    """Return the published cards by country; a country can have cards of several missions."""
    cards: dict[str, tuple[Text, ...]] = {}
    for mission, body in found.items():
        if country := COUNTRIES.get(mission):
            cards[country] = (*cards.get(country, ()), card(languages, mission, body))
    return cards


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
