"""Mapping of WhatsApp's error codes to SendErrors; the platform's error texts are not used.

The same codes occur in answers to calls, in statuses of messages and in errors of the account.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.channels import (
    BlockedByUser,
    ChannelSuspended,
    NoTemplate,
    OptedOut,
    Refused,
    SendError,
    TemporarilyRestricted,
    Throttled,
    UnknownRefusal,
    Unreachable,
    WindowClosed,
)

DEFAULT_PAUSE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Fault:
    """How the bot treats an error code: the SendError to raise, and an alarm to log, if any.

    `alarm` is a code for the operator. `delay` (seconds) and `wide` are the arguments of Throttled.
    """

    error: type[SendError]
    delay: float = 0
    wide: bool = False
    alarm: str = ""


PAIR = Fault(Throttled, delay=6)
SLOW = Fault(Throttled, delay=2, wide=True)
QUOTA = Fault(Throttled, delay=60, wide=True)
LIMITED = Fault(Throttled, delay=600, wide=True, alarm="E_WHATSAPP_RESTRICTED")
RESTRICTED = Fault(ChannelSuspended, alarm="E_WHATSAPP_RESTRICTED")
LOCKED_OUT = Fault(ChannelSuspended, alarm="E_WHATSAPP_TOKEN")
NUMBER = Fault(ChannelSuspended, alarm="E_WHATSAPP_NUMBER")
UNKNOWN = Fault(UnknownRefusal, alarm="E_WHATSAPP_UNKNOWN")
UNPAID = Fault(ChannelSuspended, alarm="E_WHATSAPP_PAYMENT")
STOPPED = Fault(Refused, alarm="E_WHATSAPP_RESTRICTED")
MISTAKE = Fault(Refused, alarm="E_WHATSAPP_REQUEST")
TEMPLATE = Fault(NoTemplate, alarm="E_WHATSAPP_TEMPLATE")
PASSING = Fault(Unreachable)

FAULTS: Mapping[int, Fault] = {
    131047: Fault(WindowClosed),
    131056: PAIR,
    130429: SLOW,
    4: QUOTA,
    80007: QUOTA,
    # Restrictions of the business account: replies are retried after the delay, broadcasts pause.
    131048: LIMITED,
    131064: LIMITED,
    368: RESTRICTED,
    131031: RESTRICTED,
    131042: UNPAID,
    # The business number was deleted, or is not registered, not verified, or has no approved name.
    33: NUMBER,
    131037: NUMBER,
    131045: NUMBER,
    131063: NUMBER,
    132008: NUMBER,
    133000: NUMBER,
    133010: NUMBER,
    131026: Fault(BlockedByUser),
    131049: Fault(TemporarilyRestricted),
    130472: Fault(TemporarilyRestricted),
    131050: Fault(OptedOut),
    131051: MISTAKE,
    131052: Fault(Refused),
    131053: Fault(Refused),
    132000: TEMPLATE,
    132001: TEMPLATE,
    132005: TEMPLATE,
    132007: TEMPLATE,
    132012: TEMPLATE,
    132015: TEMPLATE,
    132016: TEMPLATE,
    131062: MISTAKE,
    131030: MISTAKE,
    131021: MISTAKE,
    131008: MISTAKE,
    131009: MISTAKE,
    100: MISTAKE,
    0: LOCKED_OUT,
    190: LOCKED_OUT,
    10: LOCKED_OUT,
    131005: LOCKED_OUT,
    1: PASSING,
    2: PASSING,
    131000: PASSING,
    131016: PASSING,
    131057: PASSING,
    130497: STOPPED,
    139200: STOPPED,
}
PERMISSIONS = range(200, 300)
MISSING_TRANSLATION = 132001


def fault(code: int, status: int = 400) -> Fault:
    """Return the fault for an error code; an unknown code is classified by the HTTP `status`."""
    if code in FAULTS:
        return FAULTS[code]
    if code in PERMISSIONS or status in (401, 403):
        return LOCKED_OUT
    if status == 429:
        return Fault(Throttled, delay=DEFAULT_PAUSE_SECONDS, wide=True)
    return UNKNOWN if 400 <= status < 500 else PASSING


def failure(found: Fault, delay: float | None = None) -> SendError:
    """Return the SendError for a fault.

    `delay` is the delay in seconds that the platform named; None if it named none.
    """
    if found.error is Throttled:
        return Throttled(delay or found.delay, wide=found.wide)
    return found.error()
