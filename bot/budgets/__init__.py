"""Budgets of the web chat: hourly limits of chats, cases and other events.

There are limits for each IP address and for all addresses together. Messengers have no budgets
here, since they limit their users themselves. If a budget is used up, a person must answer a
question that programs cannot answer, or reads when to try again. Texts about safety are always
sent.
"""

from bot.budgets.bursts import Activity, recent_activity
from bot.budgets.spending import Asked, Granted, Verdict, Waits, network_key, spend, spent_by_all
from bot.budgets.table import BUDGETS, Spending
from bot.budgets.turn_budgets import BudgetNeeded, require_drawn

__all__ = [
    "BUDGETS",
    "Activity",
    "Asked",
    "BudgetNeeded",
    "Granted",
    "Spending",
    "Verdict",
    "Waits",
    "network_key",
    "recent_activity",
    "require_drawn",
    "spend",
    "spent_by_all",
]
