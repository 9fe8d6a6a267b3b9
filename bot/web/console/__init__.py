"""The officers' console, at /console."""

from bot.web.console import (
    canned_answers,
    case,
    composing,
    emergency,
    inbox,
    live,
    log_of_acts,
    numbers,
    own,
    passkeys,
    people_here,
    sending,
    sign_in,
    team,
    work_account,
    working_hours,
)
from bot.web.console.live import close

__all__ = ["ROUTES", "close"]

ROUTES = [
    *sign_in.OPEN,
    *passkeys.OPEN,
    *passkeys.ROUTES,
    *work_account.OPEN,
    *sign_in.ROUTES,
    *inbox.ROUTES,
    *case.ROUTES,
    *live.ROUTES,
    *team.ROUTES,
    *numbers.ROUTES,
    *canned_answers.ROUTES,
    *working_hours.ROUTES,
    *people_here.ROUTES,
    *emergency.ROUTES,
    *own.ROUTES,
    *composing.ROUTES,
    *sending.ROUTES,
    *log_of_acts.ROUTES,
]
