"""Registrations: what people submit, written to the registry once, whatever the registry does.

Every submission or withdrawal is a write with its own idempotency key. Writes of a registration go
in order. A write whose outcome is not known is looked up by its key before it is tried again.
"""

import asyncio
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import msgspec

from bot import cases
from bot.db import job_queue
from bot.db.job_queue import Session
from bot.i18n import tag
from bot.observability import logging
from bot.people import identities
from bot.people.identities import Person
from bot.registry.client import Registry
from bot.registry.contract import (
    Acknowledgement,
    ConsentWithdrawal,
    PreRegistration,
    ReferenceKind,
)
from bot.registry.errors import OutcomeUnknown, Refused, RegistryError, Unavailable
from bot.runtime import Runtime
from flows.engine.flow import OpenCase, Submit
from flows.knowledge.regions import REGIONS
from flows.preregistration import CLOSED

TASK = "registrations.write"
LEASE_SECONDS = 90
MOST_BACKOFF = 600
# A registry that is silent must not keep people out.
CHECK_SECONDS = 3
ANSWERS_KEPT = "24 hours"
DRAFT_KEPT = "30 days"
LATELY = "1 hour"

_YES_NO = {"yes": "YES", "no": "NO", "unsure": "UNSURE"}
CODES: dict[str, dict[str, str | None]] = {
    "programme": {
        "kandas_status": "KANDAS_STATUS",
        "ata_zholy": "ATA_ZHOLY",
        "registry_preregistration": "REGISTRY_PREREGISTRATION",
    },
    "purpose": {
        "move": "MOVE",
        "study": "STUDY",
        "work": "WORK",
        "business": "BUSINESS",
        "information": "INFORMATION",
    },
    "ethnic_kazakh": dict(_YES_NO),
    "member_kazakh": dict(_YES_NO),
    "target_region": {"undecided": None, **{region.key: region.iso for region in REGIONS}},
    "timeframe": {"half_year": "M6", "year": "Y1", "later": "LATER", "undecided": "UNDECIDED"},
    "education": {
        "higher": "HIGHER",
        "vocational": "VOCATIONAL",
        "secondary": "SECONDARY",
        "other": "OTHER",
    },
    "occupation": {
        "agriculture": "AGRICULTURE",
        "construction": "CONSTRUCTION",
        "trade": "TRADE",
        "education": "EDUCATION",
        "health": "HEALTH",
        "engineering": "ENGINEERING",
        "it": "IT",
        "transport": "TRANSPORT",
        "culture": "CULTURE",
        "other": "OTHER",
        "none": "NONE",
    },
    "kazakh_level": {
        "speaks": "SPEAKS",
        "reads_cyrillic": "READS_CYRILLIC",
        "reads_arabic": "READS_ARABIC",
        "reads_both": "READS_BOTH",
        "little": "LITTLE",
    },
    "relation": {"spouse": "SPOUSE", "child": "CHILD", "parent": "PARENT", "other": "OTHER"},
    "age_band": {"under14": "0-13", "14to15": "14-15", "16to17": "16-17", "adult": "18+"},
    "contact": {"chat": "CHAT", "phone": "PHONE", "self": "SELF"},
    "paper": {
        "identity": "ID_DOCUMENT",
        "ethnicity": "NATIONALITY_PROOF",
        "family": "KINSHIP_PROOF",
    },
}
"""The registry's code for every option; an option without one closes registration at start."""

KINDS: dict[str, ReferenceKind] = {
    "programme": "programmes",
    "purpose": "purposes",
    "ethnic_kazakh": "statements",
    "member_kazakh": "statements",
    "target_region": "regions",
    "timeframe": "timeframes",
    "education": "educations",
    "occupation": "occupations",
    "kazakh_level": "kazakh-levels",
    "relation": "relations",
    "age_band": "age-bands",
    "contact": "contact-kinds",
    "paper": "document-kinds",
}
LANGUAGES = {"kk": "kk-Cyrl", "uz": "uz-Latn"}

