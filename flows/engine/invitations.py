"""Invitations: links by which other organizations' systems send a person to an officer.

The link's start word contains a code. The chat gets this word when the person opens the link.
"""

import re
from dataclasses import dataclass

from flows.engine.referrals import ReferralEffect, ReferrerFound

# The start word reveals no topic, language or purpose, because links stay in browser histories and
# chats.
_WORD = re.compile(r"link-([2-9A-Z]{12})", re.ASCII)


@dataclass(frozen=True, slots=True)
class FindInvitation:
    """Look up the invitation with this code; the result is an `InvitationFound`."""

    code: str


@dataclass(frozen=True, slots=True)
class InvitationFound:
    """The topic and language of an invitation; both "" if it was used already or has expired."""

    code: str
    topic: str = ""
    language: str = ""


type LinkEffect = ReferralEffect | FindInvitation
type LinkEvent = ReferrerFound | InvitationFound


def start_word(code: str) -> str:
    """Return the start word of an invitation link with this code."""
    return f"link-{code}"


def read_invitation(word: str) -> str:
    """Return the invitation code in a start word, or "" if the word has none."""
    found = _WORD.fullmatch(word)
    return found[1] if found else ""
