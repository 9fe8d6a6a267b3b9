"""Events and effects for hints: e-mails or SMS which say only that there is news in the chat."""

import re
from dataclasses import dataclass, field

MAX_ADDRESS = 254
_EMAIL = re.compile(r"[A-Za-z0-9._%+'-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63}){1,8}")


def is_email(text: str) -> bool:
    """Return True if the whole text is one plain e-mail address."""
    return len(text) <= MAX_ADDRESS and _EMAIL.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class LeaveContact:
    """Store an address for hints and send a code to it; the result is a `ContactLeft`.

    Hints are notices by e-mail or SMS. `way` is `email` or `sms`.
    """

    way: str
    address: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ContactLeft:
    """The result of a `LeaveContact`: whether the e-mail address or phone number was accepted.

    It is not accepted if the person requested too many codes.
    """

    is_accepted: bool


@dataclass(frozen=True, slots=True)
class ConfirmContact:
    """Compare a typed code with the one sent to the address; the result is a `ContactChecked`."""

    code: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ContactChecked:
    """The result of a `ConfirmContact`.

    `way` (`email` or `sms`) is how notices are sent from now on, "" if the code was wrong.
    `tries_left` is the number of attempts left.
    """

    way: str = ""
    tries_left: int = 0


@dataclass(frozen=True, slots=True)
class RemoveContact:
    """Delete the e-mail address or phone number to which the person gets hints (short notices)."""


type HintEffect = LeaveContact | ConfirmContact | RemoveContact
type HintEvent = ContactLeft | ContactChecked
