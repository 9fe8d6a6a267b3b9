"""Broadcast drafts from TOML files (CLI) and from JSON requests of external systems."""

import re
from datetime import datetime, time

import msgspec

from bot.broadcasts.model import (
    QUIET_FROM,
    QUIET_UNTIL,
    Draft,
    Purpose,
    Refusal,
    Refused,
    Rule,
    Words,
)

# Finds the field name in msgspec's error. The rest of the error is not shown, because it may
# contain the invalid value.
PLACE = re.compile(r"(?:\$\.|field `)([a-z_.]+)")


class DraftFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Format of a draft file: texts and WhatsApp template names by language.

    `quiet` is the start and end of the quiet hours in the recipient's local time, so without a time
    zone; empty allows any hour.
    """

    purpose: Purpose
    topic: str
    texts: dict[str, str]
    templates: dict[str, str] = {}
    audience: Rule = Rule()
    not_before: datetime | None = None
    not_later_than: datetime | None = None
    quiet: tuple[time, ...] = (QUIET_FROM, QUIET_UNTIL)
    paid: bool = False
    why: str = ""

    def draft(self) -> Draft:
        texts = {
            language: Words(body.strip(), self.templates.get(language, ""))
            for language, body in self.texts.items()
        }
        if len(self.quiet) not in (0, 2) or any(each.tzinfo for each in self.quiet):
            raise Refused(Refusal.FORM, "quiet")
        hours = (self.quiet[0], self.quiet[1]) if self.quiet else None
        return Draft(self.purpose, self.topic, texts, self.audience, self.not_before,
                     self.not_later_than, hours, self.paid, self.why)  # fmt: skip


def from_toml(data: bytes) -> Draft:
    """Return the draft in a TOML file. Raises Refused if it cannot be parsed."""
    try:
        return msgspec.toml.decode(data, type=DraftFile).draft()
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Refused(Refusal.FORM, _place(error)) from None


def from_json(data: bytes) -> Draft:
    """Return the draft in a JSON request body. Raises Refused if it cannot be parsed."""
    try:
        return msgspec.json.decode(data, type=DraftFile).draft()
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Refused(Refusal.FORM, _place(error)) from None


def _place(error: Exception) -> str:
    """Return the name of the field that could not be parsed, or `syntax` if none is known."""
    found = PLACE.search(str(error))
    return found[1] if found else "syntax"
