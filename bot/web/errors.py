"""Convert exceptions into HTTP responses with a status and a stable error code.

A response never repeats what the client sent.
"""

from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from fastapi import Request
from fastapi.exceptions import HTTPException as FastAPIHTTPException
from fastapi.exceptions import RequestValidationError
from fastapi.routing import iter_route_contexts
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.routing import compile_path

from bot.web import secure_page
from bot.web.middleware import UNAVAILABLE_ERRORS, count_response, security_headers
from bot.web.request_parsing import Refused

type ErrorHandler = Callable[[Request, Any], Coroutine[Any, Any, Response]]

CODES: Mapping[int, str] = {
    404: "E_NOT_FOUND",
    405: "E_METHOD_NOT_ALLOWED",
    422: "E_INVALID_REQUEST",
    500: "E_INTERNAL",
}
RETRY_SECONDS = 5


async def http_error(request: Request, error: Exception) -> Response:
    """Return a response with an HTTPException's status and code, for a browser a page."""
    if not isinstance(error, HTTPException):
        raise error
    headers = error.headers
    if error.status_code == 405:
        headers = {"Allow": _allowed_methods(request)}
    return error_response(request, error.status_code, headers)


def _allowed_methods(request: Request) -> str:
    """Return the HTTP methods of all routes with the request's path, for the header Allow.

    Starlette's own Allow header has only the methods of the first matching route.
    """
    path = request.url.path
    methods = {
        method
        for each in iter_route_contexts(request.app.routes)
        if each.path and compile_path(each.path)[0].match(path)
        for method in each.methods or ()
    }
    return ", ".join(sorted(methods))


async def refused(request: Request, error: Exception) -> Response:
    """Return a response with the status of the Refused that was raised, for a browser a page."""
    status = error.status if isinstance(error, Refused) else 400
    return _page(request, status) or Response(status_code=status)


async def invalid_request(request: Request, error: Exception) -> Response:
    """Return 422 for invalid parameters of a request, without repeating their values."""
    return error_response(request, 422)


async def internal_error(request: Request, error: Exception) -> Response:
    """Return 500, with the security headers that `RequestGuard` does not add to this response."""
    answer = kept_form(request) or error_response(request, 500)
    answer.headers.update(security_headers())
    count_response(request.url.path, answer.status_code)
    return answer


async def unavailable(request: Request, error: Exception) -> Response:
    """Return 503 with Retry-After if PostgreSQL or Valkey is unavailable; nothing was stored."""
    answer = (
        kept_form(request) or _page(request, 503) or JSONResponse({"error": "E_UNAVAILABLE"}, 503)
    )
    answer.headers["Retry-After"] = str(RETRY_SECONDS)
    return answer


def kept_form(request: Request) -> Response | None:
    """Return the console's page from which to send a form again that failed with the request."""
    found: Response | None = getattr(request.state, "kept_form", None)
    return found


def error_response(
    request: Request, status: int, headers: Mapping[str, str] | None = None
) -> Response:
    """Return a response with a status and, if CODES has an error code for it, the code as JSON.

    A browser gets a page instead of the code.
    """
    if page := _page(request, status):
        page.headers.update(headers or {})
        return page
    code = CODES.get(status)
    return (
        JSONResponse({"error": code}, status, headers)
        if code
        else Response(status_code=status, headers=headers)
    )


def _page(request: Request, status: int) -> Response | None:
    """Return the page for this error status if a browser asks for one.

    The texts of most pages address people in the chat. Therefore the console has a page only for an
    unknown address, for the address of a form, and for an unavailable database. The console's own
    error pages need a session.
    """
    if "text/html" not in request.headers.get("accept", ""):
        return None
    if request.url.path.startswith("/console") and status not in (404, 405, 503):
        return None
    return secure_page.error_page(request, status)


HANDLERS: dict[int | type[Exception], ErrorHandler] = {
    Refused: refused,
    HTTPException: http_error,
    FastAPIHTTPException: http_error,
    RequestValidationError: invalid_request,
    Exception: internal_error,
    **dict.fromkeys(UNAVAILABLE_ERRORS, unavailable),
}
