"""Show the officers' manual in the officer's language."""

from pathlib import Path
from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from bot.officers.permissions import Action
from bot.web.console.manual import SECTIONS
from bot.web.console.rendering import page
from bot.web.console.request_context import RequestContext
from bot.web.console.routing import ConsoleRoute, require

PICTURES = Path(__file__).parents[1] / "static" / "manual"
_DRAWN = frozenset(each.name for each in PICTURES.glob("*.webp"))

router = APIRouter(route_class=ConsoleRoute)


@router.get("/help")
async def show(context: Annotated[RequestContext, require(Action.SELF)]) -> Response:
    """Return the officers' manual, to whose sections the console's pages link."""
    pictures = {
        each.name: name
        for each in SECTIONS
        if (name := f"{each.picture}-{context.language}.webp") in _DRAWN
    }
    return page(context, "help.html", sections=SECTIONS, pictures=pictures)
