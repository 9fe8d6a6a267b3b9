"""Table of the web chat's budgets: names, amounts and windows in seconds."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, NamedTuple


class Spending(StrEnum):
    """Event of the web chat that a budget limits."""

    CHAT = "chat"
    PERSON = "person"
    CASE = "case"
    SUBMISSION = "submission"
    LOOKUP = "lookup"


class Budget(NamedTuple):
    """Limits for events of one kind, in events per hour; used-up amounts refill continuously.

    Above `free` events of one IP address, or `together` events of all addresses, each further event
    requires the answer to the captcha question. Above `limit` events of one address, a further
    event must wait.
    """

    free: int
    limit: int
    together: int


WINDOW_SECONDS: Final = 3600
BUDGETS: Final[Mapping[Spending, Budget]] = {
    # The first message of a chat, which stores a session in Valkey.
    Spending.CHAT: Budget(free=60, limit=600, together=3000),
    # A consent, which adds a person to the database.
    Spending.PERSON: Budget(free=30, limit=200, together=800),
    # A case, which an officer has to read.
    Spending.CASE: Budget(free=12, limit=60, together=200),
    # A registration that is submitted to the registry.
    Spending.SUBMISSION: Budget(free=20, limit=100, together=400),
    # An attempt with a secret: a registration's number and PIN, or a code to join a chat.
    Spending.LOOKUP: Budget(free=10, limit=40, together=200),
}
# Attempts to answer the captcha question, per ANSWERS_SECONDS and IP address; a guess is right with
# a probability of 1 in 72.
MAX_ANSWERS: Final = 60
ANSWERS_SECONDS: Final = 600
# Reports of badly worded sentences per hour, of one chat and of all chats together.
MAX_CHAT_REPORTS: Final = 8
MAX_REPORTS: Final = 400
# Attempts to look up a registration, or to enter a join code: per hour for each chat or person, and
# per day for each registration number or join code.
MAX_CHAT_LOOKUPS: Final = 5
MAX_NUMBER_LOOKUPS: Final = 5
DAY_SECONDS: Final = 86_400
MINUTE_SECONDS: Final = 60
# Factor for the budgets of IP addresses that many people share, such as the network of a hall.
SHARED_FACTOR: Final = 20
