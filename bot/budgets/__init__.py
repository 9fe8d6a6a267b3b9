"""Budgets of the web chat: how often one address, and all together, may open chats and cases.

The messengers have limits of their own. Over a budget, a person is asked a question that a program
cannot guess, or reads when to try again; words of safety are answered in any case.
"""

from bot.budgets.bursts import Activity, recent_activity
from bot.budgets.permits import PermitNeeded, require
from bot.budgets.spending import Asked, Granted, Verdict, Waits, network_key, spend, spent_by_all
from bot.budgets.table import BUDGETS, Spending

__all__ = [
    "BUDGETS",
    "Activity",
    "Asked",
    "Granted",
    "PermitNeeded",
    "Spending",
    "Verdict",
    "Waits",
    "network_key",
    "recent_activity",
    "require",
    "spend",
    "spent_by_all",
]
