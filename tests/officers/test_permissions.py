"""Permissions by role, action, mission, state and owner, and row-level security in PostgreSQL."""

import asyncio
from collections.abc import Iterator
from itertools import product
from typing import LiteralString
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege
from psycopg.sql import SQL, Identifier

from bot import cases, desk
from bot.desk import views
from bot.embedded import Databases
from bot.officers import directory, permissions
from bot.officers.directory import Officer
from bot.officers.permissions import Action, Allowed, DenialReason, Forbidden, Role, Subject, check
from bot.runtime import Runtime
from bot.security import audit_log
from tests.desk.desks import ask, insert_officer, new_idempotency_key
from tests.person_client import Guest
from tests.release_only import release_only

ME, OTHER = uuid4(), uuid4()
MISSION, OTHER_MISSION = "general", "tr_ankara"
STATES = tuple(cases.State)
OPEN = frozenset(STATES) - {"resolved"}
OWNED = OPEN - {"queued"}
OWNERS: dict[str, UUID | None] = {"nobody": None, "me": ME, "other": OTHER}

# The permissions of each role on cases, written independently of the policy under test. For each
# action: the allowed states and owners of a case of the officer's own mission. All else is denied.
type Cells = dict[Action, tuple[frozenset[str], frozenset[str]]]
ANY_STATE, ANY_OWNER = frozenset(STATES), frozenset(OWNERS)
_OFFICER: Cells = {
    Action.CASE_READ: (ANY_STATE, ANY_OWNER),
    Action.CASE_ANSWERS: (OWNED, frozenset({"me"})),
    Action.CASE_CLAIM: (frozenset({"queued"}), frozenset({"nobody"})),
    Action.CASE_TAKE_OVER: (OWNED, frozenset({"other"})),
    Action.CASE_RELEASE: (OWNED, frozenset({"me"})),
    Action.CASE_REPLY: (OWNED, frozenset({"me"})),
    Action.CASE_NOTE: (OPEN, ANY_OWNER),
    Action.CASE_DOCUMENT: (OWNED, frozenset({"me"})),
    Action.CASE_PAPERS: (OWNED, frozenset({"me"})),
    Action.CASE_PAGE: (OWNED, frozenset({"me"})),
    Action.CASE_FILL: (OWNED, frozenset({"me"})),
    Action.CASE_PIN: (OWNED, frozenset({"me"})),
    Action.CASE_TRANSFER: (OPEN, frozenset({"me"})),
    Action.CASE_SNOOZE: (frozenset({"claimed", "waiting_person"}), frozenset({"me"})),
    Action.CASE_RESOLVE: (OWNED, frozenset({"me"})),
    Action.CASE_MARK: (OPEN, ANY_OWNER),
    Action.CASE_CALL_BACK: (OPEN, ANY_OWNER),
    Action.CASE_LIMIT: (OWNED, frozenset({"me"})),
}
_LEAD: Cells = _OFFICER | {
    Action.BURST_CLOSE: (frozenset({"queued"}), ANY_OWNER),
    Action.CASE_ANSWERS: (OWNED, ANY_OWNER),
    Action.CASE_RELEASE: (OWNED, ANY_OWNER),
    Action.CASE_TRANSFER: (OPEN, ANY_OWNER),
}
ON_CASES: dict[Role, Cells] = {Role.OFFICER: _OFFICER, Role.LEAD: _LEAD}
# Roles that may do an action without a case: in the officer's own mission only (IN_MISSION), or in
# any mission (IN_ANY_MISSION).
_O, _L, _E = Role.OFFICER, Role.LEAD, Role.EDITOR
_P, _A, _U = Role.APPROVER, Role.ADMINISTRATOR, Role.AUDITOR
_I = Role.INTEGRATOR
IN_MISSION: dict[Action, set[Role]] = {
    Action.CASE_LIST: {_O, _L},
    Action.LABELS_EDIT: {_L},
    Action.LIMITS_READ: {_L},
    Action.LIMITS_DECIDE: {_L},
    Action.QUEUE_LIVE: {_L},
    Action.BURST_READ: {_O, _L},
    Action.BURST_REOPEN: {_L},
    Action.CANNED_READ: {_O, _L, _E},
    Action.CANNED_EDIT: {_L, _E},
    Action.HOURS_EDIT: {_L},
    Action.BREAK_GLASS_REVIEW: {_L},
    Action.CONTENT_CARD: {_E, _L},
}
IN_ANY_MISSION: dict[Action, set[Role]] = {
    Action.SELF: set(Role),
    Action.SHIFT: {_O, _L},
    Action.STATISTICS_READ: {_L, _A, _U, _I},
    Action.STATISTICS_COMPARE: {_A, _U},
    Action.PLANNING_READ: {_L, _A, _U},
    Action.REFERRER_READ: {_L, _A, _U},
    Action.REFERRER_EDIT: {_L, _A},
    Action.HOURS_READ: set(Role),
    Action.OFFICERS_READ: {_L, _A},
    Action.OFFICERS_EDIT: {_A},
    Action.SESSIONS_OTHERS: {_A},
    Action.AUDIT_READ: {_U},
    Action.BREAK_GLASS_READ: {_L, _A},
    Action.BREAK_GLASS_ASK: {_A},
    Action.BREAK_GLASS_GRANT: {_A},
    Action.PHRASES_REVIEW: {_E},
    Action.BROADCAST_READ: {_E, _L, _P, _U},
    Action.BROADCAST_DRAFT: {_E},
    Action.BROADCAST_APPROVE: {_P},
    Action.BROADCAST_SEND: {_L},
    Action.BROADCAST_STOP: {_E, _L, _P},
    Action.CONTENT_READ: {_E, _L, _P, _U},
    Action.CONTENT_EDIT: {_E},
    Action.CONTENT_APPROVE: {_P},
    Action.CONTENT_ROLL_BACK: {_E, _L, _P},
    Action.WORDING_READ: {_O, _E, _L, _P},
    Action.WORDING_REPORT: {_O, _E, _L, _P},
    Action.WORDING_CLOSE: {_E},
    Action.STATUS_LOOK_UP: {_I},
    Action.CASE_INVITE: {_I},
    Action.WEBHOOK_SUBSCRIBE: {_E, _L, _I},
    Action.WEBHOOK_READ: {_A, _U},
    Action.WEBHOOK_EDIT: {_A},
}


