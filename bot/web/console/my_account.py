"""An officer's own account: language, sessions; passkeys are shown, and changed next door."""

from uuid import UUID

from starlette.responses import Response

from bot.officers import credentials, directory, sessions
from bot.officers.permissions import Action
from bot.web.console.passkeys import guarded
from bot.web.console.rendering import done, page
from bot.web.console.request_context import Form, Visit
from bot.web.console.routing import get, post


async def shown(visit: Visit) -> Response:
    async with directory.console(visit.rt).connection() as connection:
        return page(
            visit,
            "own.html",
            sessions=await sessions.of_officer(connection, visit.officer.id),
            passkeys=await credentials.passkeys(connection, visit.officer.id),
            told=credentials.TOLD,
            guarded=await guarded(visit, connection),
        )


async def speak(visit: Visit, form: Form) -> Response:
    """The language of the console for this officer."""
    chosen = form.get("language", "")
    if chosen in dict(visit.rt.languages.languages()):
        async with directory.console(visit.rt).connection() as connection:
            await credentials.set_language(connection, visit.officer.id, chosen)
    return done("/own", "saved")


async def end(visit: Visit, form: Form) -> Response:
    async with directory.console(visit.rt).connection() as connection:
        match form.get("session", ""):
            case "others":
                await sessions.end_all(connection, visit.officer.id, but=visit.session.id)
            case named:
                await sessions.end(connection, visit.officer.id, _uuid(named))
    return done("/own", "ended")


def _uuid(named: str) -> UUID:
    try:
        return UUID(named)
    except ValueError:
        return UUID(int=0)


ROUTES = [
    get("/own", Action.SELF, shown),
    post("/own/language", Action.SELF, speak),
    post("/own/end", Action.SELF, end),
]
