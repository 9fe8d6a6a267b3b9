"""Convert errors outside the API's operations, such as an unknown address, into its responses."""

from fastapi import Request
from starlette.responses import Response

from bot.web import errors
from bot.web.api.problems import named, problem
from bot.web.errors import ErrorHandler

PATH = "/api/"
OF_BODY = ("content-length", "content-type")


def with_problems(handler: ErrorHandler) -> ErrorHandler:
    """Return the exception handler with RFC 9457 responses to requests under the API's path."""

    async def handle(request: Request, error: Exception) -> Response:
        answer = await handler(request, error)
        if not request.url.path.startswith(PATH):
            return answer
        kept = {key: each for key, each in answer.headers.items() if key not in OF_BODY}
        return problem(named(answer.status_code), headers=kept)

    return handle


HANDLERS = {of: with_problems(each) for of, each in errors.HANDLERS.items()}