def _officer(*roles: Role, active: bool = True, topics: frozenset[str] = frozenset()) -> Officer:
    return Officer(ME, "Officer Testov", MISSION, frozenset(roles), topics=topics, active=active)


def _expected(role: Role, action: Action, mission: str, state: str, owner: str) -> bool:
    if action in IN_ANY_MISSION:
        return role in IN_ANY_MISSION[action]
    if action in IN_MISSION:
        return role in IN_MISSION[action] and mission == MISSION
    states, owners = ON_CASES.get(role, {}).get(action, (frozenset(), frozenset()))
    return mission == MISSION and state in states and owner in owners


def _differences() -> Iterator[str]:
    """Yield combinations where the policy differs from ON_CASES, IN_MISSION and IN_ANY_MISSION.

    A combination is a role, an action, a mission, a state and an owner.
    """
    for role, action, mission, state, owner in product(
        Role, Action, (MISSION, OTHER_MISSION), STATES, OWNERS
    ):
        answer = check(_officer(role), action, Subject(mission, "general", state, OWNERS[owner]))
        if isinstance(answer, Allowed) != _expected(role, action, mission, state, owner):
            yield f"{role} {action} {mission} {state} {owner}"


@pytest.mark.requirement("S-53")
def test_permissions_of_every_role_match_an_independent_list() -> None:
    assert list(_differences()) == []


def test_permission_test_list_covers_every_action_and_state() -> None:
    assert ON_CASES[Role.LEAD].keys() | IN_MISSION.keys() | IN_ANY_MISSION.keys() == set(Action)
    assert permissions.RULES.keys() == set(Action)
    assert {permissions.QUEUED, *permissions.ASSIGNED, permissions.RESOLVED} == set(STATES)


