"""Budgets of the web chat: how many chats and cases an IP address, and all together, may open.

Messengers have no budgets here, since they limit their users themselves. Over a budget, a person
must answer a question that a program cannot guess, or reads when to try again. Texts about safety
are always answered.
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
