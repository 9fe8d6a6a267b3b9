"""The web console for officers, served under /console.

Officers are employees who answer people; a case is a person's request to them.
"""

from dataclasses import dataclass

from fastapi import APIRouter
from fastapi.routing import iter_route_contexts

from bot.officers.permissions import Action
from bot.web.console import (
    answer_statistics,
    audit_log,
    break_glass,
    broadcast_editor,
    broadcast_progress,
    bursts,
    canned_replies,
    case,
    case_actions,
    case_answers,
    case_facts,
    case_files,
    case_list,
    case_marks,
    case_translation,
    content,
    content_ends,
    help,
    inbox_tools,
    limits,
    live_queue,
    live_updates,
    my_account,
    officers,
    oidc,
    passkeys,
    phrases,
    planning,
    referrers,
    sign_in,
    statistics,
    texts,
    webhooks,
    working_hours,
)
from bot.web.console.live_updates import close
from bot.web.console.request_context import ROOT

__all__ = ["ROOT", "ROUTERS", "close", "routes"]

ROUTERS = (
    sign_in.open_router,
    passkeys.open_router,
    oidc.open_router,
    case_list.router,
    case.router,
    case_actions.router,
    case_answers.router,
    case_files.router,
    case_facts.router,
    case_translation.router,
    case_marks.router,
    inbox_tools.router,
    live_updates.router,
    live_queue.router,
    statistics.router,
    answer_statistics.router,
    planning.router,
    referrers.router,
    bursts.router,
    limits.router,
    canned_replies.router,
    working_hours.router,
    officers.router,
    break_glass.router,
    webhooks.router,
    my_account.router,
    passkeys.router,
    broadcast_editor.router,
    broadcast_progress.router,
    phrases.router,
    content_ends.router,
    content.router,
    texts.router,
    help.router,
    audit_log.router,
    sign_in.router,
)


@dataclass(frozen=True, slots=True)
class RouteInfo:
    """A route of the console; `action` is the required permission, None if no sign-in is needed."""

    method: str
    path: str
    action: Action | None


def routes() -> list[RouteInfo]:
    """Return every route of the console with the permission that it requires."""
    router = APIRouter()
    for each in ROUTERS:
        router.include_router(each, prefix=ROOT)
    return [
        RouteInfo(method, each.path or "", getattr(each.original_route, "action", None))
        for each in iter_route_contexts(router.routes)
        for method in each.methods or ()
    ]
