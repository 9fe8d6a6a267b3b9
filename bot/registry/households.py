"""Households in the contract: people who move together and who each agreed to be linked."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field, StringConstraints

from bot.registry.contract import (
    NUMBER_ALPHABET,
    Answered,
    Consent,
    Key,
    Model,
    Number,
    Personal,
)

type Invitation = Annotated[str, StringConstraints(pattern=rf"^[{NUMBER_ALPHABET}]{{10}}$")]
type Decision = Literal["SAME_PERSON", "DIFFERENT_PEOPLE"]


class HouseholdInviting(Personal):
    """Request for a code to give to family members, with the person's consent to be linked."""

    consent: Consent


class HouseholdJoining(Personal):
    """Request to join the household of a code, with the person's consent to be linked."""

    code: Invitation
    consent: Consent


class Household(Answered):
    """The household of a registration; it names no person."""

    number: Number
    idempotency_key: Key | None
    """The idempotency key of the write; null in the response to a read."""
    household: UUID | None
    """Null if the registration is in no household."""
    registrations: Annotated[int, Field(ge=0)]
    """Number of registrations in the household, including this one."""
    code: Invitation | None
    """The invitation code for family members; null once it has expired."""
    code_until: AwareDatetime | None


class Match(Answered):
    """Two registrations with the same keyed hash of details, and an officer's decision, if any."""

    first: Number
    second: Number
    decision: Decision | None
    reason: str | None
    decided_by: str | None
    decided_at: AwareDatetime | None


class Matches(Answered):
    """Pairs of registrations that may be of the same person, undecided pairs first."""

    items: Annotated[tuple[Match, ...], Field(max_length=500)]


class MatchDecision(Model):
    """An officer's decision on a match; SAME_PERSON sets the later registration to DUPLICATE."""

    first: Number
    second: Number
    decision: Decision
    reason: Annotated[str, StringConstraints(min_length=3, max_length=500)]
    officer: Annotated[str, StringConstraints(min_length=1, max_length=100)]
    """The acting officer's name or id at the registry."""