_logger = logging.get()


async def checked(rt: Runtime) -> Runtime:
    """Close registration where the registry does not know a code of ours, and say so.

    A registry that cannot be asked changes nothing: its writes wait anyway.
    """
    if rt.registry is None:
        return rt
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            missing = await unmapped(rt.registry)
    except (RegistryError, TimeoutError) as error:
        code = error.code if isinstance(error, RegistryError) else "E_REGISTRY_UNREACHABLE"
        _logger.warning("registry.codes_unchecked", code=code)
        return rt
    if not missing:
        return rt
    _logger.error("registry.codes_unknown", code="E_REGISTRY_CODES", kinds=missing)
    return replace(rt, flows={**rt.flows, CLOSED.name: CLOSED})


async def unmapped(registry: Registry) -> tuple[str, ...]:
    """Codes that are sent and that the registry does not know today, such as `regions:KZ-55`."""
    ours: dict[ReferenceKind, set[str]] = {}
    for name, codes in CODES.items():
        ours.setdefault(KINDS[name], set()).update(code for code in codes.values() if code)
    lists = await asyncio.gather(*(registry.reference(kind) for kind in ours))
    return tuple(
        f"{kind}:{code}"
        for (kind, codes), items in zip(ours.items(), lists, strict=True)
        for code in sorted(codes - {item.code for item in items})
    )


def payload(submit: Submit, language: str, consent: dict[str, Any]) -> PreRegistration:
    """What is sent: the answers as the registry's codes."""
    told = submit.answers
    return PreRegistration.model_validate(
        {
            **{name: _code(name, told.get(name)) for name in CODES if name in _TOP},
            "language": LANGUAGES.get(language, tag(language)),
            "surname": told.get("surname"),
            "given_name": told.get("given_name"),
            "patronymic": told.get("patronymic"),
            "name_kk": told.get("name_kk"),
            "birth_year": int(told.get("birth_year") or 0),
            "citizenship": _citizenship(told.get("citizenship")),
            "residence_country": told.get("residence_country"),
            "residence_region": told.get("residence_region"),
            "members": tuple(_member(each) for each in submit.members.get("family", ())),
            "contact": {"kind": _code("contact", told.get("contact")), "phone": told.get("phone")},
            "may_contact_first": told.get("write_first") == "yes",
            "consent": consent,
        }
    )


_TOP = frozenset(PreRegistration.model_fields)


def _code(name: str, key: str | None) -> str | None:
    return None if key is None else CODES[name][key]


def _citizenship(key: str | None) -> str | None:
    return "XXA" if key == "stateless" else key


def _member(told: Any) -> dict[str, str | None]:
    return {
        "relation": _code("relation", told.get("relation")),
        "age_band": _code("age_band", told.get("age_band")),
        "ethnic_kazakh": _code("member_kazakh", told.get("member_kazakh")),
    }


async def submit(
    rt: Runtime, session: Session, person: Person, answers: Submit, language: str
) -> None:
    """Freeze a submission and ask for its write; a second one amends the first."""
    body = payload(answers, language, await _consent(session, person.id))
    registration_id = await _active(session, person.id)
    await _add_write(session, person, registration_id, "submit", body.model_dump_json().encode())


async def withdraw(session: Session, person_id: UUID) -> None:
    """Ask for the registration to be taken back; nothing happens where none was sent."""
    cursor = await session.execute(
        "SELECT id FROM registrations WHERE person_id = %s AND state NOT IN ('withdrawing',"
        " 'withdrawn') FOR UPDATE",
        (person_id,),
    )
    for (registration_id,) in await cursor.fetchall():
        await session.execute(
            "UPDATE registrations SET state = 'withdrawing', state_at = kosh_now() WHERE id = %s",
            (registration_id,),
        )
        await _add_write(session, None, registration_id, "withdraw", None)


