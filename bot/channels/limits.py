"""Message size limits of each channel; texts are split or rejected, never truncated."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Size limits of a channel, in characters, or in UTF-16 code units if `utf16`.

    `text_over_buttons` is the limit of a text with buttons under it. `buttons` is the number of
    buttons under a message, `rows` the number of rows in a list message. `payload` is in bytes of
    ASCII. 0 means that the channel has no such element.
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
        """Return the length of a text in the channel's unit (characters or UTF-16 code units)."""
        if self.utf16 and not text.isascii():
            return len(text.encode("utf-16-le", "surrogatepass")) // 2
        return len(text)

    def split(self, text: str) -> list[str]:
        """Split a text into parts that fit into one message, at a paragraph, line or word end."""
        parts = []
        while (fits := self._fitting_length(text)) < len(text):
            ends = (text.rfind(end, 1, fits + len(end)) for end in ("\n\n", "\n", " "))
            at = next((end for end in ends if end > 0), fits)
            parts.append(text[:at])
            text = text[at:].lstrip()
        return [*parts, text]

    def _fitting_length(self, text: str) -> int:
        """Return how many characters, from the start of the text, fit into one message."""
        if not self.utf16 or 2 * len(text) <= self.text:
            return min(len(text), self.text)
        units = text.encode("utf-16-le")[: 2 * self.text]
        return len(units.decode("utf-16-le", "ignore"))


# Telegram documents no limits for labels and for the number of buttons; phones show them up to
# these limits.
TELEGRAM = Limits(text=4096, text_over_buttons=4096, label=64, payload=64, buttons=100, utf16=True)
# Meta's documentation gives both 4,096 and 1,024 characters as the limit of a list message's body;
# the smaller limit is safe.
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
# The web page has no platform limit; these limits keep one reply readable.
WEB = Limits(text=20_000, text_over_buttons=20_000, label=64, payload=200, buttons=100)

LIMITS: Mapping[str, Limits] = {"telegram": TELEGRAM, "whatsapp": WHATSAPP, "web": WEB}
