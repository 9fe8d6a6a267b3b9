"""Execute officers' actions on a case; each is a form on the case's page.

A case is a person's request to officers.
"""

from collections.abc import Awaitable, Callable
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form
from starlette.responses import Response

from bot import desk
from bot.cases import CaseConflict
from bot.desk import ActionResult, views
from bot.officers.permissions import Action, DenialReason, Forbidden, Reason
from bot.web.console import case_facts, labels
from bot.web.console.case import Draft, OptionalReason, case_page
from bot.web.console.case_choices import SNOOZES
from bot.web.console.case_forms import (
    CaseForm,
    DocumentForm,
    ResolveForm,
    SnoozeForm,
    TransferForm,
)
from bot.web.console.case_list import case_path, list_query, query_text
from bot.web.console.rendering import redirect
from bot.web.console.request_context import ROOT, RequestContext
from bot.web.console.routing import ConsoleRoute, require

MAX_REPLY = 10_000
# After these outcomes the officer is redirected to the inbox, because the officer's work on the
# case is done.
LEAVES_CASE = ("released", "transferred", "resolved", "snoozed")

router = APIRouter(prefix="/cases/{case_id}", route_class=ConsoleRoute)


async def run_action(
    context: RequestContext,
    case_id: UUID,
    form: CaseForm,
    reason: Reason | None,
    outcome: str,
    action: Callable[[], Awaitable[ActionResult]],
    show: Callable[[int, str], Awaitable[Response]] | None = None,
) -> Response:
    """Execute an officer's action, then redirect to the case or the inbox with notice `outcome`.

    If the action fails, return the case's page with the officer's unsent texts and the problem: 409
    if the case was changed after the page was loaded, 403 if the action is forbidden, 422 if the
    input is rejected. `show` returns another page than the case's from the status and the problem.
    """

    async def show_case(status: int, problem: str) -> Response:
        return await case_page(context, case_id, reason, status, form.draft, problem)

    show = show or show_case
    try:
        await action()
    except CaseConflict as conflict:
        return await show(409, _conflict_text(context, conflict))
    except Forbidden as error:
        return await show(403, await _forbidden_text(context, case_id, error))
    except desk.Refused as refused:
        return await show(422, context.say(labels.REFUSALS[refused.why.value]))
    query = list_query(context, own=True)
    if outcome in LEAVES_CASE:
        return redirect(query.link().removeprefix(ROOT), outcome)
    query_string = query_text(query.kept | ({"reason": reason.value} if reason else {}))
    return redirect(case_path(case_id) + query_string, outcome)


async def _forbidden_text(context: RequestContext, case_id: UUID, error: Forbidden) -> str:
    """Return the reason why the action is forbidden, as text for the officer.

    If another officer owns the case now, the text names that officer.
    """
    holder = ""
    if error.why is DenialReason.OWNER:
        view = await views.view(context.rt, context.officer, case_id)
        holder = view.line.holder
    t = labels.Wording(context.rt.languages, context.language)
    return t("taken_meanwhile", name=holder) if holder else context.say(labels.WHYS[error.why])


def _conflict_text(context: RequestContext, conflict: CaseConflict) -> str:
    t = labels.Wording(context.rt.languages, context.language)
    if conflict.holder and conflict.holder != context.officer.name:
        return t("taken_meanwhile", name=conflict.holder)
    return t("changed_meanwhile")


def _normalize_text(text: str) -> str:
    """Return an officer's text with LF as line ends, cut to MAX_REPLY characters."""
    return text.replace("\r\n", "\n").strip()[:MAX_REPLY]


@router.post("/claim")
async def claim(
    context: Annotated[RequestContext, require(Action.CASE_CLAIM)],
    case_id: UUID,
    form: Annotated[CaseForm, Form()],
    reason: OptionalReason = None,
) -> Response:
    """Claim a case that has no owner, so that this officer answers it."""

    async def action() -> ActionResult:
        return await desk.claim(context.rt, context.officer, case_id, form.version, key=form.key)

    return await run_action(context, case_id, form, reason, "claimed", action)


@router.post("/take-over")
async def take_over(
    context: Annotated[RequestContext, require(Action.CASE_TAKE_OVER)],
    case_id: UUID,
    form: Annotated[CaseForm, Form()],
    reason: OptionalReason = None,
) -> Response:
    """Take a case over from a colleague."""

    async def action() -> ActionResult:
        return await desk.take_over(
            context.rt, context.officer, case_id, form.version, key=form.key
        )

    return await run_action(context, case_id, form, reason, "claimed", action)


@router.post("/release")
async def release(
    context: Annotated[RequestContext, require(Action.CASE_RELEASE)],
    case_id: UUID,
    form: Annotated[CaseForm, Form()],
    reason: OptionalReason = None,
) -> Response:
    """Give up an owned case, which returns to the queue of waiting cases."""

    async def action() -> ActionResult:
        return await desk.release(context.rt, context.officer, case_id, form.version, key=form.key)

    return await run_action(context, case_id, form, reason, "released", action)