async def take_back(rt: Runtime, session: Session, person_id: UUID) -> None:
    """Ask the registry to erase what it holds, before the person is forgotten here."""
    cursor = await session.execute(
        "SELECT id FROM registrations WHERE person_id = %s AND state <> 'withdrawn' FOR UPDATE",
        (person_id,),
    )
    for (registration_id,) in await cursor.fetchall():
        consent = await _consent(session, person_id)
        write_id = await _add_write(session, None, registration_id, "erase", None)
        # The person's key goes with the person, and this write has to outlive both.
        plain = msgspec.json.encode({name: consent[name] for name in ("text_sha256", "language")})
        await session.execute(
            "UPDATE registry_writes SET payload = %s WHERE id = %s",
            (rt.vault.seal_transient(plain, f"write|{write_id}"), write_id),
        )


async def reseal(rt: Runtime, session: Session) -> int:
    """Seal what erasures still have to say under the epoch of now; how many there were."""
    cursor = await session.execute(
        "SELECT id, payload FROM registry_writes WHERE kind = 'erase' AND payload IS NOT NULL"
        " AND substring(payload FROM 2 FOR 4) <> int4send(%s) FOR UPDATE SKIP LOCKED",
        (rt.vault.epoch,),
    )
    found = await cursor.fetchall()
    for write_id, sealed in found:
        await session.execute(
            "UPDATE registry_writes SET payload = %s WHERE id = %s",
            (rt.vault.reseal_transient(bytes(sealed), f"write|{write_id}"), write_id),
        )
    return len(found)


async def _consent(session: Session, person_id: UUID) -> dict[str, Any]:
    cursor = await session.execute(
        "SELECT text_sha256, language, at FROM consents"
        " WHERE person_id = %s AND purpose = 'registration' AND given ORDER BY id DESC LIMIT 1",
        (person_id,),
    )
    row = await cursor.fetchone()
    assert row is not None, "a submission follows its consent"
    language = LANGUAGES.get(row[1], tag(row[1]))
    return {"text_sha256": bytes(row[0]).hex(), "language": language, "given_at": row[2]}


async def _active(session: Session, person_id: UUID) -> UUID:
    cursor = await session.execute(
        "SELECT id FROM registrations WHERE person_id = %s"
        " AND state NOT IN ('withdrawn', 'withdrawing') FOR UPDATE",
        (person_id,),
    )
    row = await cursor.fetchone()
    if row is not None:
        await session.execute(
            "UPDATE registrations SET answers_gone = false WHERE id = %s", (row[0],)
        )
        return UUID(str(row[0]))
    registration_id = uuid4()
    await session.execute(
        "INSERT INTO registrations (id, person_id, state) VALUES (%s, %s, 'pending')",
        (registration_id, person_id),
    )
    return registration_id


async def _add_write(
    session: Session, person: Person | None, registration_id: UUID, kind: str, body: bytes | None
) -> UUID:
    write_id = uuid4()
    sealed = (
        person.key.seal(body, "registry_writes", "payload", str(write_id))
        if person and body
        else None
    )
    await session.execute(
        "INSERT INTO registry_writes (id, registration_id, number, kind, payload, state)"
        " SELECT %s, %s, coalesce(max(number), 0) + 1, %s, %s, 'pending'"
        " FROM registry_writes WHERE registration_id = %s",
        (write_id, registration_id, kind, sealed, registration_id),
    )
    await job_queue.defer(session, TASK, write=str(write_id))
    return write_id


@dataclass(frozen=True, slots=True)
class Write:
    """A write that this job has claimed, with what it needs for the call."""

    id: UUID
    registration_id: UUID
    person: Person | None
    kind: str
    doubtful: bool
    attempts: int
    asked_at: datetime
    body: PreRegistration | None
    consent: Mapping[str, str] | None
    receipt: str | None
    submitted: Sequence[UUID]

    @property
    def key(self) -> str:
        return self.id.hex


@dataclass(frozen=True, slots=True)
class Settled:
    """The registry's word on a write, for the person's conversation."""

    person_id: UUID
    state: str
    number: str


