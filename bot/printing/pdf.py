"""Render the printed checklist as a PDF in every written form, without the person's name.

A written form is a language in one script. The package contains the fonts, so that the result is
the same on every machine. A PDF embeds the glyphs it uses. Typst shapes Arabic script, handles both
text directions and breaks lines of Chinese. Sentences are passed to Typst as text, never as markup.
"""

import json
from collections.abc import Callable, Collection, Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.i18n import Languages, direction, tag
from bot.printing.qr_code import QrCode
from flows.checklist import CHECKLIST, Paper, checklist, lead
from flows.engine.text import Text, _

if TYPE_CHECKING:
    import typst

HERE = Path(__file__).parent
SHEET = HERE / "checklist.typ"
FONTS = HERE / "fonts"
LOGO = HERE.parent / "web" / "static" / "icons" / "kosh.svg"
MEDIA_TYPE = "application/pdf"

MADE_ON = _("Made on {date}. Rules change: before you go, ask an officer which rules apply now.")


def render_pdf(
    languages: Languages,
    answers: Mapping[str, str | None],
    language: str,
    today: date,
    ready: Collection[str] = (),
    entries: tuple[str, ...] = (),
    site: str = "",
    *,
    phone: bool = False,
) -> bytes:
    """Return the checklist for a person's answers as a PDF, with the documents in `ready` ticked.

    `entries` are the document keys of a saved checklist; if there are none, the answers select the
    documents. `site` is the assistant's address for the QR code, or "" for no code. The pages are
    A4, or have the shape of a phone's screen if `phone` is True. Call this in a thread, because it
    takes some hundredths of a second of CPU time.
    """
    content = checklist(answers, today, entries)

    def words(text: Text) -> str:
        return languages.render(text, language)

    sheet = {
        "lang": tag(language).partition("-")[0],
        "rtl": direction(language) == "rtl",
        "title": words(CHECKLIST.title),
        "date": words(_(MADE_ON.msgid, date=today)),
        "lead": words(lead(content)),
        "before": [words(each) for each in content.before],
        "papers": [
            _entry(each, words, is_ready=each.document.key in ready) for each in content.papers
        ],
        "after": [words(each) for each in content.after],
        "logo": LOGO.read_text("utf-8"),
        "site": site,
        "qr": QrCode.of(site).svg if site else "",
        "phone": phone,
    }
    return typeset(json.dumps(sheet))


def _entry(paper: Paper, words: Callable[[Text], str], *, is_ready: bool) -> dict[str, Any]:
    """Return a document of the checklist as the template of the PDF needs it."""
    return {
        "name": words(paper.document.name),
        "remarks": [words(each) for each in paper.remarks],
        "ready": is_ready,
    }


def typeset(sheet: str, **more: Any) -> bytes:
    """Compile the checklist, given as JSON, to a PDF; `more` are options of the Typst compiler."""
    # Import Typst here: it needs 7 MB of memory, and most processes never print.
    import typst

    inputs = {"list": sheet}
    pdf: bytes = typst.compile(SHEET, root=HERE, font_paths=fonts(), sys_inputs=inputs, **more)
    return pdf


@cache
def fonts() -> "typst.Fonts":
    """Return the fonts for Typst: those of this package, without those of the machine.

    A PDF therefore looks the same, whichever machine made it.
    """
    import typst

    return typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(FONTS)]
    )
