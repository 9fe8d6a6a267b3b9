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
from bot.web.reader_language import page_language
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
    """Return a response with an HTTPException's status and code; a browser gets a page for 404."""
    if not isinstance(error, HTTPException):
        raise error
    if error.status_code == 404 and "text/html" in request.headers.get("accept", ""):
        return _no_page(request)
    if error.status_code == 405:
        return error_response(405, {"Allow": _allowed_methods(request)})
    return error_response(error.status_code, error.headers)


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


def _no_page(request: Request) -> Response:
    """Return the 404 page in the browser's preferred language."""
    rt = request.app.state.rt
    return secure_page.not_found_page(rt, page_language(rt, "", request))


async def refused(request: Request, error: Exception) -> Response:
    """Return an empty response with the status of the Refused that was raised."""
    return Response(status_code=error.status if isinstance(error, Refused) else 400)


async def invalid_request(request: Request, error: Exception) -> Response:
    """Return 422 for invalid parameters of a request, without repeating their values."""
    return error_response(422)


async def internal_error(request: Request, error: Exception) -> Response:
    """Return 500, with the security headers that `RequestGuard` does not add to this response."""
    answer = error_response(500, security_headers())
    count_response(request.url.path, answer.status_code)
    return answer


async def unavailable(request: Request, error: Exception) -> Response:
    """Return 503 with Retry-After if PostgreSQL or Valkey is unavailable; nothing was stored."""
    if "text/html" in request.headers.get("accept", ""):
        answer = secure_page.unavailable_page(request.app.state.rt)
    else:
        answer = JSONResponse({"error": "E_UNAVAILABLE"}, 503)
    answer.headers["Retry-After"] = str(RETRY_SECONDS)
    return answer


def error_response(status: int, headers: Mapping[str, str] | None = None) -> Response:
    """Return a response with a status and, if CODES has an error code for it, the code as JSON."""
    code = CODES.get(status)
    return (
        JSONResponse({"error": code}, status, headers)
        if code
        else Response(status_code=status, headers=headers)
    )


HANDLERS: dict[int | type[Exception], ErrorHandler] = {
    Refused: refused,
    HTTPException: http_error,
    FastAPIHTTPException: http_error,
    RequestValidationError: invalid_request,
    Exception: internal_error,
    **dict.fromkeys(UNAVAILABLE_ERRORS, unavailable),
}