_CLAIM = """
UPDATE registry_writes w SET state = 'sending', attempts = w.attempts + 1,
  due_at = kosh_now() + make_interval(secs => %(lease)s)
FROM registry_writes was
LEFT JOIN registrations r ON r.id = was.registration_id
LEFT JOIN people p ON p.id = r.person_id
WHERE w.id = %(id)s AND was.id = w.id AND w.state IN ('pending', 'unknown', 'sending')
  AND w.due_at <= kosh_now()
  AND NOT EXISTS (
    SELECT FROM registry_writes e WHERE e.registration_id = w.registration_id
      AND e.number < w.number AND e.state IN ('pending', 'unknown', 'sending'))
RETURNING w.registration_id, p.id, p.key, p.key_epoch, w.kind, was.state, w.attempts, w.payload,
  r.number, w.created_at, ARRAY(
    SELECT e.id FROM registry_writes e WHERE e.registration_id = w.registration_id
      AND e.number < w.number AND e.kind = 'submit' ORDER BY e.number DESC)
"""


async def claim(rt: Runtime, write_id: UUID) -> Write | None:
    """Take a write that is due and whose predecessors are settled; None when it is not."""
    async with rt.pool.connection() as session:
        cursor = await session.execute(_CLAIM, {"id": write_id, "lease": LEASE_SECONDS})
        row = await cursor.fetchone()
    if row is None:
        return None
    registration_id, person_id, key, epoch, kind, was, attempts, sealed, *rest = row
    receipt, asked_at, submitted = rest
    person = identities.known(rt, person_id, bytes(key), epoch) if person_id else None
    body, consent = None, None
    if kind == "erase":
        consent = msgspec.json.decode(
            rt.vault.unseal_transient(bytes(sealed), f"write|{write_id}"), type=dict[str, str]
        )
    elif person and sealed:
        plain = person.key.unseal(bytes(sealed), "registry_writes", "payload", str(write_id))
        body = PreRegistration.model_validate_json(plain)
    doubtful = was != "pending"
    return Write(
        write_id,
        registration_id,
        person,
        kind,
        doubtful,
        attempts,
        asked_at,
        body,
        consent,
        receipt,
        submitted,
    )


async def call(registry: Registry, write: Write) -> Acknowledgement | None:
    """Make the write; None when there is nothing to do. Raises RegistryError."""
    if write.doubtful:
        found = await registry.find(write.key)
        if found is not None:
            return found
    if write.kind == "withdraw":
        receipt = write.receipt or await _looked_up(registry, write)
        return await registry.withdraw(receipt, key=write.key) if receipt else None
    if write.consent is not None:
        return await _erase(registry, write, write.consent)
    if write.body is None:
        return None
    if write.receipt is None:
        return await registry.create(write.body, key=write.key)
    return await registry.amend(write.receipt, write.body, key=write.key)


async def _looked_up(registry: Registry, write: Write) -> str | None:
    """The receipt of what counts as refused and may be there: in doubt, its lookup was refused."""
    for submitted in write.submitted:
        found = await registry.find(submitted.hex)
        if found is not None:
            return found.number
    return None


async def _erase(
    registry: Registry, write: Write, consent: Mapping[str, str]
) -> Acknowledgement | None:
    receipt = write.receipt or await _looked_up(registry, write)
    if receipt is None:
        return None
    taken_back = ConsentWithdrawal.model_validate(
        {
            "number": receipt,
            "text_sha256": consent["text_sha256"],
            "language": consent["language"],
            "withdrawn_at": write.asked_at,
        }
    )
    return await registry.withdraw_consent(taken_back, key=write.key)


async def settle(
    session: Session, write: Write, acknowledged: Acknowledgement | None
) -> Settled | None:
    """Record the registry's answer; its state counts only if it is newer than what is known."""
    if acknowledged is None:
        done = await session.execute(
            "UPDATE registry_writes SET state = 'cancelled', payload = NULL, reason = NULL,"
            " done_at = kosh_now() WHERE id = %s AND state = 'sending' AND attempts = %s",
            (write.id, write.attempts),
        )
        withdrawn = done.rowcount and write.kind == "withdraw"
        return await _end(session, write.registration_id) if withdrawn else None
    await session.execute(
        "UPDATE registry_writes SET state = 'accepted', payload = NULL, reason = NULL,"
        " done_at = kosh_now() WHERE id = %s",
        (write.id,),
    )
    return await record(session, write.registration_id, acknowledged)


