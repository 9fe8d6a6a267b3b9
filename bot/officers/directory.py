"""Directory of officers, the employees of missions and migration departments.

Also opens transactions in which row security shows only the cases that an officer may see.
"""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from uuid import UUID, uuid4

from bot.config.sources import ConfigError
from bot.db import pipeline
from bot.db.connection import Transaction
from bot.db.pipeline import Call, Rows
from bot.db.statements import execute, fetch_all, fetch_one, fetch_value, fetch_values
from bot.officers import permissions, statements
from bot.officers.permissions import Action, Role, Subject
from bot.runtime import Pool, Runtime
from bot.security import audit_log

MIN_ADMINISTRATORS = 2
MAX_NAME = 80
# Roles whose officers answer people.
ANSWERING = [Role.OFFICER.value, Role.LEAD.value]


@dataclass(frozen=True, slots=True)
class Officer:
    """An officer; empty `languages` or `topics` mean that there is no restriction.

    `shift_until` is the declared end of the shift, or None.
    """

    id: UUID
    name: str
    mission: str
    roles: frozenset[str] = frozenset({Role.OFFICER})
    languages: frozenset[str] = frozenset()
    topics: frozenset[str] = frozenset()
    active: bool = True
    shift_until: datetime | None = None


class LastAdministrator(Exception):
    """A change of administrators is not allowed; nothing was changed.

    Fewer than two administrators would remain, or a first one was to be created although there is
    one already.
    """

    code = "E_LAST_ADMINISTRATOR"


class Stale(Exception):
    """Another administrator changed the officer's account since it was shown; nothing was changed.

    Otherwise a page that was loaded earlier would return withdrawn rights.
    """

    code = "E_OFFICER_STALE"


class NoSuchOfficer(LookupError):
    """There is no officer with this id, or no active one with this name."""

    code = "E_OFFICER"

    def __init__(self) -> None:
        super().__init__(f"{self.code}: there is no such officer; look at the list")


class NoSuchRole(ValueError):
    """A role does not exist, or the officer's name is empty or too long; nothing was changed."""

    code = "E_ROLE"


def read(row: tuple[object, ...]) -> Officer:
    """Convert a row of the columns `statements.OFFICER` to an officer."""
    identity, name, mission, roles, languages, topics, active, shift_until = row
    assert isinstance(identity, UUID)
    assert isinstance(roles, list)
    assert isinstance(languages, list)
    assert isinstance(topics, list)
    assert shift_until is None or isinstance(shift_until, datetime)
    return Officer(identity, str(name), str(mission), frozenset(roles), frozenset(languages),
                   frozenset(topics), bool(active), shift_until)  # fmt: skip


@asynccontextmanager
async def acting(rt: Runtime, officer: Officer) -> AsyncIterator[Transaction]:
    """Open a transaction of the console's database role for an officer.

    Row security limits it to the officer's mission. The officer and the mission are settings local
    to the transaction, so that the connection returns to the pool without them. Raises ConfigError
    if the console's database role is not configured.
    """
    async with console(rt).connection() as transaction:
        await pipeline.begin(transaction, _scope(officer))
        yield transaction


async def fetch_many(rt: Runtime, officer: Officer, *calls: Call) -> list[Rows]:
    """Run statements with the officer's rights in one transaction; return the rows of each.

    The call takes one round trip to the database.
    """
    async with console(rt).connection() as transaction:
        return (await pipeline.execute_pipeline(transaction, _scope(officer), *calls))[1:]


def console(rt: Runtime) -> Pool:
    """Return the connection pool of the console's database role.

    Raises ConfigError if KOSH_DATABASE_CONSOLE_URL is not set.
    """
    if rt.console is None:
        raise ConfigError("KOSH_DATABASE_CONSOLE_URL isn't set, so the console is off; set it")
    return rt.console


def _scope(officer: Officer) -> Call:
    audits = "yes" if Role.AUDITOR in officer.roles else ""
    values = {"mission": officer.mission, "officer": str(officer.id), "audits": audits}
    return statements.SCOPE, values


async def record_action(
    transaction: Transaction, officer: Officer, action: str, subject: str, detail: str = ""
) -> None:
    """Append an action of an officer to the audit log, in the caller's transaction."""
    await audit_log.append(
        transaction, actor=str(officer.id), action=action, subject=subject, detail=detail
    )


