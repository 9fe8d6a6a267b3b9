"""The only ways into the console: each route names an action of `bot.access`.

What the policy does not allow is closed before the page's own code runs; a form also has to carry
the session's own token, so that no other site can send it.
"""

import hmac
from collections.abc import Awaitable, Callable
from time import perf_counter
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from bot import officers
from bot.access import Action, Forbidden
from bot.audit import append
from bot.web.console import words
from bot.web.console.pages import page
from bot.web.console.visit import (
    ROOT,
    SIGN_IN,
    Form,
    PasskeyNeeded,
    Visit,
    arrive,
    demand,
    form_of,
)
from bot.web.door import Refused

type Page = Callable[[Visit], Awaitable[Response]]
type Act = Callable[[Visit, Form], Awaitable[Response]]


def get(path: str, action: Action, shown: Page) -> Route:
    """A page for whoever may do `action`."""

    async def answer(request: Request) -> Response:
        visit = await arrive(request)
        return visit if isinstance(visit, Response) else await _allowed(visit, action, shown)

    return _route(path, action, answer, "GET")


def post(path: str, action: Action, act: Act) -> Route:
    """Something done by form, by whoever may do `action`."""

    async def answer(request: Request) -> Response:
        visit = await arrive(request)
        if isinstance(visit, Response):
            return visit
        try:
            form = await form_of(request)
            if not hmac.compare_digest(form.get("csrf", "").encode(), visit.csrf.encode()):
                raise Refused(403)
        except Refused as refused:
            if refused.status == 403:
                await _note_denied(visit, action, "foreign")
            raise

        async def acted(visit: Visit) -> Response:
            return await act(visit, form)

        return await _allowed(visit, action, acted)

    return _route(path, action, answer, "POST")


def _route(path: str, action: Action, answer: Any, method: str) -> Route:
    async def timed(request: Request) -> Response:
        """How long the page took here, for the tools of a browser and for `./kosh bench`."""
        begun = perf_counter()
        response: Response = await answer(request)
        spent = (perf_counter() - begun) * 1000
        response.headers["Server-Timing"] = f"page;dur={spent:.1f}"
        return response

    route = Route(f"{ROOT}{path}", timed, methods=[method])
    route.action = action  # type: ignore[attr-defined]
    return route


async def _allowed(visit: Visit, action: Action, answer: Page) -> Response:
    say = visit.say
    try:
        demand(visit, action)
        return await answer(visit)
    except PasskeyNeeded:
        await _note_denied(visit, action, "passkey")
        return RedirectResponse(f"{SIGN_IN}?why=passkey", 303)
    except Forbidden as error:
        await _note_denied(visit, action, error.why.value)
        return _trouble(visit, 403, "forbidden", say(words.WHYS[error.why]))
    except KeyError:
        raise
    except LookupError:
        # Of another mission or never there: nobody can tell, and who guesses is on record.
        await _note_denied(visit, action, "absent")
        return _trouble(visit, 404, "not_there", "")


async def _note_denied(visit: Visit, action: Action, why: str) -> None:
    async with officers.acting(visit.rt, visit.officer) as session:
        await append(
            session,
            actor=str(visit.officer.id),
            action="denied",
            subject=action.value,
            detail=f"{visit.request.method} {why}",
        )


def _trouble(visit: Visit, status: int, headline: str, more: str) -> Response:
    more = more or (visit.say(words.WORDS["forbidden_hint"]) if status == 403 else "")
    headline = visit.say(words.WORDS[headline])
    return page(visit, "trouble.html", status, headline=headline, more=more)