async def _end(session: Session, registration_id: UUID) -> Settled | None:
    """Withdraw what the registry never had: it will send no word that could do it."""
    cursor = await session.execute(
        "UPDATE registrations SET state = 'withdrawn', state_at = kosh_now()"
        " WHERE id = %s AND state = 'withdrawing' AND number IS NULL RETURNING person_id",
        (registration_id,),
    )
    row = await cursor.fetchone()
    return Settled(row[0], "withdrawn", "") if row and row[0] else None


async def record(session: Session, registration_id: UUID, word: Acknowledgement) -> Settled | None:
    """Take over a state of the registry, the highest version wins."""
    cursor = await session.execute(
        "UPDATE registrations SET number = %s, state = %s, version = %s, state_at = kosh_now()"
        " WHERE id = %s AND version < %s RETURNING person_id",
        (word.number, word.state.lower(), word.version, registration_id, word.version),
    )
    row = await cursor.fetchone()
    return Settled(row[0], word.state.lower(), word.number) if row and row[0] else None


async def owner(session: Session, number: str) -> UUID | None:
    """Whose receipt it is; None when erased. LookupError when it is not known here (yet)."""
    cursor = await session.execute(
        "SELECT person_id FROM registrations WHERE number = %s", (number,)
    )
    row = await cursor.fetchone()
    if row is None:
        raise LookupError
    return row[0]  # type: ignore[no-any-return]


async def record_status(session: Session, number: str, state: str, version: int) -> Settled | None:
    """Take over a state of the registry; the highest version wins."""
    cursor = await session.execute(
        "UPDATE registrations SET state = %s, version = %s, state_at = kosh_now()"
        " WHERE number = %s AND version < %s RETURNING person_id",
        (state.lower(), version, number, version),
    )
    row = await cursor.fetchone()
    return Settled(row[0], state.lower(), number) if row and row[0] else None


async def postpone(rt: Runtime, write: Write, error: RegistryError) -> None:
    """Try later, and look the write up first if its outcome is not known."""
    state = "unknown" if isinstance(error, OutcomeUnknown) or write.doubtful else "pending"
    named = error.retry_after if isinstance(error, Unavailable) else None
    delay = named or min(MOST_BACKOFF, 2.0 ** min(write.attempts, 10)) * random.uniform(0.7, 1.3)
    _logger.info("registry.postponed", code=error.code, attempt=write.attempts)
    async with rt.pool.connection() as session:
        await session.execute(
            "UPDATE registry_writes SET state = %s, reason = %s,"
            " due_at = kosh_now() + make_interval(secs => %s)"
            " WHERE id = %s AND state = 'sending' AND attempts = %s",
            (state, error.code, delay, write.id, write.attempts),
        )


async def refuse(session: Session, write: Write, error: Refused, language: str) -> None:
    """A refusal of the contract goes to an officer, never to the person."""
    _logger.warning("registry.refused", code=error.code)
    done = await session.execute(
        "UPDATE registry_writes SET state = 'rejected', reason = %s, payload = NULL,"
        " done_at = kosh_now() WHERE id = %s AND state = 'sending' AND attempts = %s",
        (error.problem, write.id, write.attempts),
    )
    if done.rowcount and write.person is not None:
        refused = OpenCase("registry_refused", urgent=True)
        await cases.open_case(session, write.person, refused, language)


async def after_restore(session: Session) -> None:
    """What a restored backup calls open may have been written since: it is looked up first."""
    await session.execute(
        "UPDATE registry_writes SET state = 'unknown' WHERE state IN ('pending', 'sending')"
    )


