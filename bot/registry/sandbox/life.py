"""Changes of an entry (a stored registration): questions, steps of the Kandas platform, history."""

import hashlib
import hmac
import json
from datetime import date
from typing import Any
from uuid import uuid4

from psycopg import AsyncConnection
from pydantic import ValidationError

from bot.db.statements import execute, fetch_all
from bot.registry.contract import (
    Acknowledgement,
    History,
    Milestone,
    Model,
    PlatformStep,
    PreRegistration,
    RegistryQuestion,
    StatusCallback,
    StepName,
    StepStatus,
    Subject,
)
from bot.registry.problems import FieldError
from bot.registry.sandbox import statements
from bot.registry.sandbox.errors import Objection

type Connection = AsyncConnection[Any]

_FIELDS = tuple(Milestone.model_fields)
# A constant key is sufficient, since the sandbox stores only invented people. A real registry keeps
# this key in its key store.
_KEY = b"details of invented people"


class Asking(Model):
    """A question to the person of a registration, asked on the sandbox's web page."""

    about: Subject
    until: date | None = None


class Stepping(Model):
    """A step of the Kandas platform, reported on the sandbox's web page."""

    step: StepName
    status: StepStatus
    until: date | None = None


async def ask(connection: Connection, number: str, asking: Asking) -> bool:
    """Store a question to a person; return False for a closed or unknown registration."""
    question = RegistryQuestion(id=uuid4(), about=asking.about, until=asking.until)
    values = {"number": number, "question": question.model_dump_json()}
    return bool(await execute(connection, statements.ASK, **values))


async def report(connection: Connection, number: str, stepping: Stepping) -> bool:
    """Store a step of the Kandas platform; return False for a closed or unknown registration."""
    step = PlatformStep(step=stepping.step, status=stepping.status, until=stepping.until)
    return bool(
        await execute(connection, statements.STEP, number=number, step=step.model_dump_json())
    )


async def note(connection: Connection, number: str, *, with_step: bool = False) -> None:
    """Add a registration's current version to its history, unless the history has it already."""
    await execute(connection, statements.RECORD_MILESTONE, number=number, with_step=with_step)


async def history(connection: Connection, number: str) -> History:
    """Return the history of a registration. Raises `Objection` (not-found)."""
    rows = await fetch_all(connection, statements.MILESTONES, number=number)
    if not rows:
        raise Objection("not-found")
    items = [Milestone.model_validate(_plain(row)) for row in rows]
    return History(number=number, items=tuple(items))


def callback(now: Acknowledgement, at: Any) -> StatusCallback:
    """Return the callback that reports a registration's state, with `at` as the time."""
    return StatusCallback(
        event_id=uuid4(),
        number=now.number,
        state=now.state,
        version=now.version,
        at=at,
        reason_code=now.reason_code,
        question=now.question,
        step=now.step,
    )


def _plain(row: tuple[Any, ...]) -> dict[str, Any]:
    found = dict(zip(_FIELDS, row, strict=True))
    return found | {"step": step_of(found["step"])}


def step_of(stored: dict[str, Any] | None) -> PlatformStep | None:
    """Decode a stored step of the Kandas platform; return None if there is none."""
    return PlatformStep.model_validate(stored, strict=False) if stored else None


def question_of(stored: dict[str, Any] | None) -> RegistryQuestion | None:
    """Decode a stored question to the person; return None if there is none."""
    return RegistryQuestion.model_validate(stored, strict=False) if stored else None


def correct(body: dict[str, Any], about: str, value: str) -> PreRegistration:
    """Correct a registration's content: return it with `value` as its member `about`.

    Raises `Objection` (invalid) if the result violates the contract.
    """
    name = about.lower()
    fits = int(value) if name == "birth_year" and value.isdecimal() else value
    try:
        return PreRegistration.model_validate_json(json.dumps(body | {name: fits}))
    except ValidationError:
        raise Objection("invalid", (FieldError(pointer="/value", code="UNFIT"),)) from None


def details(body: PreRegistration) -> str:
    """Return a keyed hash of names, year of birth and citizenship, to find equal registrations."""
    names = (body.surname, body.given_name or "", body.patronymic or "")
    parts = (*(name.casefold() for name in names), str(body.birth_year), body.citizenship)
    return hmac.new(_KEY, "\n".join(parts).encode(), hashlib.sha256).hexdigest()
