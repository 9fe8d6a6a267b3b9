"""Protocol between the benchmark's processes: msgspec structs as JSON lines."""

from typing import Literal

import msgspec

type Loop = Literal["asyncio", "uvloop"]

BOT = {"id": 1000000001, "is_bot": True, "first_name": "Kosh", "username": "kosh_test_bot"}
TOKEN = "1000000001:ATestTokenThatIsPlainlyInventedForTests"
SECRET_HEADER = "x-telegram-bot-api-secret-token"


class ServerConfig(msgspec.Struct, frozen=True):
    """Configuration of a server process: which server it is, its addresses and its folders."""

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
    """People who write to a server; `form` is the title of the menu item that they choose."""

    port: int
    path: str
    secret: str
    form: str
    first_chat: int
    chats: int


class LoadCommand(Writers, frozen=True, tag=True):
    """Command to the emulated platform: let people write `turns` turns, or for `seconds` seconds.

    `rate` is the number of arrivals per second at random times; with 0, `at_once` turns are always
    active. `lines` is the maximum number of updates that the platform delivers at once, while
    others wait as at Telegram; 0 means no maximum.
    """

    at_once: int
    turns: int
    seconds: float
    rate: float = 0.0
    lines: int = 0


class LoadResult(msgspec.Struct, frozen=True):
    """Result of an `Order`: how many turns succeeded and failed, and how long they took.

    Latencies in ms are from posting an update to the call with its answer. `crowded` counts the
    failed arrivals that were never posted, since all chats were busy.
    """

    turns: int
    failed: int
    calls: int
    seconds: float
    p50: float
    p99: float
    crowded: int = 0


class CountLosses(Writers, frozen=True, tag=True):
    """Command to let people write until `StopCounting`, and to count the answers that get lost.

    Each person takes at least `minimum` turns. An update is repeated until it is accepted, for
    `patience` seconds at most, and an answer is awaited for as long.
    """

    name: str
    minimum: int
    patience: float


class StopCounting(msgspec.Struct, frozen=True, tag=True):
    """Command to stop all writing; answers within the next `grace_seconds` still count."""

    grace_seconds: float


class Losses(msgspec.Struct):
    """Counts for the people of one `CountLosses`; all but `taken` and `again` count losses.

    `taken` counts acknowledged updates. `stuck` counts updates that were never acknowledged, in
    spite of repeats. `unanswered` counts acknowledged updates without an answer. `back` counts
    answers that led back to an earlier question. `skipped` counts answers that skipped a question,
    because one update was applied twice. `again` counts repeated answers.
    """

    taken: int = 0
    stuck: int = 0
    unanswered: int = 0
    back: int = 0
    skipped: int = 0
    again: int = 0
