"""Serve a checklist as a PDF by its secret link; if the link has expired, serve a page about it.

A checklist is the list of papers that a person needs. A phone first gets a choice of two PDFs: one
with pages in the shape of a phone for reading, or A4 for printing.
"""

from typing import Literal

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, Response

from bot.i18n import direction, tag
from bot.printing import pdf as printing_pdf
from bot.printing import share_links
from bot.runtime import Runtime
from bot.web.secure_page import NOT_NOW
from bot.web.templating import templates
from flows.checklist import CHECKLIST
from flows.engine.text import Text, _, button

OVER = _(
    "This link no longer works: its 30 minutes are over. Make the list again in the chat; it takes"
    " a minute."
)
TITLE = _("The list")
ON_PHONE = button("Read on the phone")
ON_PAPER = button("Print on paper")
PAPERS = {"phone": ON_PHONE, "a4": ON_PAPER}


router = APIRouter()


@router.get(share_links.PATH + "{token}")
async def checklist(
    request: Request, token: str, paper: Literal["", "a4", "phone"] = ""
) -> Response:
    """Return a checklist as a PDF; 410 if the link has expired, 429 if it is opened too often.

    No sign-in is required, because the link is secret and the checklist contains no personal data.
    """
    rt: Runtime = request.app.state.rt
    if not paper and _is_phone(request) and (found := await share_links.find(rt, token)):
        return _choice(rt, found.language)
    pdf = await share_links.render_pdf(rt, token, phone=paper == "phone")
    if pdf is None:
        is_valid = await share_links.find(rt, token) is not None
        return _error_page(rt, NOT_NOW, 429) if is_valid else _error_page(rt, OVER, 410)
    headers = {"Cache-Control": "no-store", "Content-Disposition": 'inline; filename="list.pdf"'}
    return Response(pdf, media_type=printing_pdf.MEDIA_TYPE, headers=headers)


def _is_phone(request: Request) -> bool:
    """Return True if the browser's headers identify a phone."""
    hint = request.headers.get("sec-ch-ua-mobile")
    return hint == "?1" if hint else "Mobi" in request.headers.get("user-agent", "")


def _choice(rt: Runtime, language: str) -> Response:
    """Return a page with two links to the checklist's PDF, one for phones and one for printing."""
    render = rt.languages.render
    html = templates.get_template("page.html").render(
        lang=tag(language),
        dir=direction(language),
        title=render(CHECKLIST.title, language),
        said=[],
        links=[(f"?paper={key}", render(label, language)) for key, label in PAPERS.items()],
        action="",
    )
    return HTMLResponse(html, headers={"Cache-Control": "no-store"})


def _error_page(rt: Runtime, text: Text, status: int) -> Response:
    codes = [code for code, _own in rt.languages.languages()]
    render = rt.languages.render
    html = templates.get_template("page.html").render(
        lang=tag(codes[0]),
        dir=direction(codes[0]),
        title=render(TITLE, codes[0]),
        said=[(tag(code), direction(code), render(text, code)) for code in codes],
        action="",
        go_on="",
    )
    return HTMLResponse(html, status, headers={"Cache-Control": "no-store"})
