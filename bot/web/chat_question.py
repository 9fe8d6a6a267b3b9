"""Ask a question that simple programs cannot answer, without a script or a third-party service.

The page shows a number in words, which a screen reader can read, and the person types the number in
digits. Each question is sealed with a keyed hash, is bound to one network address and accepts only
one answer.
"""

import hmac
import secrets
from datetime import UTC, datetime
from typing import Final

from bot.budgets import network_key
from bot.budgets.spending import use_once
from bot.runtime import Runtime
from flows.engine.text import Text, _

QUESTION_SECONDS: Final = 600
TENS: Final = (
    _("twenty"), _("thirty"), _("forty"), _("fifty"), _("sixty"), _("seventy"), _("eighty"),
    _("ninety"),
)  # fmt: skip
ONES: Final = (
    _("one"), _("two"), _("three"), _("four"), _("five"), _("six"), _("seven"), _("eight"),
    _("nine"),
)  # fmt: skip


def new_number() -> int:
    """Return a random number from 21 to 99 whose second digit is not 0 (72 numbers)."""
    return (2 + secrets.randbelow(len(TENS))) * 10 + 1 + secrets.randbelow(len(ONES))


def in_words(number: int) -> Text:
    """Return a number from `new_number` in words for translation, such as "forty two"."""
    return _("{tens} {ones}", tens=TENS[number // 10 - 2], ones=ONES[number % 10 - 1])


def seal(rt: Runtime, number: int, host: str) -> str:
    """Return a token that identifies the question in the form and does not reveal the number.

    `host` is the client's IP address. The token expires after QUESTION_SECONDS.
    """
    until = int(datetime.now(UTC).timestamp()) + QUESTION_SECONDS
    name = f"{until}.{secrets.token_hex(8)}"
    return f"{name}.{rt.vault.index('chat-question', _bound(rt, name, number, host)).hex()}"


async def is_right(rt: Runtime, sealed: str, answer: str, host: str) -> bool:
    """Return True if `answer` is the number of the sealed question.

    Each question accepts one answer, right or wrong. A second answer is never right.
    """
    name, _dot, mark = sealed.rpartition(".")
    until = name.partition(".")[0]
    typed = "".join(answer.split())
    if not (until.isdecimal() and len(until) < 12 and typed.isdecimal() and len(typed) < 5):
        return False
    if int(until) < datetime.now(UTC).timestamp():
        return False
    marks = rt.vault.indexes("chat-question", _bound(rt, name, int(typed), host))
    right = any(hmac.compare_digest(each.hex(), mark) for each in marks)
    return await use_once(rt, name[:64], QUESTION_SECONDS) and right


def _bound(rt: Runtime, name: str, number: int, host: str) -> str:
    return f"{name}:{number}:{network_key(rt, host)}"
