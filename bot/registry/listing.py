"""Lists in the contract: the feed of events and the list of registrations, both paged by cursor."""

from typing import Annotated

from pydantic import AwareDatetime, Field, StringConstraints

from bot.registry.contract import Answered, Code, Number, PlatformStep, ReasonCode

type Cursor = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,20}\.[0-9]{1,20}$")]


class Event(Answered):
    """A new version of a registration, without the registration's content."""

    number: Number
    version: Annotated[int, Field(ge=1)]
    state: Code
    reason_code: ReasonCode | None
    step: PlatformStep | None = None
    at: AwareDatetime


class Events(Answered):
    """Events after a cursor, oldest first.

    `next` is the cursor for the next request, also if there are no events.
    """

    items: Annotated[tuple[Event, ...], Field(max_length=500)]
    next: Cursor


class Listed(Answered):
    """A registration in the list, without the registration's content."""

    number: Number
    state: Code
    version: Annotated[int, Field(ge=1)]
    received_at: AwareDatetime


class Listing(Answered):
    """A page of registrations, sorted by number.

    `next` is the cursor for the next page; null on the last page.
    """

    items: Annotated[tuple[Listed, ...], Field(max_length=500)]
    next: Number | None
