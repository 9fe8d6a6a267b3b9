"""Links of other systems: a start word with a code, which names a stored invitation."""

import re
from dataclasses import dataclass

from flows.engine.referrals import ReferralEffect, ReferrerFound

# A link stays in browser histories and chats: its word shows neither topic, language nor purpose.
_WORD = re.compile(r"link-([2-9A-Z]{12})", re.ASCII)


@dataclass(frozen=True, slots=True)
class FindInvitation:
    """Look up the invitation of a code; the result is an `InvitationFound`."""

    code: str


@dataclass(frozen=True, slots=True)
class InvitationFound:
    """The topic and language of an invitation; "" if it was used or has ended."""

    code: str
    topic: str = ""
    language: str = ""


type LinkEffect = ReferralEffect | FindInvitation
type LinkEvent = ReferrerFound | InvitationFound


def start_word(code: str) -> str:
    """Return the start word of a link."""
    return f"link-{code}"


def read_invitation(word: str) -> str:
    """Return the code in a start word, or "" for any other word."""
    found = _WORD.fullmatch(word)
    return found[1] if found else ""
