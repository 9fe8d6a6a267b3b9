"""The only ways into the console: each route names an action of `bot.officers.permissions`.

What the policy does not allow is closed before the page's own code runs; a form also has to carry
the session's own token, so that no other site can send it. One that comes after its session's end
is not done; if somebody wrote in it, it is shown to be sent again, by the same officer alone.
"""

import hmac
from collections.abc import Awaitable, Callable
from time import perf_counter
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from bot.officers import directory
from bot.officers.permissions import Action, Forbidden
from bot.security.audit_log import append
from bot.web.console import labels
from bot.web.console.rendering import bare, page
from bot.web.console.request_context import (
    ROOT,
    SIGN_IN,
    SIGN_OUT,
    Form,
    Pairs,
    PasskeyNeeded,
    Visit,
    arrive,
    demand,
    joined,
    sent,
)
from bot.web.request_parsing import Refused

type Page = Callable[[Visit], Awaitable[Response]]
type Act = Callable[[Visit, Form], Awaitable[Response]]
type Writes = tuple[str, ...]

NOTHING: dict[str, Any] = {"action": "", "deed": "", "kept": []}


def get(path: str, action: Action, shown: Page) -> Route:
    """A page for whoever may do `action`."""

    async def answer(request: Request) -> Response:
        visit = await arrive(request)
        return visit if isinstance(visit, Response) else await _allowed(visit, action, shown)

    return _route(path, action, answer, "GET")


def post(path: str, action: Action, act: Act, writes: Writes = ()) -> Route:
    """Something done by form, by whoever may do `action`; what is written in fields whose names
    begin as `writes` says outlives the session."""

    async def answer(request: Request) -> Response:
        visit = await arrive(request)
        if isinstance(visit, Response):
            return await _signed_out(request, visit, action, writes)
        try:
            pairs = await sent(request)
        except Refused as refused:
            if refused.status == 403:
                await _note_denied(visit, action, "foreign")
            raise
        form = joined(pairs)
        token, _dot, mark = form.get("csrf", "").partition(".")
        if not _same(token, visit.csrf.partition(".")[0]):
            own = any(_same(mark, each) for each in visit.marks)
            await _note_denied(visit, action, "stale" if own else "foreign")
            kept = _kept(request, action, pairs, writes) if own else NOTHING
            return page(visit, "again.html", 403, out=False, **kept)

        async def acted(visit: Visit) -> Response:
            return await act(visit, form)

        return await _allowed(visit, action, acted)

    return _route(path, action, answer, "POST")


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())


async def _signed_out(request: Request, away: Response, action: Action, writes: Writes) -> Response:
    """What was written in a form is not lost: the page that comes instead carries it, with the mark
    of the officer whose it is."""
    try:
        pairs = await sent(request)
    except Refused:
        return away
    if request.url.path == SIGN_OUT:
        return RedirectResponse(f"{SIGN_IN}?why=out", 303)
    kept = _kept(request, action, pairs, writes) | {"csrf": joined(pairs).get("csrf", "")}
    return bare(request, "again.html", away.status_code, out=True, **kept)


def _kept(request: Request, action: Action, pairs: Pairs, writes: Writes) -> dict[str, Any]:
    """What of a form is shown, and what goes with it unseen; nothing where nobody wrote."""
    written = [name.startswith(writes) and bool(value.strip()) for name, value in pairs]
    if not any(written):
        return NOTHING
    query = f"?{request.url.query}" if request.url.query else ""
    kept = [(*pair, seen) for pair, seen in zip(pairs, written, strict=True) if pair[0] != "csrf"]
    return {"action": request.url.path + query, "deed": action.value, "kept": kept}


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
        return _trouble(visit, 403, "forbidden", say(labels.WHYS[error.why]))
    except KeyError:
        raise
    except LookupError:
        # Of another mission or never there: nobody can tell, and who guesses is on record.
        await _note_denied(visit, action, "absent")
        return _trouble(visit, 404, "not_there", "")


async def _note_denied(visit: Visit, action: Action, why: str) -> None:
    async with directory.acting(visit.rt, visit.officer) as session:
        await append(
            session,
            actor=str(visit.officer.id),
            action="denied",
            subject=action.value,
            detail=f"{visit.request.method} {why}",
        )


def _trouble(visit: Visit, status: int, headline: str, more: str) -> Response:
    more = more or (visit.say(labels.WORDS["forbidden_hint"]) if status == 403 else "")
    headline = visit.say(labels.WORDS[headline])
    return page(visit, "trouble.html", status, headline=headline, more=more)
