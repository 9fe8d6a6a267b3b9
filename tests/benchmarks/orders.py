"""Protocol between the benchmark's processes: msgspec structs on JSON lines."""

from typing import Literal

import msgspec

type Loop = Literal["asyncio", "uvloop"]

BOT = {"id": 1000000001, "is_bot": True, "first_name": "Kosh", "username": "kosh_test_bot"}
TOKEN = "1000000001:ATestTokenThatIsPlainlyInventedForTests"
SECRET_HEADER = "x-telegram-bot-api-secret-token"


class Place(msgspec.Struct, frozen=True):
    """Configuration of a server process: its addresses, its folders and its kind."""

    server: str
    port: int
    api: str
    database: str
    redis: str
    secret: str
    data: str
    pool: int
    loop: Loop
    console: str = ""


class Writers(msgspec.Struct, frozen=True):
    """People who write to a server; `form` is the title to choose in a menu."""

    port: int
    path: str
    secret: str
    form: str
    first_chat: int
    chats: int


class Order(Writers, frozen=True, tag=True):
    """Turns for the platform to drive, until there are `turns` of them or `seconds` have passed.

    `rate` is arrivals per second at random moments; with 0 there are always `at_once` turns active.
    `lines` is the maximum number of updates that the platform delivers at once; the others wait, as
    they do at Telegram. 0 means no maximum.
    """

    at_once: int
    turns: int
    seconds: float
    rate: float = 0.0
    lines: int = 0


class Driven(msgspec.Struct, frozen=True):
    """Result of an order: latencies are from the update posted to the answer received, in ms."""

    turns: int
    failed: int
    calls: int
    seconds: float
    p50: float
    p99: float


class Vigil(Writers, frozen=True, tag=True):
    """People of one server who write until they must rest, even if the server fails.

    Each takes at least `minimum` turns. Updates are posted until they are accepted. An answer is
    waited for `patience` seconds, and no update is posted for longer than that.
    """

    name: str
    minimum: int
    patience: float


class Rest(msgspec.Struct, frozen=True, tag=True):
    """Stop all writing; answers within the next `calm` seconds still count."""

    calm: float


class Losses(msgspec.Struct):
    """Observations of a vigil's people; except for `taken` and `again`, each counts a loss.

    In order: updates that were acknowledged; updates that never were, in spite of repeats;
    acknowledged updates without an answer; answers that led back to an earlier question; answers
    that left a question out, since one answer was taken for two; the same answer once more.
    """

    taken: int = 0
    stuck: int = 0
    unanswered: int = 0
    back: int = 0
    skipped: int = 0
    again: int = 0
