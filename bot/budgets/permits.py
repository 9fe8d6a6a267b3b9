"""Check which budgets a turn needs, before it is committed.

A permit states that the channel has drawn from a budget for this event. If a permit is missing, the
turn is rolled back; the channel draws from the budgets and processes the event again. So no
database lock is held while Valkey is called.
"""

from collections.abc import Iterable

from bot.budgets.table import Spending
from bot.channels import Inbound
from flows.engine.events import ConsentGiven, Effect
from flows.engine.flow import OpenCase, Submit
from flows.engine.household import CheckHouseholdCode
from flows.engine.joining import OfferJoin
from flows.engine.registration import LookUpStatus

_SPENDINGS = (
    (ConsentGiven, Spending.PERSON),
    (OpenCase, Spending.CASE),
    (Submit, Spending.SUBMISSION),
    (LookUpStatus, Spending.LOOKUP),
    (OfferJoin, Spending.LOOKUP),
    (CheckHouseholdCode, Spending.LOOKUP),
)


class PermitNeeded(Exception):
    """The event was not processed: it needs budgets for which its channel has no permit yet."""

    code = "E_BUDGET"

    def __init__(self, spendings: frozenset[Spending]) -> None:
        super().__init__(f"{self.code}: {', '.join(sorted(spendings))}")
        self.spendings = spendings


def require(
    inbound: Inbound, effects: Iterable[Effect], *, opens_chat: bool = False, known: bool = False
) -> None:
    """Raise PermitNeeded if the effects of an event need budgets without a permit.

    An event of a messenger (`permits` is None) needs none. A consent of a `known` person needs no
    budget for persons, since it stores no new person.
    """
    if inbound.permits is None:
        return
    caused = {
        spending for effect in effects for kind, spending in _SPENDINGS if isinstance(effect, kind)
    }
    if known:
        caused.discard(Spending.PERSON)
    if opens_chat:
        caused.add(Spending.CHAT)
    if missing := caused - inbound.permits:
        raise PermitNeeded(frozenset(missing))