async def due(session: Session, most: int = 50) -> list[UUID]:
    """Writes whose time and turn have come: postponed ones, and those a crash left."""
    cursor = await session.execute(
        "SELECT id FROM registry_writes w WHERE state IN ('pending', 'unknown', 'sending')"
        " AND due_at <= kosh_now() - interval '1 second' AND NOT EXISTS ("
        "  SELECT FROM registry_writes e WHERE e.registration_id = w.registration_id"
        "  AND e.number < w.number AND e.state IN ('pending', 'unknown', 'sending'))"
        " ORDER BY due_at LIMIT %s",
        (most,),
    )
    return [row[0] for row in await cursor.fetchall()]


_IDLE = f"""
c.updated_at < kosh_now() - interval '{DRAFT_KEPT}'
AND NOT EXISTS (SELECT FROM cases k WHERE k.person_id = r.person_id)
"""
# What the registry refused is nowhere but here.
_REFUSED = """
EXISTS (
  SELECT FROM registry_writes w WHERE w.registration_id = r.id
    AND w.kind = 'submit' AND w.state = 'rejected'
    AND NOT EXISTS (
      SELECT FROM registry_writes n WHERE n.registration_id = r.id
        AND n.kind = 'submit' AND n.number > w.number))
"""
# What was sent has been with the registry for a day, and nothing newer is on its way there; or
# it was taken back or refused, and nobody has come back to it.
_SPENT = f"""
(r.state = 'accepted' OR (r.state IN ('withdrawn', 'rejected') OR {_REFUSED}) AND ({_IDLE}))
AND NOT r.answers_gone AND NOT EXISTS (
  SELECT FROM registrations n WHERE n.person_id = r.person_id AND n.created_at > r.created_at)
AND r.state_at < kosh_now() - interval '{ANSWERS_KEPT}'
AND NOT EXISTS (
  SELECT FROM registry_writes w WHERE w.registration_id = r.id
    AND w.state IN ('pending', 'unknown', 'sending'))
"""


async def spent(
    session: Session, after: UUID, most: int = 100, *, lately: bool = False
) -> list[UUID]:
    """The next people whose answers are to be forgotten here: with the registry for a day, or left.

    Who left a change unsent is met again and again; `lately`, only in the first hour after it.
    """
    cursor = await session.execute(
        "SELECT DISTINCT r.person_id FROM registrations r"
        " JOIN conversations c ON c.person_id = r.person_id"
        f" WHERE {_SPENT} AND (NOT {_REFUSED} OR {_IDLE}) AND r.person_id > %s AND (NOT %s"
        f"   OR r.state_at > kosh_now() - interval '{ANSWERS_KEPT}' - interval '{LATELY}')"
        " ORDER BY r.person_id LIMIT %s",
        (after, lately, most),
    )
    return [row[0] for row in await cursor.fetchall()]


async def due_to_go(session: Session, person_id: UUID) -> tuple[bool, bool]:
    """Whether a person's answers are to be forgotten now: those sent, and a change not sent."""
    cursor = await session.execute(
        f"SELECT bool_or(NOT {_REFUSED} OR {_IDLE}), bool_or({_IDLE}) FROM registrations r"
        f" JOIN conversations c ON c.person_id = r.person_id WHERE {_SPENT} AND r.person_id = %s",
        (person_id,),
    )
    row = await cursor.fetchone()
    return (bool(row[0]), bool(row[1])) if row else (False, False)


async def mark_spent(session: Session, person_id: UUID) -> None:
    await session.execute(
        "UPDATE registrations SET answers_gone = true WHERE person_id = %s", (person_id,)
    )


async def of_person(session: Session, person_id: UUID) -> list[tuple[str, str | None, datetime]]:
    """State, receipt and time of a person's registrations, newest first."""
    cursor = await session.execute(
        "SELECT state, number, state_at FROM registrations WHERE person_id = %s"
        " ORDER BY created_at DESC",
        (person_id,),
    )
    return [tuple(row) for row in await cursor.fetchall()]
