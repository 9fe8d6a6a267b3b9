"""Fault injection: the switches for faults, and the middleware that applies most faults."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import Field
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.registry.contract import Model
from bot.registry.problems import FieldError
from bot.registry.sandbox.errors import answer

type FaultName = Literal[
    "slow",
    "down",
    "busy",
    "html_error",
    "redirect",
    "expired_token",
    "field_errors",
    "refuse",
    "reject",
    "ask",
    "duplicate",
    "pass_on",
    "double",
    "wrong_number",
    "wrong_schema",
    "error_after_commit",
    "drop_after_commit",
]
type Place = Literal["token", "reads", "writes"]

FAULTS: dict[FaultName, str] = {
    "slow": "waits before it commits; the key is held meanwhile",
    "down": "drops the connection; nothing is committed",
    "busy": "503 with a problem and Retry-After; nothing is committed",
    "html_error": "502 with an HTML page, as a proxy answers; nothing is committed",
    "redirect": "307 to another host",
    "expired_token": "forgets the access token and answers 401",
    "field_errors": "422 that points at two fields",
    "refuse": "422 without fields",
    "reject": "takes the entry, then decides REJECTED",
    "ask": "takes the entry, then decides NEEDS_INFORMATION",
    "duplicate": "takes the entry, then decides DUPLICATE",
    "pass_on": "takes the entry, then decides PASSED_ON",
    "double": "tells its decision twice, then an older state late",
    "wrong_number": "200 with the entry of somebody else",
    "wrong_schema": "commits, then answers JSON of another shape",
    "error_after_commit": "commits, then answers 500",
    "drop_after_commit": "commits, then drops the connection",
}
"""The effect of each fault, as described on the sandbox's page."""

_ANYWHERE: frozenset[Place] = frozenset({"token", "reads", "writes"})
_RESOURCES: frozenset[Place] = frozenset({"reads", "writes"})
_WRITES: frozenset[Place] = frozenset({"writes"})
_PLACES: dict[FaultName, frozenset[Place]] = {
    "slow": _ANYWHERE,
    "down": _ANYWHERE,
    "busy": _ANYWHERE,
    "html_error": _ANYWHERE,
    "redirect": _ANYWHERE,
    "expired_token": _RESOURCES,
    "wrong_number": _RESOURCES,
    "wrong_schema": _ANYWHERE,
    "field_errors": _WRITES,
    "refuse": _WRITES,
    "reject": _WRITES,
    "ask": _WRITES,
    "duplicate": _WRITES,
    "pass_on": _WRITES,
    "double": _WRITES,
    "error_after_commit": _WRITES,
    "drop_after_commit": _WRITES,
}


class Fault(Model):
    """A fault to inject: which requests it hits, with which probability, and how often."""

    name: FaultName
    on: Literal["everything", "token", "reads", "writes"] = "everything"
    probability: Annotated[float, Field(gt=0, le=1)] = 1.0
    count: Annotated[int, Field(ge=0, le=1_000_000)] | None = None
    """How many more requests it hits; null until switched off, 0 switches off."""
    seconds: Annotated[float, Field(ge=0, le=600)] = 5.0
    """Delay in seconds of the fault `slow`, and Retry-After of the fault `busy`."""

    def acts_on(self, place: Place) -> bool:
        return place in _PLACES[self.name] and self.on in ("everything", place)


type ActiveFaults = Mapping[FaultName, Fault]


@dataclass
class Faults:
    """The faults that are switched on; kept in memory only."""

    on: dict[FaultName, Fault] = field(default_factory=dict)
    chance: random.Random = field(default_factory=random.Random)

    def switch(self, fault: Fault) -> None:
        """Switch a fault on, replacing its settings; a count of 0 switches it off."""
        self.on[fault.name] = fault
        if fault.count == 0:
            del self.on[fault.name]

    def draw(self, place: Place) -> ActiveFaults:
        """Choose at random, and return, the faults that hit a request of the kind `place`.

        A fault's remaining count is decremented.
        """
        active = {
            name: fault
            for name, fault in self.on.items()
            if fault.acts_on(place) and self.chance.random() < fault.probability
        }
        for fault in active.values():
            if fault.count is not None:
                self.switch(fault.model_copy(update={"count": fault.count - 1}))
        return active


class FaultMiddleware:
    """ASGI middleware that passes a request to the application, or returns an active fault."""

    def __init__(self, app: ASGIApp, faults: Faults) -> None:
        self._app = app
        self._faults = faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        place = _place(scope)
        if place is None:
            return await self._app(scope, receive, send)
        active = self._faults.draw(place)
        scope.setdefault("state", {})["faults"] = active
        if "down" in active:
            return await _drop(receive, send)
        response = _replacement(active)
        if response is not None:
            return await response(scope, receive, send)
        if active.keys().isdisjoint(_AFTERWARDS):
            return await self._app(scope, receive, send)
        await self._app(scope, receive, _discard)
        if "drop_after_commit" in active:
            return await _drop(receive, send)
        return await _error_after_commit(active)(scope, receive, send)


_AFTERWARDS: frozenset[FaultName] = frozenset(
    {"error_after_commit", "drop_after_commit", "wrong_schema"}
)


def _place(scope: Scope) -> Place | None:
    if scope["type"] != "http":
        return None
    if scope["path"] == "/oauth/token":
        return "token"
    if not scope["path"].startswith("/v1/"):
        return None
    return "reads" if scope["method"] == "GET" else "writes"


def _replacement(active: ActiveFaults) -> Response | None:
    """Return the response that a fault sends instead of the application's, or None."""
    for name, fault in active.items():
        match name:
            case "busy":
                return answer("unavailable", wait=fault.seconds)
            case "html_error":
                return Response("<h1>502 Bad Gateway</h1>", 502, media_type="text/html")
            case "redirect":
                return RedirectResponse("https://elsewhere.invalid/", 307)
            case "field_errors":
                return answer("invalid", _WRONG_FIELDS)
            case "refuse":
                return answer("refused")
            case _:
                continue
    return None


_WRONG_FIELDS = (
    FieldError(pointer="/surname", code="STRING_TOO_LONG"),
    FieldError(pointer="/members/0/age_band", code="LITERAL_ERROR"),
)


def _error_after_commit(active: ActiveFaults) -> Response:
    if "error_after_commit" in active:
        return answer("internal")
    return JSONResponse({"receipt": 7, "status": "OK"})


async def _discard(_: Message) -> None:
    """Discard an ASGI message of the application, so that the client gets no response."""


async def _drop(receive: Receive, send: Send) -> None:
    """Close the connection without a response, through uvicorn's transport.

    ASGI itself has no message that closes a connection.
    """
    send.__self__.transport.abort()  # type: ignore[attr-defined]
    while (await receive())["type"] != "http.disconnect":
        pass
