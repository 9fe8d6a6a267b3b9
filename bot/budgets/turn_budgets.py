"""Check which budgets (rate limits in Valkey) an event needs, before its effects are committed.

If the channel has not yet charged a budget that the event needs, the transaction is rolled back.
The channel then charges the budget and processes the event again. So no database lock is held
while Valkey is called.
"""

from collections.abc import Collection, Iterable

from bot.budgets.table import Spending
from flows.engine.effects import OpenCase, Submit
from flows.engine.events import ConsentGiven, Effect
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


class BudgetNeeded(Exception):
    """The event had no effect, because its channel must first charge the budgets `spendings`."""

    code = "E_BUDGET"

    def __init__(self, spendings: frozenset[Spending]) -> None:
        super().__init__(f"{self.code}: {', '.join(sorted(spendings))}")
        self.spendings = spendings


def require_drawn(
    drawn: Collection[str] | None,
    effects: Iterable[Effect],
    *,
    opens_chat: bool = False,
    known: bool = False,
) -> None:
    """Raise BudgetNeeded if the event needs a budget that is not among the charged ones (`drawn`).

    An event of a messenger (`drawn` is None) needs no budget. A consent of a `known` person needs
    no budget for persons, since it stores no new person.
    """
    if drawn is None:
        return
    caused = {
        spending for effect in effects for kind, spending in _SPENDINGS if isinstance(effect, kind)
    }
    if known:
        caused.discard(Spending.PERSON)
    if opens_chat:
        caused.add(Spending.CHAT)
    if missing := caused.difference(drawn):
        raise BudgetNeeded(frozenset(missing))
