"""What the benchmark's processes tell one another: msgspec structs on JSON lines."""

from typing import Literal

import msgspec

type Loop = Literal["asyncio", "uvloop"]

BOT = {"id": 1000000001, "is_bot": True, "first_name": "Kosh", "username": "kosh_test_bot"}
TOKEN = "1000000001:ATestTokenThatIsPlainlyInventedForTests"
SECRET_HEADER = "x-telegram-bot-api-secret-token"


class Place(msgspec.Struct, frozen=True):
    """Where a server process finds everything, and what it is to be."""

    server: str
    port: int
    api: str
    database: str
    redis: str
    secret: str
    data: str
    pool: int
    loop: Loop


class Order(msgspec.Struct, frozen=True):
    """Turns for the platform to drive, until there are `turns` of them or `seconds` have passed.

    `form` is the title to choose in a menu. `rate` is arrivals per second at random moments; with 0
    there are always `at_once` turns under way. `lines` is how many updates the platform brings at
    once at most, while the others wait with it as they do at Telegram's; 0: as many as there are.
    """

    port: int
    path: str
    secret: str
    form: str
    first_chat: int
    chats: int
    at_once: int
    turns: int
    seconds: float
    rate: float = 0.0
    lines: int = 0


class Driven(msgspec.Struct, frozen=True):
    """What came of an order: latencies are from the update posted to the answer received, in ms."""

    turns: int
    failed: int
    calls: int
    seconds: float
    p50: float
    p99: float
