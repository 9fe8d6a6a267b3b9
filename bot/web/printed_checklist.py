"""Serve a shared checklist: a PDF, or a plain page when its link has expired."""

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, Response

from bot.i18n import direction, tag
from bot.printing import pdf as printing_pdf
from bot.printing import share_links
from bot.runtime import Runtime
from bot.web.templating import templates
from flows.engine.text import _

OVER = _(
    "This link no longer works: its 30 minutes are over. Make the list again in the chat; it takes"
    " a minute."
)
TITLE = _("The list")


router = APIRouter()


@router.get(share_links.PATH + "{token}")
async def checklist(request: Request, token: str) -> Response:
    """Return the checklist as a PDF. It needs no sign-in, since it holds no personal data."""
    rt: Runtime = request.app.state.rt
    pdf = await share_links.printed(rt, token)
    if pdf is None:
        return _expired(rt)
    headers = {"Cache-Control": "no-store", "Content-Disposition": 'inline; filename="list.pdf"'}
    return Response(pdf, media_type=printing_pdf.MEDIA_TYPE, headers=headers)


def _expired(rt: Runtime) -> Response:
    codes = [code for code, _own in rt.languages.languages()]
    render = rt.languages.render
    html = templates.get_template("page.html").render(
        lang=tag(codes[0]),
        dir=direction(codes[0]),
        title=render(TITLE, codes[0]),
        said=[(tag(code), direction(code), render(OVER, code)) for code in codes],
        action="",
        go_on="",
    )
    return HTMLResponse(html, 410, headers={"Cache-Control": "no-store"})