def test_denied_permission_error_contains_the_reason() -> None:
    lead = _officer(Role.LEAD)
    permissions.require(lead, Action.CASE_LIST, Subject(MISSION))
    permissions.require_another(lead, OTHER)
    with pytest.raises(Forbidden, match="E_FORBIDDEN: mission") as elsewhere:
        permissions.require(lead, Action.CASE_LIST, Subject(OTHER_MISSION))
    with pytest.raises(Forbidden, match="E_FORBIDDEN: oneself") as own_error:
        permissions.require_another(lead, lead.id)
    reasons = (elsewhere.value.why, own_error.value.why)
    assert reasons == (DenialReason.MISSION, DenialReason.ONESELF)
    resolved = Subject(MISSION, "general", "resolved", ME)
    assert check(lead, Action.CASE_REPLY, resolved) == permissions.Denied(DenialReason.STATE)
    other_case = Subject(MISSION, "general", "claimed", OTHER)
    assert check(lead, Action.CASE_REPLY, other_case) == permissions.Denied(DenialReason.OWNER)


def test_is_ever_allowed_matches_an_independent_list_of_permissions() -> None:
    for role, action in product(Role, Action):
        by_role = any(role in each.get(action, ()) for each in (IN_MISSION, IN_ANY_MISSION))
        expected = by_role or action in ON_CASES.get(role, {})
        assert permissions.is_ever_allowed(_officer(role), action) == expected, (role, action)


# Actions that change permissions, reach many people at once, open other officers' cases, or resume
# sending to another system.
NEEDING_A_PASSKEY = {
    *(Action.BURST_CLOSE, Action.BURST_REOPEN, Action.OFFICERS_EDIT, Action.SESSIONS_OTHERS),
    *(Action.BREAK_GLASS_ASK, Action.BREAK_GLASS_GRANT, Action.BROADCAST_APPROVE),
    *(Action.BROADCAST_SEND, Action.BROADCAST_STOP, Action.CONTENT_APPROVE),
    *(Action.CONTENT_ROLL_BACK, Action.WEBHOOK_EDIT),
}


@pytest.mark.requirement("S-55")
def test_actions_that_need_a_passkey_match_an_independent_list() -> None:
    assert {each for each in Action if permissions.needs_passkey(each)} == NEEDING_A_PASSKEY


