"""Where the address of a lent list leads: a PDF, or a plain page that it is over."""

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from bot.i18n import direction, tag
from bot.printing import pdf as printing_pdf
from bot.printing import share_links
from bot.runtime import Runtime
from bot.web import chat
from flows.engine.text import _

OVER = _(
    "This link no longer works: its 30 minutes are over. Make the list again in the chat; it takes"
    " a minute."
)
TITLE = _("The list")


async def sheet(request: Request) -> Response:
    """The list as a PDF to print or to save; nobody has to sign in, since it names nobody."""
    rt: Runtime = request.app.state.rt
    pdf = await share_links.printed(rt, request.path_params["token"])
    if pdf is None:
        return _over(rt)
    headers = {"Cache-Control": "no-store", "Content-Disposition": 'inline; filename="list.pdf"'}
    return Response(pdf, media_type=printing_pdf.MEDIA_TYPE, headers=headers)


def _over(rt: Runtime) -> Response:
    codes = [code for code, _own in rt.languages.languages()]
    render = rt.languages.render
    html = chat.templates.get_template("page.html").render(
        lang=tag(codes[0]),
        dir=direction(codes[0]),
        title=render(TITLE, codes[0]),
        said=[(tag(code), direction(code), render(OVER, code)) for code in codes],
        action="",
        go_on="",
    )
    return HTMLResponse(html, 410, headers={"Cache-Control": "no-store"})


ROUTES = [Route(share_links.PATH + "{token}", sheet, methods=["GET"])]
