"""What time it is where somebody lives, told by the country they named for announcements."""

from bot.people import subscriptions
from bot.runtime import Runtime

HOME = "Asia/Almaty"
# The westernmost and easternmost zone in which many of ours live: it must be day in both.
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
    """The tokens of countries, each beside a zone; who told none lives by their mission's clock."""
    found = [
        (token, zone)
        for country, places in ZONES.items()
        for token in subscriptions.tokens(rt, "country", country)
        for zone in places
    ]
    return [token for token, _ in found], [zone for _, zone in found]