@pytest.mark.parametrize("action", list(Action))
@pytest.mark.requirement("S-53", "S-80")
def test_permission_test_detects_a_missing_rule(
    action: Action, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(permissions.RULES, action)
    assert list(_differences()) != []
    subject = Subject(MISSION, "general", "claimed", ME)
    assert check(_officer(*Role), action, subject) == permissions.Denied(DenialReason.ROLE)


@pytest.mark.parametrize("action", list(Action))
@pytest.mark.row(90)
def test_permission_is_denied_to_disabled_officers_and_without_a_role(action: Action) -> None:
    subject = Subject(MISSION, "general", "claimed", ME)
    assert check(_officer(*Role, active=False), action, subject) == permissions.Denied(
        DenialReason.DISABLED
    )
    assert check(_officer(), action, subject) == permissions.Denied(DenialReason.ROLE)


@pytest.mark.parametrize("action", list(_OFFICER))
def test_topics_restrict_permissions_of_officers_but_not_of_leads(action: Action) -> None:
    states, owners = _OFFICER[action]
    subject = Subject(MISSION, "spouse", min(states), OWNERS[min(owners)])
    bound = frozenset({"passport"})
    assert check(_officer(Role.OFFICER, topics=bound), action, subject) == permissions.Denied(
        DenialReason.TOPIC
    )
    assert check(_officer(Role.OFFICER, topics=bound | {"spouse"}), action, subject) == Allowed()
    assert check(_officer(Role.LEAD, topics=bound), action, subject) == Allowed()


# Every action of the desk checks permissions


async def test_desk_actions_all_reject_unauthorized_officers(rt: Runtime) -> None:
    """Try each action on a case as an auditor of its mission and as another mission's officer."""
    case = await ask(Guest(rt))
    auditor = await insert_officer(rt, "Auditor", roles=(Role.AUDITOR,))
    foreign_officer = await insert_officer(rt, "Officer Far", OTHER_MISSION)
    for viewer, refusal in ((auditor, Forbidden), (foreign_officer, LookupError)):
        for name, more in VERBS.items():
            with pytest.raises(refusal):
                await getattr(desk, name)(
                    rt, viewer, case.id, case.version, key=new_idempotency_key(), **more
                )
        with pytest.raises(refusal):
            await views.view(rt, viewer, case.id, permissions.Reason.CHECK)
        with pytest.raises(refusal):
            await views.answers(rt, viewer, case.id, permissions.Reason.CHECK)
    with pytest.raises(Forbidden):
        await views.listing(rt, auditor)
    assert await _is_unchanged(rt, case)


VERBS: dict[str, dict[str, object]] = {
    "claim": {},
    "take_over": {},
    "release": {},
    "reply": {"words": "Hello."},
    "note": {"words": "A note."},
    "ask_document": {"document": "identity"},
    "release_papers": {},
    "fill": {"question": "ethnic_kazakh", "value": "yes"},
    "lift_pin": {},
    "transfer": {"to": desk.ToTopic("spouse")},
    "snooze": {"until": None},
    "resolve": {},
}


def test_desk_action_tests_cover_every_action() -> None:
    from inspect import iscoroutinefunction

    found = {
        name
        for name, each in vars(desk).items()
        if iscoroutinefunction(each) and each.__module__.startswith("bot.desk") and name[0] != "_"
    }
    assert found == VERBS.keys() | {"take_next"}


async def _is_unchanged(rt: Runtime, case: cases.Case) -> bool:
    async with rt.pool.connection() as session:
        cursor = await session.execute("SELECT count(*) FROM case_actions")
        assert await cursor.fetchone() == (0,)
        return await cases.find(session, case.id) == case


# Row-level security

# Tables with row-level security that the console reads. The query returns an id of each visible
# row; officers see only rows of their own mission.
VISIBLE_ROWS: dict[str, LiteralString] = {
    "people": "SELECT id FROM people",
    "cases": "SELECT person_id FROM cases",
    "case_messages": "SELECT person_id FROM case_messages",
    "case_notes": "SELECT person_id FROM case_notes",
    "case_actions": "SELECT k.person_id FROM case_actions a JOIN cases k ON k.id = a.case_id"
    " UNION SELECT officer FROM case_actions",
    "case_events": "SELECT person FROM (SELECT case_id AS person FROM case_events) e",
    "conversations": "SELECT person_id FROM conversations",
    "handles": "SELECT person_id FROM handles",
    "hint_contacts": "SELECT person_id FROM hint_contacts",
    "secure_links": "SELECT person_id FROM secure_links",
    "messages": "SELECT person_id FROM messages",
    "registrations": "SELECT person_id FROM registrations",
    "registration_details": "SELECT person_id FROM registration_details",
    "registry_writes": "SELECT registration_id FROM registry_writes",
    "missions": "SELECT mission FROM missions",
    "mission_hours": "SELECT mission FROM mission_hours",
    "mission_holidays": "SELECT mission FROM mission_holidays",
    "canned_replies": "SELECT mission FROM canned_replies",
    "audit_entries": "SELECT actor FROM audit_entries",
    "uploads": "SELECT person_id FROM uploads",
    "upload_chunks": "SELECT upload_id FROM upload_chunks",
    "case_viewers": "SELECT case_id FROM case_viewers",
    "case_origins": "SELECT case_id FROM case_origins",
    "case_bursts": "SELECT id FROM case_bursts",
    "notification_settings": "SELECT officer_id FROM notification_settings",
    "saved_views": "SELECT officer_id FROM saved_views",
    "case_labels": "SELECT mission FROM case_labels",
    "case_files": "SELECT person_id FROM case_files",
    "form_files": "SELECT mission FROM form_files",
    "message_limits": "SELECT person_id FROM message_limits",
}
# Tables that every officer may read completely, for example colleagues, published content and
# totals. The officers' sign-in data is in other tables.
OPEN_TO_ALL = {
    *("officers", "audit_head", "form_funnel", "suggested_phrases", "push_subscriptions"),
    *("content_items", "content_versions", "content_head", "wording_reports"),
    "referrers",
    # Only the ids of jobs that notify officers.
    "procrastinate_jobs",
}

_ROWS: tuple[LiteralString, ...] = (
    "INSERT INTO people (id, key, key_version) VALUES (%(id)s, '', 1)",
    "INSERT INTO handles (channel, blind_index, person_id, address)"
    " VALUES ('web', %(id)s::text::bytea, %(id)s, '')",
    "INSERT INTO conversations (person_id, state, channel, language)"
    " VALUES (%(id)s, '', 'web', 'kk')",
    "INSERT INTO secure_links (token, person_id, channel, expires_at)"
    " VALUES (%(id)s::text::bytea, %(id)s, 'web', kosh_now())",
    "INSERT INTO hint_contacts (person_id, way, address, code_expires_at)"
    " VALUES (%(id)s, 'email', '', kosh_now())",
    "INSERT INTO officers (id, name, mission) VALUES (%(id)s, %(id)s::text, %(mission)s)",
    "INSERT INTO cases (id, person_id, mission, topic, urgent, language, state)"
    " VALUES (%(id)s, %(id)s, %(mission)s, 'general', false, 'kk', 'queued')",
    "INSERT INTO case_messages (case_id, person_id, body) VALUES (%(id)s, %(id)s, '')",
    "INSERT INTO case_notes (case_id, person_id, officer, body) VALUES (%(id)s, %(id)s, %(id)s,"
    " '')",
    "INSERT INTO case_actions (officer, key, case_id, action) VALUES (%(id)s, 'k', %(id)s, 'a')",
    "INSERT INTO messages (person_id, channel, act, state) VALUES (%(id)s, 'web', 'send', 'sent')",
    "INSERT INTO registrations (id, person_id, state) VALUES (%(id)s, %(id)s, 'pending')",
    "INSERT INTO registration_details (registration_id, person_id, details_hash)"
    " VALUES (%(id)s, %(id)s, '')",
    "INSERT INTO registry_writes (id, registration_id, number, kind, state)"
    " VALUES (%(id)s, %(id)s, 1, 'submit', 'pending')",
    "INSERT INTO uploads (id, person_id, paper, state) VALUES (%(id)s, %(id)s, 'other', 'ready')",
    "INSERT INTO upload_chunks (upload_id, number, body) VALUES (%(id)s, 0, '')",
    "INSERT INTO case_viewers (case_id, officer) VALUES (%(id)s, %(id)s)",
    "INSERT INTO case_origins (case_id, network) VALUES (%(id)s, '')",
    "INSERT INTO notification_settings (officer_id) VALUES (%(id)s)",
    "INSERT INTO saved_views (officer_id, name, query) VALUES (%(id)s, 'a', '')",
    "INSERT INTO case_labels (mission, name) VALUES (%(mission)s, 'a')",
    "INSERT INTO case_files (id, case_id, person_id, message_id, media_type, name, size, body)"
    " VALUES (%(id)s, %(id)s, %(id)s, 1, 'application/pdf', '', 0, '')",
    "INSERT INTO form_files (id, mission, name, language, media_type, size, body)"
    " VALUES (%(id)s, %(mission)s, 'a', 'kk', 'application/pdf', 0, '')",
    "INSERT INTO message_limits (person_id, case_id, mission, officer, reason, per_day, until)"
    " VALUES (%(id)s, %(id)s, %(mission)s, %(id)s, 'insults', 0, '2026-12-01')",
    "INSERT INTO case_bursts (id, mission, reason, closed_by)"
    " VALUES (%(id)s, %(mission)s, 'spam', %(id)s)",
    "INSERT INTO missions (mission, zone, first_minutes, next_minutes, resolve_minutes,"
    " claim_timeout_minutes) VALUES (%(mission)s, 'UTC', 1, 1, 1, 1)",
    "INSERT INTO mission_hours VALUES (%(mission)s, 0, '09:00', '18:00')",
    "INSERT INTO mission_holidays VALUES (%(mission)s, '2026-01-01')",
    "INSERT INTO canned_replies (mission, name, language, body, version)"
    " VALUES (%(mission)s, 'a', 'kk', 'a', 1)",
    "INSERT INTO audit_entries (seq, created_at, actor, action, subject, hash)"
    " SELECT count(*) + 1, kosh_now(), %(id)s::text, 'a', 'a', '' FROM audit_entries",
)


@pytest.fixture
def rows(databases: Databases) -> dict[str, UUID]:
    """Insert rows into the tables for each of two missions; return the rows' id by mission.

    All rows of a mission (a person, an officer, a case, …) have the same id.
    """
    found = {mission: uuid4() for mission in (MISSION, OTHER_MISSION)}
    for mission, identity in found.items():
        with psycopg.connect(databases.owner) as session:
            for statement in _ROWS:
                session.execute(statement, {"id": identity, "mission": mission})
    return found


def _visible_ids(databases: Databases, table: str, mission: str, officer: UUID) -> set[str]:
    with psycopg.connect(databases.console) as session:
        session.execute(
            "SELECT set_config('kosh.mission', %s, true), set_config('kosh.officer', %s, true)",
            (mission, str(officer)),
        )
        return {str(row[0]) for row in session.execute(VISIBLE_ROWS[table])}


def _own_ids(table: str, mission: str, identity: UUID) -> set[str]:
    by_mission = table in (
        "missions",
        "mission_hours",
        "mission_holidays",
        "canned_replies",
        "case_labels",
        "form_files",
    )
    return {mission if by_mission else str(identity)}


@pytest.mark.parametrize("table", VISIBLE_ROWS)
@pytest.mark.requirement("S-54")
@pytest.mark.row(86)
def test_row_security_shows_the_console_role_rows_of_one_mission_only(
    databases: Databases, rows: dict[str, UUID], table: str
) -> None:
    for mission, identity in rows.items():
        assert _visible_ids(databases, table, mission, identity) == _own_ids(
            table, mission, identity
        )
    assert _visible_ids(databases, table, "", uuid4()) == set()


@pytest.mark.parametrize("table", release_only(VISIBLE_ROWS, keep=("cases", "people")))
@pytest.mark.requirement("S-54", "S-80")
def test_row_security_test_detects_disabled_row_security(
    databases: Databases, rows: dict[str, UUID], table: str
) -> None:
    with psycopg.connect(databases.owner) as session:
        session.execute(SQL("ALTER TABLE {} DISABLE ROW LEVEL SECURITY").format(Identifier(table)))
    seen = {mission: _visible_ids(databases, table, mission, rows[mission]) for mission in rows}
    assert any(seen[each] != _own_ids(table, each, rows[each]) for each in rows)


@pytest.mark.requirement("S-54")
def test_row_security_covers_every_table_readable_by_the_console(databases: Databases) -> None:
    with psycopg.connect(databases.console) as session:
        readable = session.execute(
            "SELECT c.relname, c.relrowsecurity AND EXISTS (SELECT FROM pg_policies p"
            " WHERE p.tablename = c.relname AND 'kosh_console' = ANY(p.roles)) FROM pg_class c"
            " WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'"
            " AND has_any_column_privilege(c.oid, 'SELECT') AND c.relname <> 'test_clock'"
        ).fetchall()
    protected = {name for name, is_protected in readable if is_protected}
    assert VISIBLE_ROWS.keys() <= protected
    signing_in = {"accounts", "account_links", "passkeys", "console_sessions"}
    assert {name for name, _wall in readable} - VISIBLE_ROWS.keys() <= OPEN_TO_ALL | signing_in


WRITES: tuple[LiteralString, ...] = (
    "UPDATE cases SET urgent = true WHERE id = %(theirs)s",
    "UPDATE conversations SET ownership_version = 9 WHERE person_id = %(theirs)s",
    "UPDATE messages SET state = 'dropped' WHERE person_id = %(theirs)s",
    "UPDATE officers SET shift_until = now() WHERE id = %(theirs)s",
    "UPDATE missions SET zone = 'UTC' WHERE mission <> %(mission)s",
    "DELETE FROM canned_replies WHERE mission <> %(mission)s",
    "DELETE FROM secure_links WHERE person_id = %(theirs)s",
    "UPDATE hint_contacts SET due_at = NULL WHERE person_id = %(theirs)s",
    "UPDATE uploads SET state = 'pending' WHERE person_id = %(theirs)s",
    "DELETE FROM message_limits WHERE person_id = %(theirs)s",
)
FORBIDDEN: tuple[LiteralString, ...] = (
    "SELECT address FROM hint_contacts",
    "UPDATE cases SET mission = 'tr_ankara' WHERE id = %(ours)s",
    "INSERT INTO case_messages (case_id, person_id, body) VALUES (%(theirs)s, %(theirs)s, '')",
    "INSERT INTO case_notes (case_id, person_id, officer, body)"
    " VALUES (%(theirs)s, %(theirs)s, %(ours)s, '')",
    "INSERT INTO messages (person_id, channel, act, state)"
    " VALUES (%(theirs)s, 'web', 'send', 'pending')",
    "INSERT INTO canned_replies (mission, name, language, body, version)"
    " VALUES ('tr_ankara', 'b', 'kk', 'b', 1)",
    "INSERT INTO audit_entries (seq, created_at, actor, action, subject, hash)"
    " VALUES (99, now(), 'somebody', 'a', 'a', '')",
    "DELETE FROM audit_entries",
    "UPDATE audit_entries SET action = 'b'",
    "INSERT INTO case_bursts (id, mission, reason, closed_by)"
    " VALUES (gen_random_uuid(), 'tr_ankara', 'program', %(ours)s)",
    "DELETE FROM case_bursts",
    "INSERT INTO case_origins (case_id, network) VALUES (%(ours)s, '')",
    "DELETE FROM cases",
    "DELETE FROM people",
    "UPDATE officers SET roles = '{administrator}' WHERE id = %(ours)s",
    "SELECT payload FROM registry_writes",
    "SELECT * FROM consents",
    "UPDATE uploads SET paper = 'other' WHERE person_id = %(ours)s",
    "DELETE FROM uploads",
    "SELECT * FROM break_glass_requests",
    "INSERT INTO case_viewers (case_id, officer) VALUES (%(ours)s, %(theirs)s)",
    "SELECT * FROM processed_updates",
    "INSERT INTO case_events (case_id, mission, kind) VALUES (%(ours)s, 'general', 'case')",
    "INSERT INTO procrastinate_jobs (queue_name, task_name) VALUES ('default', 'people.delete')",
    "SELECT args FROM procrastinate_jobs",
    "DELETE FROM procrastinate_jobs",
)


def _values(rows: dict[str, UUID]) -> dict[str, object]:
    return {"ours": rows[MISSION], "theirs": rows[OTHER_MISSION], "mission": MISSION}


@pytest.mark.parametrize("statement", WRITES)
@pytest.mark.requirement("S-54")
def test_row_security_blocks_changes_to_another_mission(
    databases: Databases, rows: dict[str, UUID], statement: LiteralString
) -> None:
    with psycopg.connect(databases.console) as session:
        _enter(session, rows)
        assert session.execute(statement, _values(rows)).rowcount == 0


@pytest.mark.parametrize("statement", FORBIDDEN)
def test_console_role_lacks_forbidden_privileges(
    databases: Databases, rows: dict[str, UUID], statement: LiteralString
) -> None:
    with psycopg.connect(databases.console) as session:
        _enter(session, rows)
        with pytest.raises(InsufficientPrivilege):
            session.execute(statement, _values(rows))


def _enter(session: psycopg.Connection[tuple[object, ...]], rows: dict[str, UUID]) -> None:
    session.execute(
        "SELECT set_config('kosh.mission', %s, true), set_config('kosh.officer', %s, true)",
        (MISSION, str(rows[MISSION])),
    )


def test_move_case_function_moves_only_cases_of_the_own_mission(
    databases: Databases, rows: dict[str, UUID]
) -> None:
    moved = []
    for each in (OTHER_MISSION, MISSION):
        with psycopg.connect(databases.console) as session:
            _enter(session, rows)
            row = session.execute(
                "SELECT kosh_move_case(%s, 0, 'cn_beijing')", (rows[each],)
            ).fetchone()
            moved.append(row and row[0])
    assert moved == [False, True]


@pytest.mark.requirement("S-54")
async def test_console_connection_resets_its_mission_when_returned_to_the_pool(rt: Runtime) -> None:
    officer = await insert_officer(rt)
    await ask(Guest(rt))
    assert rt.console is not None
    for _each in range(20):
        async with directory.acting(rt, officer) as session:
            cursor = await session.execute("SELECT count(*) FROM cases")
            assert await cursor.fetchone() == (1,)
        async with rt.console.connection() as session:
            cursor = await session.execute("SELECT count(*) FROM cases")
            assert await cursor.fetchone() == (0,)


# The audit log


async def _append_entries(rt: Runtime, count: int) -> None:
    for number in range(count):
        async with rt.pool.connection() as session:
            await audit_log.append(session, actor="tester", action="tried", subject=str(number))


async def _first_broken_entry(rt: Runtime, anchor: audit_log.Head | None = None) -> int | None:
    async with rt.pool.connection() as session:
        return await audit_log.find_broken_entry(session, anchor)


@pytest.mark.requirement("S-64")
async def test_audit_log_hash_chain_is_valid_with_concurrent_writers(rt: Runtime) -> None:
    await asyncio.gather(*(_append_entries(rt, 25) for _writer in range(8)))
    assert await _first_broken_entry(rt) is None
    async with rt.pool.connection() as session:
        assert (await audit_log.head(session)).seq == 200


async def test_audit_verification_succeeds_during_concurrent_writes(
    rt: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_log, "AT_ONCE", 3)
    writing = asyncio.gather(*(_append_entries(rt, 25) for _writer in range(4)))
    while not writing.done():
        assert await _first_broken_entry(rt) is None
    await writing


@pytest.mark.parametrize(
    ("tampering", "found"),
    [
        ("UPDATE audit_entries SET actor = 'nobody' WHERE seq = 4", 4),
        ("UPDATE audit_entries SET detail = 'other' WHERE seq = 4", 4),
        ("DELETE FROM audit_entries WHERE seq = 5", 5),
        ("DELETE FROM audit_entries WHERE seq = 1", 1),
        ("DELETE FROM audit_entries WHERE seq > 7", 8),
        ("UPDATE audit_entries SET seq = 13 - seq WHERE seq IN (6, 7)", 6),
        ("DELETE FROM audit_entries", 1),
    ],
)
@pytest.mark.requirement("S-64")
async def test_audit_verification_reports_the_number_of_a_changed_entry(
    rt: Runtime,
    databases: Databases,
    monkeypatch: pytest.MonkeyPatch,
    tampering: LiteralString,
    found: int,
) -> None:
    monkeypatch.setattr(audit_log, "AT_ONCE", 4)
    await _append_entries(rt, 10)
    assert await _first_broken_entry(rt) is None
    with psycopg.connect(databases.owner) as session:
        if "13 - seq" in tampering:
            session.execute("ALTER TABLE audit_entries DROP CONSTRAINT audit_entries_pkey")
        session.execute(tampering)
    assert await _first_broken_entry(rt) == found


@pytest.mark.requirement("S-64")
async def test_audit_verification_with_a_saved_head_detects_a_truncated_log(
    rt: Runtime, databases: Databases
) -> None:
    await _append_entries(rt, 10)
    async with rt.pool.connection() as session:
        head = audit_log.Head.parse(str(await audit_log.head(session)))
    assert await _first_broken_entry(rt, head) is None
    with psycopg.connect(databases.owner) as session:
        session.execute("DELETE FROM audit_entries WHERE seq > 7")
        session.execute(
            "UPDATE audit_head SET seq = 7, hash = (SELECT hash FROM audit_entries WHERE seq = 7)"
        )
    assert await _first_broken_entry(rt) is None
    assert await _first_broken_entry(rt, head) == 8
    await _append_entries(rt, 3)
    assert await _first_broken_entry(rt) is None
    assert await _first_broken_entry(rt, head) == 10


async def test_audit_log_is_fully_readable_only_by_auditors(rt: Runtime) -> None:
    case = await ask(Guest(rt))
    officer, auditor = (
        await insert_officer(rt),
        await insert_officer(rt, "Auditor", roles=(Role.AUDITOR,)),
    )
    await desk.claim(rt, officer, case.id, case.version, key=new_idempotency_key())
    await _append_entries(rt, 1)
    seen = {}
    for viewer in (officer, auditor):
        async with directory.acting(rt, viewer) as session:
            seen[viewer.name] = [each.action for each in await audit_log.entries(session)]
    assert seen == {officer.name: ["case.claim"], auditor.name: ["tried", "case.claim"]}
