"""Review sentences that people donated for training the intent recognizer.

An intent is the question that a message asks.
"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form
from starlette.responses import Response

from bot.desk import phrase_review
from bot.officers.permissions import Action
from bot.web.console import labels
from bot.web.console.case_choices import answerable_intents
from bot.web.console.rendering import page, redirect
from bot.web.console.request_context import RequestContext
from bot.web.console.routing import ConsoleRoute, require

router = APIRouter(route_class=ConsoleRoute)

Context = Annotated[RequestContext, require(Action.PHRASES_REVIEW)]


@router.get("/phrases")
async def listing(context: Context) -> Response:
    """Return the page of donated sentences that await review, each with its likely intent."""
    return await _page(context)


async def _page(context: RequestContext, status: int = 200, problem: str = "") -> Response:
    found = await phrase_review.listing(context.rt, context.officer)
    recognizer = context.rt.understanding.recognizer
    likely = {
        each.id: next(iter(recognizer.read(each.body, each.language).recognition.intents), "")
        for each in found
    }
    return page(
        context,
        "phrases.html",
        status,
        sentences=found,
        likely=likely,
        intents=answerable_intents(context),
        language_names=dict(context.rt.languages.languages()),
        problem=problem,
    )


@router.post("/phrases/accept")
async def accept(
    context: Context,
    sentence: Annotated[UUID, Form()],
    intent: Annotated[str, Form(max_length=64)] = "",
) -> Response:
    """Accept a donated sentence as a training phrase of an intent.

    Return 409 if a colleague decided about it first.
    """
    try:
        await phrase_review.accept(context.rt, context.officer, sentence, intent)
    except phrase_review.UnknownIntent:
        return await _page(context, 422, context.say(labels.REFUSALS["empty"]))
    except phrase_review.Decided:
        return await _page(context, 409, context.say(labels.WORDS["stale"]))
    return redirect("/phrases", "saved")


@router.post("/phrases/reject")
async def reject(context: Context, sentence: Annotated[UUID, Form()]) -> Response:
    """Delete a donated sentence; 409 if a colleague decided about it first."""
    try:
        await phrase_review.reject(context.rt, context.officer, sentence)
    except phrase_review.Decided:
        return await _page(context, 409, context.say(labels.WORDS["stale"]))
    return redirect("/phrases", "saved")