async def find(transaction: Transaction, officer_id: UUID) -> Officer | None:
    """Return an officer by id, active or disabled; None if unknown."""
    row = await fetch_one(transaction, statements.FIND, officer=officer_id)
    return read(row) if row else None


async def by_name(transaction: Transaction, name: str) -> Officer:
    """Return the active officer with this name. Raises NoSuchOfficer if there is none."""
    row = await fetch_one(transaction, statements.BY_NAME, name=name)
    if row is None:
        raise NoSuchOfficer
    return read(row)


def team(mission: str) -> Call:
    """Return the statement that selects a mission's active officers who answer people, by name.

    Convert its rows with `read`.
    """
    return statements.TEAM, {"mission": mission, "roles": ANSWERING}


async def colleagues(rt: Runtime, officer: Officer) -> list[Officer]:
    """Return the other active officers of the mission who answer people, by name."""
    (rows,) = await fetch_many(rt, officer, team(officer.mission))
    return [each for each in map(read, rows) if each.id != officer.id]


async def has_other_lead(transaction: Transaction, officer: Officer) -> bool:
    """Return True if the officer's mission has another active lead (supervisor)."""
    _team, values = team(officer.mission)
    found = map(read, await fetch_all(transaction, statements.TEAM, **values))
    return any(each.id != officer.id and Role.LEAD in each.roles for each in found)


async def everyone(transaction: Transaction) -> list[Officer]:
    """Return all officers: active ones first, then by mission and name."""
    return [read(row) for row in await fetch_all(transaction, statements.EVERYONE)]


async def names(rt: Runtime, officer: Officer) -> dict[str, str]:
    """Return the names of all officers, keyed by officer id; read with the rights of `officer`."""
    (rows,) = await fetch_many(rt, officer, (statements.EVERYONE, {}))
    return {str(each.id): each.name for each in map(read, rows)}


def staffed_call() -> Call:
    """Return the statement that selects the missions with at least one active officer or lead."""
    return statements.STAFFED, {"roles": ANSWERING}


async def staffed_missions(transaction: Transaction) -> list[str]:
    """Return the missions that have at least one active officer or lead."""
    return await fetch_values(transaction, statements.STAFFED, roles=ANSWERING)


async def first(transaction: Transaction, name: str) -> Officer:
    """Create the first administrator. Raises LastAdministrator if one exists."""
    await execute(transaction, statements.LOCK_OFFICERS)
    if await _administrators(transaction):
        raise LastAdministrator
    officer = Officer(uuid4(), _proper(name), "general", frozenset({Role.ADMINISTRATOR}))
    await _insert(transaction, officer)
    await audit_log.append(
        transaction, actor="terminal", action="officer.entered", subject=str(officer.id)
    )
    return officer


async def enter_system(transaction: Transaction, name: str, mission: str) -> Officer:
    """Create an account for another system, which can only use API tokens; called from the CLI."""
    system = Officer(uuid4(), _proper(name), mission, frozenset({Role.INTEGRATOR}))
    await _insert(transaction, system)
    await audit_log.append(
        transaction, actor="terminal", action="officer.entered", subject=str(system.id)
    )
    return system


async def enter(
    rt: Runtime,
    by: Officer,
    name: str,
    mission: str,
    roles: Iterable[str],
    languages: Iterable[str] = (),
    topics: Iterable[str] = (),
) -> Officer:
    """Create an officer and write an audit entry. Raises NoSuchRole for a bad role or name."""
    permissions.require(by, Action.OFFICERS_EDIT, Subject(mission))
    officer = Officer(uuid4(), _proper(name), mission, _valid_roles(roles), frozenset(languages),
                      frozenset(topics))  # fmt: skip
    async with rt.pool.connection() as transaction:
        await _insert(transaction, officer)
        await _note(transaction, by, "officer.entered", officer)
    return officer