@router.post("/reply")
async def reply(
    context: Annotated[RequestContext, require(Action.CASE_REPLY, keep=("words",))],
    case_id: UUID,
    form: Annotated[CaseForm, Form()],
    reason: OptionalReason = None,
) -> Response:
    """Send the officer's reply to the person of the case."""

    async def action() -> ActionResult:
        return await desk.reply(
            context.rt,
            context.officer,
            case_id,
            form.version,
            key=form.key,
            words=_normalize_text(form.words),
            canned=form.canned,
            is_machine=form.machine,
        )

    return await run_action(context, case_id, form, reason, "replied", action)


@router.post("/preview")
async def preview(
    context: Annotated[RequestContext, require(Action.CASE_REPLY, keep=("words",))],
    case_id: UUID,
    form: Annotated[CaseForm, Form()],
    reason: OptionalReason = None,
) -> Response:
    """Show the reply, with a chosen fact inserted, as the person will read it; nothing is sent."""
    words = form.words.strip()
    if form.fact:
        view = await views.view(context.rt, context.officer, case_id, reason)
        day = context.rt.content.on(context.now.date())
        language = view.composer.language
        fact = case_facts.with_source(context.rt.languages, form.fact, language, day)
        words = "\n\n".join(filter(None, (words, fact)))
    draft = Draft(words, form.canned, preview=True, machine=form.machine)
    if not draft.words and not draft.canned:
        problem = context.say(labels.REFUSALS["empty"])
        return await case_page(context, case_id, reason, 422, problem=problem)
    return await case_page(context, case_id, reason, draft=draft)


@router.post("/note")
async def note(
    context: Annotated[RequestContext, require(Action.CASE_NOTE, keep=("note",))],
    case_id: UUID,
    form: Annotated[CaseForm, Form()],
    reason: OptionalReason = None,
) -> Response:
    """Save a note on the case that only officers can read."""

    async def action() -> ActionResult:
        return await desk.note(
            context.rt,
            context.officer,
            case_id,
            form.version,
            key=form.key,
            words=_normalize_text(form.note),
        )

    return await run_action(context, case_id, form, reason, "noted", action)


@router.post("/document")
async def ask_document(
    context: Annotated[RequestContext, require(Action.CASE_DOCUMENT)],
    case_id: UUID,
    form: Annotated[DocumentForm, Form()],
    reason: OptionalReason = None,
) -> Response:
    """Ask the person of the case for a document, such as a passport."""

    async def action() -> ActionResult:
        return await desk.ask_document(
            context.rt, context.officer, case_id, form.version, key=form.key, document=form.document
        )

    return await run_action(context, case_id, form, reason, "asked", action)


@router.post("/papers")
async def release_uploads(
    context: Annotated[RequestContext, require(Action.CASE_PAPERS)],
    case_id: UUID,
    form: Annotated[CaseForm, Form()],
    reason: OptionalReason = None,
) -> Response:
    """Mark the person's uploads for transfer to the registry."""

    async def action() -> ActionResult:
        return await desk.release_papers(
            context.rt, context.officer, case_id, form.version, key=form.key
        )

    return await run_action(context, case_id, form, reason, "passed", action)


@router.post("/pin")
async def lift_pin(
    context: Annotated[RequestContext, require(Action.CASE_PIN)],
    case_id: UUID,
    form: Annotated[CaseForm, Form()],
    reason: OptionalReason = None,
) -> Response:
    """Remove the PIN that the person has forgotten.

    The PIN protects the person's stored data in the chat.
    """

    async def action() -> ActionResult:
        return await desk.lift_pin(context.rt, context.officer, case_id, form.version, key=form.key)

    return await run_action(context, case_id, form, reason, "pin_lifted", action)


@router.post("/transfer")
async def transfer(
    context: Annotated[RequestContext, require(Action.CASE_TRANSFER, keep=("note",))],
    case_id: UUID,
    form: Annotated[TransferForm, Form()],
    reason: OptionalReason = None,
) -> Response:
    """Transfer the case to an officer, a mission or a topic."""

    async def action() -> ActionResult:
        return await desk.transfer(
            context.rt,
            context.officer,
            case_id,
            form.version,
            key=form.key,
            to=form.owner,
            words=_normalize_text(form.note),
        )

    return await run_action(context, case_id, form, reason, "transferred", action)


@router.post("/snooze")
async def snooze(
    context: Annotated[RequestContext, require(Action.CASE_SNOOZE)],
    case_id: UUID,
    form: Annotated[SnoozeForm, Form()],
    reason: OptionalReason = None,
) -> Response:
    """Snooze the case for the chosen time; one hour by default."""

    async def action() -> ActionResult:
        return await desk.snooze(
            context.rt,
            context.officer,
            case_id,
            form.version,
            key=form.key,
            until=context.now + SNOOZES.get(form.length, SNOOZES["1h"]),
        )

    return await run_action(context, case_id, form, reason, "snoozed", action)


@router.post("/resolve")
async def resolve(
    context: Annotated[RequestContext, require(Action.CASE_RESOLVE)],
    case_id: UUID,
    form: Annotated[ResolveForm, Form()],
    reason: OptionalReason = None,
) -> Response:
    """Close the case; the bot continues the conversation at the chosen place."""

    async def action() -> ActionResult:
        return await desk.resolve(
            context.rt,
            context.officer,
            case_id,
            form.version,
            key=form.key,
            where=form.where,
            intent=form.intent,
            seen=form.seen,
        )

    return await run_action(context, case_id, form, reason, "resolved", action)
