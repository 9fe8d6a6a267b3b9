"""Detects messages with which a person declines what Kosh asks for, or denies a danger.

`small_talk.has_declined` compares a message letter by letter. Here the coarse spelling of the
module `skeleton` is compared, so that every script and keyboard counts, also after "no" and with a
courtesy such as "thank you".
"""

from collections.abc import Sequence
from functools import cache

from bot.i18n.small_talk import DECLINED, NO_DANGER
from bot.understanding import skeleton

_NO = ("нет", "жоқ", "yoʻq", "不", "no")


def declines(words: Sequence[str]) -> bool:
    """Return True if the words, without courtesies, only mean "I do not want" or "no danger"."""
    return tuple(word for word in words if set(word) != {"!"}) in _refusals()


@cache
def _refusals() -> frozenset[tuple[str, ...]]:
    phrases = [phrase for line in (*DECLINED, *NO_DANGER) for phrase in line.split(", ")]
    after_no = [f"{no}, {phrase}" for no in _NO for phrase in phrases]
    return frozenset(skeleton.fold(each).words for each in (*phrases, *after_no))
