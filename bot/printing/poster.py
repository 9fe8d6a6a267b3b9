"""Posters: one A4 page with the QR code of a channel, in every written form, about no person."""

import json
from dataclasses import asdict, dataclass

from bot.i18n import direction, tag
from bot.printing.pdf import HERE, LOGO, fonts
from bot.printing.qr_code import QrCode


@dataclass(frozen=True, slots=True)
class Poster:
    """Texts of a poster in one language; `qr` leads to the channel at the address `shown`."""

    language: str
    title: str
    lead: str
    name: str
    shown: str
    hint: str
    qr: QrCode

    def pdf(self) -> bytes:
        """Return the page as PDF. It takes some hundredths of a second: call it in a thread."""
        # 7 MB that most processes never need.
        import typst

        sheet = asdict(self) | {
            "lang": tag(self.language).partition("-")[0],
            "rtl": direction(self.language) == "rtl",
            "logo": LOGO.read_text("utf-8"),
            "qr": self.qr.svg,
        }
        inputs = {"poster": json.dumps(sheet)}
        made: bytes = typst.compile(
            HERE / "poster.typ", root=HERE, font_paths=fonts(), sys_inputs=inputs
        )
        return made
