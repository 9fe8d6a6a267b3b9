"""Error answers of the sandbox as problem+json (RFC 9457), which never repeat the input."""

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route

from bot.registry.contract import PROBLEMS, FieldError, ProblemName, problem


class Objection(Exception):
    """A request that ends with this problem; its transaction is rolled back."""

    def __init__(self, name: ProblemName, errors: tuple[FieldError, ...] = ()) -> None:
        super().__init__(name)
        self.name = name
        self.errors = errors


def answer(
    name: ProblemName, errors: tuple[FieldError, ...] = (), *, wait: float | None = None
) -> Response:
    """Return the response for a problem; `wait` becomes Retry-After, in whole seconds."""
    headers = {"WWW-Authenticate": "Bearer"} if name == "unauthorized" else {}
    if wait is not None:
        headers["Retry-After"] = str(round(wait))
    return Response(
        problem(name, errors).model_dump_json(),
        PROBLEMS[name][0],
        headers,
        "application/problem+json",
    )


def parse[M: BaseModel](model: type[M], raw: bytes) -> M:
    """Parse a JSON body into a model. Raises `Objection`, which points at the wrong fields."""
    try:
        return model.model_validate_json(raw)
    except ValidationError as error:
        details = error.errors(include_url=False, include_context=False, include_input=False)
        fields = tuple(map(_field_error, details[:100]))
    raise Objection("invalid", fields)


async def on_objection(_: Request, error: Objection) -> Response:
    """Handle an `Objection`."""
    return answer(error.name, error.errors, wait=1 if error.name == "in-progress" else None)


async def on_http_error(request: Request, error: HTTPException) -> Response:
    """Handle the router's own refusals; a 405 lists the allowed methods."""
    if error.status_code != 405:
        return answer("not-found")
    said = answer("method-not-allowed")
    found = [
        route.methods or set()
        for route in request.app.routes
        if isinstance(route, Route) and route.matches(request.scope)[0] is not Match.NONE
    ]
    said.headers["Allow"] = ", ".join(sorted(set().union(*found) - {"HEAD"}))
    return said


async def on_error(_: Request, __: Exception) -> Response:
    """Handle an unexpected exception."""
    return answer("internal")


def _field_error(detail: ErrorDetails) -> FieldError:
    place = detail["loc"]
    if detail["type"] == "extra_forbidden":
        place = place[:-1]  # the name of an unknown field is input, too
    pointer = "".join(f"/{part}" for part in place)
    return FieldError(pointer=pointer, code=detail["type"].upper())