async def change(
    rt: Runtime,
    by: Officer,
    officer_id: UUID,
    *,
    mission: str | None = None,
    roles: Iterable[str] | None = None,
    languages: Iterable[str] | None = None,
    topics: Iterable[str] | None = None,
    active: bool | None = None,
    seen: str | None = None,
) -> Officer:
    """Change an officer's account; None leaves a value unchanged.

    `seen` is the digest of the account that the caller was shown; None skips this check. If the
    officer is disabled, the next sweep returns the officer's cases to the queue.

    Raises Stale if the account has changed since it was shown, and NoSuchOfficer for an unknown id.
    Raises Forbidden if it is the account of `by`, because an administrator could otherwise get
    access to every case without a second person. Raises LastAdministrator if fewer than two
    administrators would remain.
    """
    permissions.require(by, Action.OFFICERS_EDIT, Subject(mission or ""))
    permissions.require_another(by, officer_id)
    async with rt.pool.connection() as transaction:
        await execute(transaction, statements.LOCK_OFFICERS)
        before = await _find_unchanged(transaction, officer_id, seen)
        after = replace(
            before,
            mission=before.mission if mission is None else mission,
            roles=before.roles if roles is None else _valid_roles(roles),
            languages=before.languages if languages is None else frozenset(languages),
            topics=before.topics if topics is None else frozenset(topics),
            active=before.active if active is None else active,
        )
        await _store(transaction, by, before, after)
    return after


async def _find_unchanged(transaction: Transaction, officer_id: UUID, seen: str | None) -> Officer:
    """Return an officer's account; raise Stale if it has changed since the digest `seen`."""
    found = await find(transaction, officer_id)
    if found is None:
        raise NoSuchOfficer
    if seen is not None and seen != digest(found):
        raise Stale
    return found


async def _store(transaction: Transaction, by: Officer, before: Officer, after: Officer) -> None:
    """Store a changed account and log it; raise LastAdministrator if too few would remain."""
    await execute(transaction, statements.CHANGE, officer=after.id, is_active=after.active,
                  **_values(after))  # fmt: skip
    fewer = _administers(before) and not _administers(after)
    if fewer and await _administrators(transaction) < MIN_ADMINISTRATORS:
        raise LastAdministrator
    await _note(transaction, by, "officer.changed" if after.active else "officer.disabled", after)


def digest(officer: Officer) -> str:
    """Return a hash of the values of an officer's account that `change` can change."""
    values = repr((sorted(_values(officer).items()), officer.active))
    return sha256(values.encode()).hexdigest()


async def set_shift(rt: Runtime, officer: Officer, until: datetime | None) -> None:
    """Store the end of the officer's shift; None ends the shift now.

    After the end, a periodic sweep returns the officer's claimed cases to the queue.
    """
    permissions.require(officer, Action.SHIFT, Subject(officer.mission))
    async with acting(rt, officer) as transaction:
        await execute(transaction, statements.SET_SHIFT, until=until, officer=officer.id)


async def clear_past_shift(transaction: Transaction, officer_id: UUID) -> None:
    """Delete the end of the officer's shift if it has passed, because the officer works again.

    Otherwise a periodic sweep would at once return each case that the officer claims, and
    colleagues could not hand cases to the officer.
    """
    await execute(transaction, statements.CLEAR_PAST_SHIFT, officer=officer_id)


def _administers(officer: Officer) -> bool:
    return officer.active and Role.ADMINISTRATOR in officer.roles


async def _administrators(transaction: Transaction) -> int:
    role = Role.ADMINISTRATOR.value
    return await fetch_value(transaction, statements.ADMINISTRATORS, role=role) or 0


async def _insert(transaction: Transaction, officer: Officer) -> None:
    await execute(transaction, statements.ENTER, officer=officer.id, full_name=officer.name,
                  **_values(officer))  # fmt: skip


def _values(officer: Officer) -> dict[str, object]:
    return {
        "at_mission": officer.mission,
        "in_roles": sorted(officer.roles),
        "in_languages": sorted(officer.languages),
        "of_topics": sorted(officer.topics),
    }


async def _note(transaction: Transaction, by: Officer, action: str, about: Officer) -> None:
    roles = ",".join(sorted(about.roles))
    await record_action(transaction, by, action, str(about.id), f"{about.mission}: {roles}")


def _valid_roles(roles: Iterable[str]) -> frozenset[str]:
    found = frozenset(roles)
    if not found or not found <= frozenset(Role):
        raise NoSuchRole("E_ROLE: choose from the roles that exist")
    return found


def _proper(name: str) -> str:
    name = " ".join(name.split())
    if not 0 < len(name) <= MAX_NAME:
        raise NoSuchRole("E_ROLE: an officer needs a name of at most 80 characters")
    return name
