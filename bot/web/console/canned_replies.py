"""Edit the canned replies of a mission: one text for each language."""

from typing import Annotated

from fastapi import APIRouter, Form
from pydantic import ConfigDict
from starlette.responses import Response

from bot.attachments import form_library
from bot.cases import canned_replies
from bot.cases.working_hours import Stale
from bot.officers.permissions import Action
from bot.web.console import labels
from bot.web.console.forms import Line, VersionedForm
from bot.web.console.rendering import done, page
from bot.web.console.request_context import RequestContext
from bot.web.console.routing import ConsoleRoute, require

router = APIRouter(route_class=ConsoleRoute)


class ReplyForm(VersionedForm):
    """A reply; text and title come as `text_<language>` and `title_<language>`.

    It cannot be sent in a language without a text.
    """

    model_config = ConfigDict(extra="allow")

    name: Line = ""
    form: Line = ""

    def texts(self, context: RequestContext) -> dict[str, str]:
        """Return the texts that were filled in, by language."""
        return self._written(context, "text_")

    def titles(self, context: RequestContext) -> dict[str, str]:
        """Return the titles that were filled in, by language."""
        return self._written(context, "title_")

    def _written(self, context: RequestContext, prefix: str) -> dict[str, str]:
        sent = self.model_extra or {}
        texts = {
            code: str(sent.get(f"{prefix}{code}", "")).replace("\r\n", "\n").strip()
            for code, _own in context.rt.languages.languages()
        }
        return {code: text for code, text in texts.items() if text}


@router.get("/canned")
async def listing(context: Annotated[RequestContext, require(Action.CANNED_READ)]) -> Response:
    """Return the list of replies."""
    return await _page(context)


async def _page(context: RequestContext, status: int = 200, problem: str = "") -> Response:
    return page(
        context,
        "canned_replies.html",
        status,
        ready=await canned_replies.listing(context.rt, context.officer),
        built=canned_replies.BUILT,
        forms=await _form_names(context),
        edits=context.may(Action.CANNED_EDIT),
        problem=problem,
    )


async def _form_names(context: RequestContext) -> list[tuple[str, str]]:
    """Return the forms that a reply can carry."""
    found = await form_library.listing(context.rt, context.officer)
    return [(name, name) for name in dict.fromkeys(each.name for each in found)]


@router.post("/canned")
async def save(
    context: Annotated[RequestContext, require(Action.CANNED_EDIT, keep=("text_",))],
    form: Annotated[ReplyForm, Form()],
) -> Response:
    """Save a reply."""
    texts = form.texts(context)
    if not form.name or not texts:
        return await _page(context, 422, context.say(labels.REFUSALS["empty"]))
    try:
        await canned_replies.put(
            context.rt,
            context.officer,
            form.name,
            texts,
            max(form.version, 0),
            form.titles(context),
            form.form,
        )
    except canned_replies.Unusable:
        return await _page(context, 422, context.say(labels.WORDS["bad_canned"]))
    except Stale:
        return await _page(context, 409, context.say(labels.WORDS["stale"]))
    return done("/canned", "saved")


@router.post("/canned/remove")
async def remove(
    context: Annotated[RequestContext, require(Action.CANNED_EDIT)],
    name: Annotated[str, Form()] = "",
) -> Response:
    """Delete a reply."""
    await canned_replies.drop(context.rt, context.officer, name)
    return done("/canned", "saved")
