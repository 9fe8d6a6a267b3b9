"""Show an officer's own account: language, sessions, passkeys."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Form
from starlette.responses import Response

from bot.officers import credentials, directory, sessions
from bot.officers.permissions import Action
from bot.web.console.passkeys import is_guarded
from bot.web.console.rendering import done, page
from bot.web.console.request_context import RequestContext
from bot.web.console.routing import ConsoleRoute, require

router = APIRouter(route_class=ConsoleRoute)


@router.get("/own")
async def show(context: Annotated[RequestContext, require(Action.SELF)]) -> Response:
    """Return the account's page."""
    async with directory.console(context.rt).connection() as transaction:
        return page(
            context,
            "my_account.html",
            sessions=await sessions.of_officer(transaction, context.officer.id),
            passkeys=await credentials.passkeys(transaction, context.officer.id),
            key_prefix=credentials.KEY_PREFIX,
            guarded=await is_guarded(context, transaction),
        )


@router.post("/own/language")
async def set_language(
    context: Annotated[RequestContext, require(Action.SELF)],
    language: Annotated[str, Form()] = "",
) -> Response:
    """Set the language of the console for this officer."""
    if language in dict(context.rt.languages.languages()):
        async with directory.console(context.rt).connection() as transaction:
            await credentials.set_language(transaction, context.officer.id, language)
    return done("/own", "saved")


@router.post("/own/end")
async def end_session(
    context: Annotated[RequestContext, require(Action.SELF)],
    session: Annotated[UUID | Literal["others"], Form()],
) -> Response:
    """End one session of the officer, or all others."""
    async with directory.console(context.rt).connection() as transaction:
        if session == "others":
            await sessions.end_all(transaction, context.officer.id, but=context.session.id)
        else:
            await sessions.end(transaction, context.officer.id, session)
    return done("/own", "ended")
