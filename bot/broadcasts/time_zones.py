"""Time zones of recipients: by the country they gave for announcements, else by their mission."""

from bot.people import subscriptions
from bot.runtime import Runtime
from flows.knowledge.missions import HOME_ZONE, MISSIONS

# Western and eastern time zone of each country's Kazakh population. Messages are sent only when
# both zones are outside quiet hours.
ZONES = {
    "AF": ("Asia/Kabul",),
    "CN": ("Asia/Urumqi", "Asia/Shanghai"),
    "DE": ("Europe/Berlin",),
    "IR": ("Asia/Tehran",),
    "KG": ("Asia/Bishkek",),
    "KZ": (HOME_ZONE,),
    "MN": ("Asia/Hovd", "Asia/Ulaanbaatar"),
    "RU": ("Europe/Moscow", "Asia/Barnaul"),
    "TJ": ("Asia/Dushanbe",),
    "TM": ("Asia/Ashgabat",),
    "TR": ("Europe/Istanbul",),
    "UZ": ("Asia/Tashkent",),
}


def zones(rt: Runtime) -> tuple[list[bytes], list[str]]:
    """Return parallel lists of country tokens and time zones; a country may have two zones.

    A token is the keyed hash of the country, as stored in a person's attributes.
    """
    found = [
        (token, zone)
        for country, places in ZONES.items()
        for token in subscriptions.tokens(rt, "country", country)
        for zone in places
    ]
    return [token for token, _ in found], [zone for _, zone in found]


def mission_zones() -> tuple[list[str], list[str]]:
    """Return parallel lists of missions and the default time zone of each.

    The default applies to a mission whose time zone is not configured.
    """
    return [each.key for each in MISSIONS], [each.zone for each in MISSIONS]
