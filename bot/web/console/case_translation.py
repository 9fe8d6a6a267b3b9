"""Translate an officer's draft or a person's message by machine; translations are not stored.

A person's message is translated only if the settings name a translation program on this machine, so
that the message does not leave the machine.
"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form
from starlette.responses import Response

from bot.conversations import outside_budgets
from bot.desk import views
from bot.desk.views import View
from bot.i18n import reader_script
from bot.officers.permissions import Action, DenialReason, Forbidden
from bot.understanding import translation
from bot.understanding.endpoint import Outcome
from bot.web.console import labels
from bot.web.console.case import Draft, OptionalReason, case_page
from bot.web.console.case_forms import CaseForm
from bot.web.console.request_context import RequestContext
from bot.web.console.routing import ConsoleRoute, require

router = APIRouter(prefix="/cases/{case_id}", route_class=ConsoleRoute)


@router.post("/translate")
async def translate_draft(
    context: Annotated[RequestContext, require(Action.CASE_REPLY, keep=("words",))],
    case_id: UUID,
    form: Annotated[CaseForm, Form()],
    reason: OptionalReason = None,
) -> Response:
    """Translate the officer's text into the person's language and show it; nothing is sent.

    The officer checks the translation and sends it.
    """
    view = await views.view(context.rt, context.officer, case_id, reason)
    if Action.CASE_REPLY not in view.may:
        raise Forbidden(DenialReason.OWNER)
    found = await _translate(context, form.words.strip(), view.composer.language)
    if not found:
        return await _failure_page(context, case_id, reason, form.draft)
    draft = Draft(found, note=form.note, machine=True, original=form.words.strip())
    return await case_page(context, case_id, reason, draft=draft)


@router.post("/translate/{message}")
async def translate_message(
    context: Annotated[RequestContext, require(Action.CASE_READ)],
    case_id: UUID,
    message: int,
    form: Annotated[CaseForm, Form()],
    reason: OptionalReason = None,
) -> Response:
    """Translate a message of the person into the officer's language; show both texts."""
    view = await views.view(context.rt, context.officer, case_id, reason)
    words = _words(view, message) if context.rt.settings.translates_people else ""
    found = await _translate(context, words, context.language)
    if not found:
        return await _failure_page(context, case_id, reason, form.draft)
    return await case_page(context, case_id, reason, translated={message: found})


def _words(view: View, message: int) -> str:
    """Return the person's message with this number; "" if the case has no such message."""
    texts = (each.words for each in view.thread if each.by == "person" and each.id == message)
    return next(texts, "")


async def _failure_page(
    context: RequestContext, case_id: UUID, reason: OptionalReason, draft: Draft
) -> Response:
    problem = context.say(labels.WORDS["machine_failed"])
    return await case_page(context, case_id, reason, 422, draft, problem)


async def _translate(context: RequestContext, text: str, form: str) -> str:
    """Return the text translated into a language and script (`form`), or "".

    Return "" for an empty or too long text, if no translator is configured, if the hourly budget of
    the officer or of all officers is spent, or if the translation fails.
    """
    rt = context.rt
    if rt.translator is None or not text or len(text) > translation.MAX_TEXT:
        return ""
    limits = {
        "hourly": rt.settings.translation_hourly,
        "own_hourly": rt.settings.translation_officer_hourly,
    }
    if not await outside_budgets.draw(rt, "translation", str(context.officer.id), **limits):
        translation.count(Outcome.BUDGET)
        return ""
    found = await rt.translator.translate(text, form.partition("_")[0])
    return reader_script.for_person(found, form)
