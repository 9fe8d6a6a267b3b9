"""Posters: one A4 page with the QR code of a channel, in any written form (language and script)."""

import json
from dataclasses import asdict, dataclass

from bot.i18n import direction, tag
from bot.printing.pdf import HERE, LOGO, fonts
from bot.printing.qr_code import QrCode


@dataclass(frozen=True, slots=True)
class Poster:
    """Texts of a poster in one language; `qr` encodes a link, `shown` is that link as text."""

    language: str
    title: str
    lead: str
    name: str
    shown: str
    hint: str
    qr: QrCode

    def pdf(self) -> bytes:
        """Return the poster as PDF. This takes some hundredths of a second: call it in a thread."""
        # Import Typst here: it needs 7 MB of memory, and most processes never print.
        import typst

        sheet = asdict(self) | {
            "lang": tag(self.language).partition("-")[0],
            "rtl": direction(self.language) == "rtl",
            "logo": LOGO.read_text("utf-8"),
            "qr": self.qr.svg,
        }
        inputs = {"poster": json.dumps(sheet)}
        data: bytes = typst.compile(
            HERE / "poster.typ", root=HERE, font_paths=fonts(), sys_inputs=inputs
        )
        return data
