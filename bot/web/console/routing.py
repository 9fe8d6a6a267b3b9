"""Check session, CSRF token and permission before the code of a console page runs.

Each route declares its permission with `require`. A form contains a CSRF token that is derived from
the session, so other sites cannot send a valid form. A form whose session has ended has no effect.
If such a form contains text, the officer gets a page from which to send it again after signing in.
The same page keeps the text if the database is unavailable or an unexpected error occurs.
"""

import hmac
from collections.abc import AsyncIterator
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from fastapi import Depends, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from bot.desk.views import ReasonNeeded
from bot.officers import directory
from bot.officers.permissions import Action, Forbidden
from bot.security.audit_log import append
from bot.web import multipart
from bot.web.console import labels
from bot.web.console.forms import MAX_FORM_BYTES, check_form_origin, read_form
from bot.web.console.rendering import page, signed_out_page
from bot.web.console.request_context import (
    ROOT,
    SIGN_IN,
    SIGN_OUT,
    PasskeyNeeded,
    RequestContext,
    authenticate,
    require_permission,
)
from bot.web.middleware import UNAVAILABLE_ERRORS
from bot.web.request_parsing import FORM, CheckedRequest, Handler, Pairs, Refused

NO_FIELDS: dict[str, Any] = {"form_action": "", "permission": "", "kept": []}


@dataclass(frozen=True)
class Permission:
    """FastAPI dependency: requires permission for `action` and returns the request's context.

    If the session ends before a form is sent, or the form is refused, the text of fields whose
    names begin with an item of `keep` is shown again. `file` is the maximum size in bytes of a file
    in the form; 0 allows no file.
    """

    action: Action
    keep: tuple[str, ...] = ()
    file: int = 0

    async def __call__(self, request: Request) -> RequestContext:
        context: RequestContext = request.state.context
        require_permission(context, self.action)
        return context


def require(action: Action, *, keep: tuple[str, ...] = (), file: int = 0) -> Any:
    """Return the FastAPI dependency by which a route declares the permission that it requires."""
    return Depends(Permission(action, keep, file))


def uploaded(request: Request) -> AsyncIterator[bytes]:
    """Return the byte stream of the form's file.

    The form's other fields were already read and checked.
    """
    found: AsyncIterator[bytes] = request.state.upload
    return found


