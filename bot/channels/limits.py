"""What fits into one message of each channel; nothing is ever cut (channels.md 1.2 and 2.3)."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """The measures of a channel, in characters unless `utf16` says that texts are in UTF-16 units.

    Buttons stand under a message (`buttons` of them), or behind one that opens a list (`rows`).
    Payloads are in bytes of ASCII. 0: the channel has no such thing.
    """

    text: int
    text_over_buttons: int
    label: int
    payload: int
    buttons: int
    row_label: int = 0
    row_payload: int = 0
    rows: int = 0
    utf16: bool = False

    def measure(self, text: str) -> int:
        """How long a text is by the channel's own measure."""
        if self.utf16 and not text.isascii():
            return len(text.encode("utf-16-le", "surrogatepass")) // 2
        return len(text)

    def split(self, text: str) -> list[str]:
        """A text in parts that each fit one message, parted where paragraphs, lines, words end."""
        parts = []
        while (fits := self._fitting(text)) < len(text):
            ends = (text.rfind(end, 1, fits + len(end)) for end in ("\n\n", "\n", " "))
            at = next((end for end in ends if end > 0), fits)
            parts.append(text[:at])
            text = text[at:].lstrip()
        return [*parts, text]

    def _fitting(self, text: str) -> int:
        """How many characters of it one message takes."""
        if not self.utf16 or 2 * len(text) <= self.text:
            return min(len(text), self.text)
        units = text.encode("utf-16-le")[: 2 * self.text]
        return len(units.decode("utf-16-le", "ignore"))


# Telegram publishes no limit of labels and of buttons; these are what a phone still shows.
TELEGRAM = Limits(text=4096, text_over_buttons=4096, label=64, payload=64, buttons=100, utf16=True)
# Bodies over lists are 4096 in some of Meta's pages and 1024 in others: 1024 is safe.
WHATSAPP = Limits(
    text=4096,
    text_over_buttons=1024,
    label=20,
    payload=256,
    buttons=3,
    row_label=24,
    row_payload=200,
    rows=10,
)
# The page is ours: what a person may be asked to read at once.
WEB = Limits(text=20_000, text_over_buttons=20_000, label=64, payload=200, buttons=100)

LIMITS: Mapping[str, Limits] = {"telegram": TELEGRAM, "whatsapp": WHATSAPP, "web": WEB}
