"""The officers' console, at /console."""

from bot.web.console import (
    audit_log,
    break_glass,
    broadcast_editor,
    broadcast_progress,
    canned_replies,
    case,
    case_list,
    live_queue,
    live_updates,
    my_account,
    officers,
    oidc,
    passkeys,
    sign_in,
    statistics,
    working_hours,
)
from bot.web.console.live_updates import close

__all__ = ["ROUTES", "close"]

ROUTES = [
    *sign_in.OPEN,
    *passkeys.OPEN,
    *passkeys.ROUTES,
    *oidc.OPEN,
    *sign_in.ROUTES,
    *case_list.ROUTES,
    *case.ROUTES,
    *live_updates.ROUTES,
    *live_queue.ROUTES,
    *statistics.ROUTES,
    *canned_replies.ROUTES,
    *working_hours.ROUTES,
    *officers.ROUTES,
    *break_glass.ROUTES,
    *my_account.ROUTES,
    *broadcast_editor.ROUTES,
    *broadcast_progress.ROUTES,
    *audit_log.ROUTES,
]
