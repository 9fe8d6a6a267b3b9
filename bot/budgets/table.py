"""The table of budgets: names, amounts and windows."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, NamedTuple


class Spending(StrEnum):
    """A kind of thing that an event of the web chat may open."""

    CHAT = "chat"
    PERSON = "person"
    CASE = "case"
    SUBMISSION = "submission"
    LOOKUP = "lookup"


class Budget(NamedTuple):
    """Amounts for an hour, which refill evenly.

    Above `free` events of one address, or `together` events of all addresses, each further event
    needs the answer to a question. Above `limit` events of one address, it has to wait.
    """

    free: int
    limit: int
    together: int


WINDOW_SECONDS: Final = 3600
BUDGETS: Final[Mapping[Spending, Budget]] = {
    # The first words of a chat, which store a session in Valkey.
    Spending.CHAT: Budget(free=60, limit=600, together=3000),
    # A consent, which stores a person in the database.
    Spending.PERSON: Budget(free=30, limit=200, together=800),
    # A case, which an officer reads.
    Spending.CASE: Budget(free=12, limit=60, together=200),
    # A registration sent to the registry.
    Spending.SUBMISSION: Budget(free=20, limit=100, together=400),
    # A try with something secret: a registration's number and PIN, or a code to join a chat.
    Spending.LOOKUP: Budget(free=10, limit=40, together=200),
}
# Answers to questions from one address: a program that guesses is right once in 72 tries.
MAX_ANSWERS: Final = 60
ANSWERS_SECONDS: Final = 600
# Sentences that a chat, and all chats together, may report as worded wrongly in an hour.
MAX_CHAT_REPORTS: Final = 8
MAX_REPORTS: Final = 400
# Tries with a registration's number or a code to join a chat or family: for one chat or person in
# an hour, for one number or code in a day.
MAX_CHAT_LOOKUPS: Final = 5
MAX_NUMBER_LOOKUPS: Final = 5
DAY_SECONDS: Final = 86_400
MINUTE_SECONDS: Final = 60
# A network that many people share, such as that of a hall, has its budgets multiplied.
SHARED_FACTOR: Final = 20
