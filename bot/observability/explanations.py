"""Explanations of error codes and log events, for docs/reference and for operators."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class ErrorEntry:
    """An error code: its cause, the fix, and the role of the person who can apply the fix."""

    code: str
    section: str
    happened: str
    action: str
    actor: str


@dataclass(frozen=True, slots=True)
class EventEntry:
    """A log event: its meaning, and the operator's reaction."""

    event: str
    happened: str
    action: str


def error_sections() -> tuple[tuple[str, str], ...]:
    """Return title and introduction of each section of the reference page of error codes.

    The sections are in the order of errors.toml.
    """
    return tuple((each["title"], each["text"]) for each in _read("errors.toml")["section"])


def errors() -> tuple[ErrorEntry, ...]:
    """Return every explained error code, in the order of errors.toml."""
    return tuple(
        ErrorEntry(code, section["title"], **entry)
        for section in _read("errors.toml")["section"]
        for code, entry in section["errors"].items()
    )


def events() -> tuple[EventEntry, ...]:
    """Return every explained log event, in the order of log_events.toml."""
    return tuple(EventEntry(name, **entry) for name, entry in _read("log_events.toml").items())


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((_FOLDER / name).read_text("utf-8"))
