"""A broadcast as it is written outside: in a file of the terminal's, by the ministry's system."""

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


class Paper(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Texts and names of WhatsApp templates by language; `quiet` in local time, empty: any hour."""

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
        hours = (self.quiet[0], self.quiet[1]) if len(self.quiet) == 2 else None
        return Draft(self.purpose, self.topic, texts, self.audience, self.not_before,
                     self.not_later_than, hours, self.paid, self.why)  # fmt: skip


def from_toml(told: str) -> Draft:
    """A draft out of a file; Refused when it cannot be read."""
    try:
        return msgspec.toml.decode(told, type=Paper).draft()
    except msgspec.DecodeError:
        raise Refused(Refusal.FORM) from None


def from_json(told: bytes) -> Draft:
    """The same out of a request."""
    try:
        return msgspec.json.decode(told, type=Paper).draft()
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Refused(Refusal.FORM) from None
