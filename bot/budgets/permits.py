"""Tell which budgets a turn needs; the channel draws them and takes the event again.

The turn is not committed until then: no lock is held while a budget is drawn.
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
    """The event was not taken: it spends budgets for which its channel has no permit yet."""

    code = "E_BUDGET"

    def __init__(self, spendings: frozenset[Spending]) -> None:
        super().__init__(f"{self.code}: {', '.join(sorted(spendings))}")
        self.spendings = spendings


def require(
    inbound: Inbound, effects: Iterable[Effect], *, opens_chat: bool = False, known: bool = False
) -> None:
    """Raise PermitNeeded unless the event may cause these effects; a messenger's always may.

    A consent of a `known` person stores no further person.
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
