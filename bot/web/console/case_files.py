"""Send files to the person of a case, show the case's files, manage the mission's form library.

A case is a person's request to officers. A library form is a blank application form in one or more
languages.
"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form
from pydantic import BaseModel
from starlette.responses import Response

from bot import desk
from bot.attachments import form_library, receiving
from bot.desk import ActionResult, views
from bot.file_sanitizer.sanitizer import MAX_BYTES
from bot.officers.permissions import Action
from bot.web.console import labels
from bot.web.console.case import OptionalReason, case_page
from bot.web.console.case_actions import run_action
from bot.web.console.case_forms import CaseForm
from bot.web.console.forms import Line
from bot.web.console.rendering import PAGE_HEADERS, page, redirect
from bot.web.console.request_context import RequestContext
from bot.web.console.routing import ConsoleRoute, require, uploaded
from flows.engine.text import Label
from flows.engine.upload_states import REFUSALS, Refusal

# Media types of images that browsers display safely. Audio is displayed too; all other files are
# downloaded.
SHOWN = ("image/jpeg",)
MAX_NAME = 60

router = APIRouter(route_class=ConsoleRoute)


class FormToSend(CaseForm):
    """The posted name of the library form that the officer sends to the person."""

    form: Line = ""


@router.post("/cases/{case_id}/form")
async def send_form(
    context: Annotated[RequestContext, require(Action.CASE_REPLY)],
    case_id: UUID,
    form: Annotated[FormToSend, Form()],
    reason: OptionalReason = None,
) -> Response:
    """Send the person a blank form of the mission's library in the person's language."""

    async def action() -> ActionResult:
        return await desk.reply(
            context.rt, context.officer, case_id, form.version, key=form.key, form=form.form
        )

    return await run_action(context, case_id, form, reason, "replied", action)


class OwnFile(CaseForm):
    """The name under which the person receives a file from the officer's device."""

    name: Line = ""


@router.post("/cases/{case_id}/file")
async def send_file(
    context: Annotated[RequestContext, require(Action.CASE_REPLY, file=MAX_BYTES)],
    case_id: UUID,
    form: Annotated[OwnFile, Form()],
    reason: OptionalReason = None,
) -> Response:
    """Send the person a file from the officer's device, after it was sanitized."""
    # Check the permission before the file is received, because sanitizing a file is expensive.
    await views.require(context.rt, context.officer, case_id, Action.CASE_REPLY)
    chunks = uploaded(context.request)
    name = file_name(form.name) or context.say(labels.WORDS["file"])
    file = await receiving.receive(context.rt, context.officer, chunks, name)
    if isinstance(file, Refusal):
        problem = context.say(refusal(file))
        return await case_page(context, case_id, reason, 422, form.draft, problem)

    async def action() -> ActionResult:
        return await desk.reply(
            context.rt, context.officer, case_id, form.version, key=form.key, file=file
        )

    return await run_action(context, case_id, form, reason, "replied", action)


def file_name(name: str) -> str:
    """Return a file name of letters, digits, spaces and -_() only, cut to MAX_NAME characters."""
    allowed = "".join(sign if sign.isalnum() or sign in " -_()" else " " for sign in name)
    return " ".join(allowed.split())[:MAX_NAME]


def refusal(why: Refusal) -> Label:
    """Return the text that explains to an officer why a file was rejected."""
    interrupted = why in (Refusal.INTERRUPTED, Refusal.UNAVAILABLE)
    return labels.WORDS["file_refused"] if interrupted else REFUSALS[why]


@router.get("/cases/{case_id}/files/{file_id}")
async def show_file(
    context: Annotated[RequestContext, require(Action.CASE_PAGE)], case_id: UUID, file_id: UUID
) -> Response:
    """Return a file of the case; JPEG and audio are displayed, all other files are downloaded."""
    file = await views.file(context.rt, context.officer, case_id, file_id)
    return Response(file.contents, media_type=file.media_type, headers=headers(file.media_type))


def headers(media_type: str) -> dict[str, str]:
    """Return headers by which a browser displays JPEG and audio, and downloads all other files.

    The middleware's header `nosniff` keeps browsers from guessing another type.
    """
    shown = media_type in SHOWN or media_type.startswith("audio/")
    placed = "inline" if shown else "attachment"
    return PAGE_HEADERS | {"Content-Disposition": placed}


@router.get("/forms")
async def listing(context: Annotated[RequestContext, require(Action.CANNED_READ)]) -> Response:
    """Return the page of the mission's form library."""
    return await _library(context)


async def _library(context: RequestContext, status: int = 200, problem: str = "") -> Response:
    found = await form_library.listing(context.rt, context.officer)
    names = dict.fromkeys(each.name for each in found)
    return page(
        context,
        "forms.html",
        status,
        forms=[(name, [each for each in found if each.name == name]) for name in names],
        edits=context.may(Action.CANNED_EDIT),
        problem=problem,
    )


class LibraryFields(BaseModel):
    """The name and the language of a blank form in the library."""

    name: Line = ""
    language: str = ""


@router.post("/forms")
async def add(
    context: Annotated[RequestContext, require(Action.CANNED_EDIT, file=MAX_BYTES)],
    form: Annotated[LibraryFields, Form()],
) -> Response:
    """Sanitize an uploaded blank form and add it to the library in its language; 422 if unsafe."""
    file = await receiving.receive(context.rt, context.officer, uploaded(context.request), "")
    if isinstance(file, Refusal):
        return await _library(context, 422, context.say(refusal(file)))
    try:
        await form_library.put(context.rt, context.officer, form.name, form.language, file)
    except form_library.Unusable:
        return await _library(context, 422, context.say(labels.WORDS["bad_form"]))
    return redirect("/forms", "saved")


@router.post("/forms/remove")
async def remove(
    context: Annotated[RequestContext, require(Action.CANNED_EDIT)],
    form: Annotated[LibraryFields, Form()],
) -> Response:
    """Delete the blank form of one language from the mission's library."""
    await form_library.remove(context.rt, context.officer, form.name, form.language)
    return redirect("/forms", "saved")
