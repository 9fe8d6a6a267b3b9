"""Exception handlers that respond with problem+json (RFC 9457), without parts of the request."""

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import iter_route_contexts
from pydantic import BaseModel, ValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from bot.registry.problems import PROBLEMS, FieldError, ProblemName, problem

MAX_ERRORS = 100
# Errors that FastAPI raises: the body is not JSON, or it exceeds the operation's limit.
_HTTP_PROBLEMS: dict[int, ProblemName] = {400: "invalid", 413: "too-large"}


class Objection(Exception):
    """Ends a request with the named problem. An open transaction is rolled back."""

    def __init__(self, name: ProblemName, errors: tuple[FieldError, ...] = ()) -> None:
        super().__init__(name)
        self.name = name
        self.errors = errors


def answer(
    name: ProblemName, errors: tuple[FieldError, ...] = (), *, wait: float | None = None
) -> Response:
    """Return a problem as a response; `wait` is the Retry-After in seconds, rounded."""
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
    """Parse a JSON body as the model; raise `Objection` with the invalid fields."""
    try:
        return model.model_validate_json(raw)
    except ValidationError as error:
        details = error.errors(include_url=False, include_context=False, include_input=False)
        fields = tuple(_field_error(each["loc"], each["type"]) for each in details[:MAX_ERRORS])
    raise Objection("invalid", fields)


async def on_invalid_request(_: Request, error: RequestValidationError) -> Response:
    """Respond to parameters or a body that FastAPI could not validate."""
    details = error.errors()[:MAX_ERRORS]
    places = {each["loc"][0] for each in details}
    if "path" in places:
        return answer("not-found")
    if ("header", "Idempotency-Key") in {each["loc"][:2] for each in details}:
        return answer("bad-key")
    fields = tuple(_field_error(_pointer_parts(each["loc"]), each["type"]) for each in details)
    return answer("invalid", fields)


async def on_objection(_: Request, error: Objection) -> Response:
    """Respond to an `Objection` with its problem."""
    return answer(error.name, error.errors, wait=1 if error.name == "in-progress" else None)


async def on_http_error(request: Request, error: HTTPException) -> Response:
    """Respond to an error of the router or FastAPI; a 405 lists the allowed methods."""
    if error.status_code != 405:
        return answer(_HTTP_PROBLEMS.get(error.status_code, "not-found"))
    response = answer("method-not-allowed")
    found = [
        each.methods or set()
        for each in iter_route_contexts(request.app.routes)
        if each.path_regex and each.path_regex.match(request.url.path)
    ]
    response.headers["Allow"] = ", ".join(sorted(set().union(*found) - {"HEAD"}))
    return response


async def on_error(_: Request, __: Exception) -> Response:
    """Respond to an unexpected exception with the problem `internal`."""
    return answer("internal")


def _pointer_parts(place: tuple[int | str, ...]) -> tuple[int | str, ...]:
    """Return the location of an error without its first element, which names body or header."""
    if place[0] == "header":
        return (str(place[1]).removeprefix("Document-").lower().replace("-", "_"),)
    return place[1:]


def _field_error(place: tuple[int | str, ...], kind: str) -> FieldError:
    if kind == "extra_forbidden":
        place = place[:-1]  # an unknown field's name is input, which is not repeated
    if kind == "json_invalid":
        place = ()
    return FieldError(pointer="".join(f"/{part}" for part in place), code=kind.upper())
