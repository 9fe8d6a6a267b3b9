"""Decides which messages may be sent to an external model; the person must also have consented."""

import re
import unicodedata

from bot.understanding.decision import Certainty, DangerLevel, Decision
from bot.understanding.recognition import Recognition

# A message is sent to the external language model only if the probability that it is about danger
# is at most this value, which is about a tenth of `DANGER_CARD` (decision 0042).
MAX_DANGER = 0.01
MAX_LENGTH = 300
# Matches e-mail addresses, account names, links, and host names without a scheme.
_ADDRESSES = re.compile(r"@|://|\b[\w-]+\.[a-z]{2,}\b", re.IGNORECASE)
# Matches telephone or document numbers in Chinese numerals.
_HAN_NUMBER = re.compile("[〇零一二三四五六七八九两幺]{4,}")


def may_leave(text: str, found: Recognition, decision: Decision) -> bool:
    """Return True if a message may be sent to an external model.

    It must be short and unclear, without danger, numbers and addresses.
    """
    is_unclear = decision.certainty is not Certainty.SURE and not found.blank
    is_harmless = decision.danger is DangerLevel.NONE and found.danger < MAX_DANGER
    return is_unclear and is_harmless and len(text) <= MAX_LENGTH and not _identifies(text)


def _identifies(text: str) -> bool:
    has_number = any(unicodedata.category(each).startswith("N") for each in text)
    plain = unicodedata.normalize("NFKC", text)
    return has_number or bool(_ADDRESSES.search(plain) or _HAN_NUMBER.search(plain))
