"""Time zones of recipients, by the country named for announcements, or by their mission."""

from bot.people import subscriptions
from bot.runtime import Runtime
from flows.knowledge.missions import MISSIONS

HOME = "Asia/Almaty"
# Western and eastern time zone of each country's Kazakh population; it must be day in both.
ZONES = {
    "AF": ("Asia/Kabul",),
    "CN": ("Asia/Urumqi", "Asia/Shanghai"),
    "DE": ("Europe/Berlin",),
    "IR": ("Asia/Tehran",),
    "KG": ("Asia/Bishkek",),
    "KZ": (HOME,),
    "MN": ("Asia/Hovd", "Asia/Ulaanbaatar"),
    "RU": ("Europe/Moscow", "Asia/Barnaul"),
    "TJ": ("Asia/Dushanbe",),
    "TM": ("Asia/Ashgabat",),
    "TR": ("Europe/Istanbul",),
    "UZ": ("Asia/Tashkent",),
}


def zones(rt: Runtime) -> tuple[list[bytes], list[str]]:
    """Return parallel lists of country tokens and zones.

    Without a country, the mission's zone applies.
    """
    found = [
        (token, zone)
        for country, places in ZONES.items()
        for token in subscriptions.tokens(rt, "country", country)
        for zone in places
    ]
    return [token for token, _ in found], [zone for _, zone in found]


def mission_zones() -> tuple[list[str], list[str]]:
    """Return the missions, each with its zone, for those that entered none themselves."""
    return [each.key for each in MISSIONS], [each.zone for each in MISSIONS]