class ConsoleRoute(APIRoute):
    """Route that checks session and form before FastAPI parses a request.

    A rejected request gets a page that explains the reason.
    """

    def __init__(self, path: str, endpoint: Any, **options: Any) -> None:
        super().__init__(path, endpoint, **options)
        named = [each.call for each in self.dependant.dependencies]
        self.permission = next(each for each in named if isinstance(each, Permission))

    @property
    def action(self) -> Action:
        """Return the action for which the route requires permission."""
        return self.permission.action

    def get_route_handler(self) -> Handler:
        """Return FastAPI's handler with the route's checks before it.

        The header Server-Timing contains the time that the checks and the handler take together.
        """
        handler = super().get_route_handler()

        async def timed(request: Request) -> Response:
            started = perf_counter()
            response = await self._answer(request, handler)
            spent = (perf_counter() - started) * 1000
            response.headers["Server-Timing"] = f"page;dur={spent:.1f}"
            return response

        return timed

    async def _answer(self, request: Request, handler: Handler) -> Response:
        try:
            return await self._process(request, handler)
        except Refused as refused:
            context: RequestContext | None = getattr(request.state, "context", None)
            if refused.status != 413 or context is None:
                raise
            return _error_page(context, 413, "problem", context.say(labels.WORDS["too_large"]))
        except HTTPException:
            raise
        except Exception as error:
            # The error's handler in `bot.web.errors` returns this page.
            fields = await self._unsaved(request) if request.method == "POST" else NO_FIELDS
            if fields["kept"]:
                status = 503 if isinstance(error, UNAVAILABLE_ERRORS) else 500
                request.state.kept_form = signed_out_page(
                    request, "resend_form.html", status, note="off", **fields
                )
            raise

    async def _process(self, request: Request, handler: Handler) -> Response:
        context = await authenticate(request)
        if isinstance(context, Response):
            is_form = request.method == "POST"
            return await self._keep_form(request, context) if is_form else context
        request.state.context = context
        if request.method == "POST":
            checked = await self._check_form(context)
            if isinstance(checked, Response):
                return checked
            request = checked
        return await self._handle(context, request, handler)

    async def _keep_form(self, request: Request, answer: Response) -> Response:
        """Return a page from which the officer can send again a form whose session has ended.

        If the form cannot be read, return `answer`, which is the response that asks to sign in.
        """
        try:
            fields = await self._unsaved(request)
        except Refused:
            return answer
        if request.url.path == SIGN_OUT:
            return RedirectResponse(f"{SIGN_IN}?why=out", 303)
        return signed_out_page(
            request, "resend_form.html", answer.status_code, note="kept_out", **fields
        )

    async def _unsaved(self, request: Request) -> dict[str, Any]:
        """Return the template values of a form whose officer could not be authenticated."""
        pairs = await self._read(request)
        return self._resent_fields(request, pairs) | {"csrf": _token(pairs)}

    async def _check_form(self, context: RequestContext) -> Request | Response:
        """Return the request with its parsed fields, or a page if the form is of another session.

        If the form is of an ended session of the same officer, the officer can send it again from
        that page. Raises Refused (403) for a form of another site.
        """
        try:
            pairs = await self._read(context.request)
        except Refused as refused:
            if refused.status == 403:
                await _note_denied(context, self.action, "foreign")
            raise
        token, _dot, tag = _token(pairs).partition(".")
        if _same(token, context.csrf.partition(".")[0]):
            return CheckedRequest(context.request, pairs)
        own = any(_same(tag, each) for each in context.form_tags)
        await _note_denied(context, self.action, "stale" if own else "foreign")
        fields = self._resent_fields(context.request, pairs) if own else NO_FIELDS
        return page(context, "resend_form.html", 403, note="kept_again", **fields)

    async def _read(self, request: Request) -> Pairs:
        """Return the fields of a posted form; if it has a file, only the fields before the file.

        The body can be read only once, so a second call returns the same fields.
        """
        if not hasattr(request.state, "pairs"):
            request.state.pairs = await self._fields(request)
        pairs: Pairs = request.state.pairs
        return pairs

    async def _fields(self, request: Request) -> Pairs:
        request.state.upload = _nothing()
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if not self.permission.file or kind == FORM:
            return await read_form(request)
        check_form_origin(request)
        sent = await multipart.opened(request, self.permission.file + MAX_FORM_BYTES)
        if any("\0" in part for pair in sent.fields.items() for part in pair):
            raise Refused(400)
        request.state.upload = sent.file
        return [*sent.fields.items()]

    def _resent_fields(self, request: Request, pairs: Pairs) -> dict[str, Any]:
        """Return the template values of the page from which the officer can send the form again.

        Return NO_FIELDS if none of the fields to keep has text.
        """
        written = [self._is_kept(*pair) for pair in pairs]
        if not any(written):
            return NO_FIELDS
        query = f"?{request.url.query}" if request.url.query else ""
        fields = zip(pairs, written, strict=True)
        return {
            "form_action": request.url.path + query,
            "permission": self.action.value,
            "kept": [(*pair, shown) for pair, shown in fields if pair[0] != "csrf"],
        }

    def _is_kept(self, name: str, value: str) -> bool:
        return name.startswith(self.permission.keep) and bool(value.strip())

    def _unsent(self, request: Request) -> str:
        """Return the typed texts of a form to show them again; "" if there are none."""
        pairs = request.pairs if isinstance(request, CheckedRequest) else []
        return "\n\n".join(value for name, value in pairs if self._is_kept(name, value))

    async def _handle(
        self, context: RequestContext, request: Request, handler: Handler
    ) -> Response:
        unsent = self._unsent(request)
        try:
            return await handler(request)
        except PasskeyNeeded:
            await _note_denied(context, self.action, "passkey")
            return RedirectResponse(f"{SIGN_IN}?why=passkey", 303)
        except Forbidden as error:
            await _note_denied(context, self.action, error.why.value)
            reason = context.say(labels.WHYS[error.why])
            return _error_page(context, 403, "forbidden", reason, unsent)
        except ReasonNeeded:
            return _reason_needed(context, request, unsent)
        except RequestValidationError as error:
            if any(each["loc"][0] == "path" for each in error.errors()):
                return await self._not_found(context, unsent)
            return _error_page(context, 422, "problem", unsent=unsent)
        except KeyError:
            raise
        except LookupError:
            return await self._not_found(context, unsent)

    async def _not_found(self, context: RequestContext, unsent: str) -> Response:
        """Return 404, and record the request in the audit log as denied.

        The response is the same for an object that does not exist and for one of another mission.
        """
        await _note_denied(context, self.action, "absent")
        return _error_page(context, 404, "not_there", unsent=unsent)


async def _nothing() -> AsyncIterator[bytes]:
    """Yield no bytes, as the file of a form that has none."""
    if False:
        yield b""


def _token(pairs: Pairs) -> str:
    return next((value for name, value in pairs if name == "csrf"), "")


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())


async def _note_denied(context: RequestContext, action: Action, why: str) -> None:
    async with directory.acting(context.rt, context.officer) as transaction:
        await append(
            transaction,
            actor=str(context.officer.id),
            action="denied",
            subject=action.value,
            detail=f"{context.request.method} {why}",
        )


def _reason_needed(context: RequestContext, request: Request, unsent: str) -> Response:
    """Return a page with the typed texts if another officer took the case meanwhile.

    Without such texts, redirect to the case's page, which asks for the reason to read the case.
    """
    if unsent:
        reason = context.say(labels.WORDS["kept_gone"])
        return _error_page(context, 409, "problem", reason, unsent)
    return RedirectResponse(f"{ROOT}/cases/{request.path_params['case_id']}", 303)


def _error_page(
    context: RequestContext, status: int, headline: str, reason: str = "", unsent: str = ""
) -> Response:
    title = context.say(labels.WORDS[headline])
    return page(context, "error.html", status, headline=title, reason=reason, unsent=unsent)
