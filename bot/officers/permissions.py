"""Permissions: one table of rules; an action without a rule is denied.

Officers and leads work on the cases of their own mission. Administrators and auditors can see
everything except cases. Row level security in PostgreSQL enforces these limits independently.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol
from uuid import UUID


class Role(StrEnum):
    """Role of an officer; an officer may have several."""

    OFFICER = "officer"
    LEAD = "lead"
    EDITOR = "editor"
    APPROVER = "approver"
    ADMINISTRATOR = "administrator"
    AUDITOR = "auditor"
    # Another system: it authenticates with API tokens and cannot sign in to the console.
    INTEGRATOR = "integrator"


class Action(StrEnum):
    """An action that the policy allows or denies; each route of the console requires one."""

    SELF = "self"
    SHIFT = "self.shift"
    CASE_LIST = "case.list"
    CASE_READ = "case.read"
    CASE_ANSWERS = "case.answers"
    CASE_CLAIM = "case.claim"
    CASE_TAKE_OVER = "case.take_over"
    CASE_RELEASE = "case.release"
    CASE_REPLY = "case.reply"
    CASE_NOTE = "case.note"
    CASE_DOCUMENT = "case.document"
    CASE_PAPERS = "case.papers"
    CASE_PAGE = "case.page"
    CASE_FILL = "case.fill"
    CASE_PIN = "case.pin"
    CASE_TRANSFER = "case.transfer"
    CASE_SNOOZE = "case.snooze"
    CASE_RESOLVE = "case.resolve"
    CASE_MARK = "case.mark"
    CASE_CALL_BACK = "case.call_back"
    CASE_LIMIT = "case.limit"
    LABELS_EDIT = "labels.edit"
    LIMITS_READ = "limits.read"
    LIMITS_DECIDE = "limits.decide"
    QUEUE_LIVE = "queue.live"
    STATISTICS_READ = "statistics.read"
    STATISTICS_COMPARE = "statistics.compare"
    PLANNING_READ = "planning.read"
    REFERRER_READ = "referrer.read"
    REFERRER_EDIT = "referrer.edit"
    BURST_READ = "burst.read"
    BURST_CLOSE = "burst.close"
    BURST_REOPEN = "burst.reopen"
    CANNED_READ = "canned.read"
    CANNED_EDIT = "canned.edit"
    HOURS_READ = "hours.read"
    HOURS_EDIT = "hours.edit"
    OFFICERS_READ = "officers.read"
    OFFICERS_EDIT = "officers.edit"
    SESSIONS_OTHERS = "sessions.others"
    AUDIT_READ = "audit.read"
    BREAK_GLASS_READ = "break_glass.read"
    BREAK_GLASS_ASK = "break_glass.ask"
    BREAK_GLASS_GRANT = "break_glass.grant"
    BREAK_GLASS_REVIEW = "break_glass.review"
    PHRASES_REVIEW = "phrases.review"
    BROADCAST_READ = "broadcast.read"
    BROADCAST_DRAFT = "broadcast.draft"
    BROADCAST_APPROVE = "broadcast.approve"
    BROADCAST_SEND = "broadcast.send"
    BROADCAST_STOP = "broadcast.stop"
    CONTENT_READ = "content.read"
    CONTENT_EDIT = "content.edit"
    CONTENT_CARD = "content.card"
    CONTENT_APPROVE = "content.approve"
    CONTENT_ROLL_BACK = "content.roll_back"
    WORDING_READ = "wording.read"
    WORDING_REPORT = "wording.report"
    WORDING_CLOSE = "wording.close"
    STATUS_LOOK_UP = "status.look_up"
    CASE_INVITE = "case.invite"
    WEBHOOK_SUBSCRIBE = "webhook.subscribe"
    WEBHOOK_READ = "webhook.read"
    WEBHOOK_EDIT = "webhook.edit"


class Scope(StrEnum):
    """Group of API operations that a token permits, such as `status:read`."""

    ANNOUNCEMENTS_WRITE = "announcements:write"
    ANNOUNCEMENTS_SEND = "announcements:send"
    STATUS_READ = "status:read"
    CASES_WRITE = "cases:write"
    STATISTICS_READ = "statistics:read"
    WEBHOOKS_MANAGE = "webhooks:manage"


class Reason(StrEnum):
    """Reason that an officer selects for reading personal data.

    The reason is an enum, since free text could put names into the audit log.
    """

    ANSWER = "answer"
    CHECK = "check"
    HANDOVER = "handover"
    SUPERVISION = "supervision"
    COMPLAINT = "complaint"
    TECHNICAL = "technical"


class DenialReason(StrEnum):
    """Reason for which the policy denied an action."""

    DISABLED = "disabled"
    ROLE = "role"
    MISSION = "mission"
    TOPIC = "topic"
    STATE = "state"
    OWNER = "owner"
    ONESELF = "oneself"
    BUDGET = "budget"


class Principal(Protocol):
    """The acting officer's properties on which the policy's decision depends."""

    @property
    def id(self) -> UUID: ...
    @property
    def mission(self) -> str: ...
    @property
    def roles(self) -> frozenset[str]: ...
    @property
    def topics(self) -> frozenset[str]: ...
    @property
    def active(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Subject:
    """Object of an action: its mission, and for a case also its topic, state and owner.

    An empty value or None means that the object has no such property.
    """

    mission: str
    topic: str = ""
    state: str = ""
    owner: UUID | None = None


@dataclass(frozen=True, slots=True)
class Allowed:
    pass


@dataclass(frozen=True, slots=True)
class Denied:
    why: DenialReason


type Decision = Allowed | Denied


class Forbidden(Exception):
    """The policy denied the action; `why` is the reason."""

    code = "E_FORBIDDEN"

    def __init__(self, why: DenialReason) -> None:
        super().__init__(f"{self.code}: {why.value}")
        self.why = why


class Owner(StrEnum):
    """A rule's condition on the owner of a case, who is the officer that claimed it.

    `OWN` requires that the acting officer is the owner.
    """

    ANY = "any"
    NONE = "none"
    OWN = "own"
    ANOTHERS = "another's"
    OWN_OR_LED = "own, or any for a lead"


@dataclass(frozen=True, slots=True)
class Rule:
    """Conditions for an action.

    `mission`: the object of the action must belong to the officer's mission. `strong`: the sign-in
    must have been phishing-resistant, as with a passkey, and not with password and code. Actions
    are `strong` if they change permissions, reach many people at once, open other officers' cases,
    or resume sending to another system.
    """

    roles: frozenset[Role]
    mission: bool = True
    states: frozenset[str] = frozenset()
    owner: Owner = Owner.ANY
    strong: bool = False


QUEUED, CLAIMED, WAITING, SNOOZED, RESOLVED = (
    "queued",
    "claimed",
    "waiting_person",
    "snoozed",
    "resolved",
)
OPEN: Final = frozenset({QUEUED, CLAIMED, WAITING, SNOOZED})
ASSIGNED: Final = frozenset({CLAIMED, WAITING, SNOOZED})
_EVERY: Final = OPEN | {RESOLVED}

_DESK = frozenset({Role.OFFICER, Role.LEAD})
_LEAD = frozenset({Role.LEAD})
_EDITORS = frozenset({Role.EDITOR, Role.LEAD})
_ADMINISTRATOR = frozenset({Role.ADMINISTRATOR})
_AUDITOR = frozenset({Role.AUDITOR})
_APPROVER = frozenset({Role.APPROVER})
_INTEGRATOR = frozenset({Role.INTEGRATOR})
_ALL = frozenset(Role)

RULES: Final[Mapping[Action, Rule]] = {
    Action.SELF: Rule(_ALL, mission=False),
    Action.SHIFT: Rule(_DESK, mission=False),
    Action.CASE_LIST: Rule(_DESK),
    Action.CASE_READ: Rule(_DESK, states=_EVERY),
    Action.CASE_ANSWERS: Rule(_DESK, states=ASSIGNED, owner=Owner.OWN_OR_LED),
    Action.CASE_CLAIM: Rule(_DESK, states=frozenset({QUEUED}), owner=Owner.NONE),
    Action.CASE_TAKE_OVER: Rule(_DESK, states=ASSIGNED, owner=Owner.ANOTHERS),
    Action.CASE_RELEASE: Rule(_DESK, states=ASSIGNED, owner=Owner.OWN_OR_LED),
    Action.CASE_REPLY: Rule(_DESK, states=ASSIGNED, owner=Owner.OWN),
    Action.CASE_NOTE: Rule(_DESK, states=OPEN),
    Action.CASE_DOCUMENT: Rule(_DESK, states=ASSIGNED, owner=Owner.OWN),
    Action.CASE_PAPERS: Rule(_DESK, states=ASSIGNED, owner=Owner.OWN),
    Action.CASE_PAGE: Rule(_DESK, states=ASSIGNED, owner=Owner.OWN),
    Action.CASE_FILL: Rule(_DESK, states=ASSIGNED, owner=Owner.OWN),
    Action.CASE_PIN: Rule(_DESK, states=ASSIGNED, owner=Owner.OWN),
    Action.CASE_TRANSFER: Rule(_DESK, states=OPEN, owner=Owner.OWN_OR_LED),
    Action.CASE_SNOOZE: Rule(_DESK, states=frozenset({CLAIMED, WAITING}), owner=Owner.OWN),
    Action.CASE_RESOLVE: Rule(_DESK, states=ASSIGNED, owner=Owner.OWN),
    Action.CASE_MARK: Rule(_DESK, states=OPEN),
    Action.CASE_CALL_BACK: Rule(_DESK, states=OPEN),
    Action.CASE_LIMIT: Rule(_DESK, states=ASSIGNED, owner=Owner.OWN),
    Action.LABELS_EDIT: Rule(_LEAD),
    Action.LIMITS_READ: Rule(_LEAD),
    Action.LIMITS_DECIDE: Rule(_LEAD),
    Action.QUEUE_LIVE: Rule(_LEAD),
    Action.STATISTICS_READ: Rule(_LEAD | _AUDITOR | _ADMINISTRATOR | _INTEGRATOR, mission=False),
    Action.STATISTICS_COMPARE: Rule(_AUDITOR | _ADMINISTRATOR, mission=False),
    Action.PLANNING_READ: Rule(_LEAD | _AUDITOR | _ADMINISTRATOR, mission=False),
    Action.REFERRER_READ: Rule(_LEAD | _AUDITOR | _ADMINISTRATOR, mission=False),
    Action.REFERRER_EDIT: Rule(_LEAD | _ADMINISTRATOR, mission=False),
    Action.BURST_READ: Rule(_DESK),
    Action.BURST_CLOSE: Rule(_LEAD, states=frozenset({QUEUED}), strong=True),
    Action.BURST_REOPEN: Rule(_LEAD, strong=True),
    Action.CANNED_READ: Rule(_DESK | _EDITORS),
    Action.CANNED_EDIT: Rule(_EDITORS),
    Action.HOURS_READ: Rule(_ALL, mission=False),
    Action.HOURS_EDIT: Rule(_LEAD),
    Action.OFFICERS_READ: Rule(_LEAD | _ADMINISTRATOR, mission=False),
    Action.OFFICERS_EDIT: Rule(_ADMINISTRATOR, mission=False, strong=True),
    Action.SESSIONS_OTHERS: Rule(_ADMINISTRATOR, mission=False, strong=True),
    Action.AUDIT_READ: Rule(_AUDITOR, mission=False),
    Action.BREAK_GLASS_READ: Rule(_LEAD | _ADMINISTRATOR, mission=False),
    Action.BREAK_GLASS_ASK: Rule(_ADMINISTRATOR, mission=False, strong=True),
    Action.BREAK_GLASS_GRANT: Rule(_ADMINISTRATOR, mission=False, strong=True),
    Action.BREAK_GLASS_REVIEW: Rule(_LEAD),
    Action.PHRASES_REVIEW: Rule(frozenset({Role.EDITOR}), mission=False),
    Action.BROADCAST_READ: Rule(_EDITORS | _APPROVER | _AUDITOR, mission=False),
    Action.BROADCAST_DRAFT: Rule(frozenset({Role.EDITOR}), mission=False),
    Action.BROADCAST_APPROVE: Rule(_APPROVER, mission=False, strong=True),
    Action.BROADCAST_SEND: Rule(_LEAD, mission=False, strong=True),
    Action.BROADCAST_STOP: Rule(_EDITORS | _APPROVER, mission=False, strong=True),
    Action.CONTENT_READ: Rule(_EDITORS | _APPROVER | _AUDITOR, mission=False),
    Action.CONTENT_EDIT: Rule(frozenset({Role.EDITOR}), mission=False),
    Action.CONTENT_CARD: Rule(_EDITORS),
    Action.CONTENT_APPROVE: Rule(_APPROVER, mission=False, strong=True),
    Action.CONTENT_ROLL_BACK: Rule(_EDITORS | _APPROVER, mission=False, strong=True),
    Action.WORDING_READ: Rule(_DESK | _EDITORS | _APPROVER, mission=False),
    Action.WORDING_REPORT: Rule(_DESK | _EDITORS | _APPROVER, mission=False),
    Action.WORDING_CLOSE: Rule(frozenset({Role.EDITOR}), mission=False),
    Action.STATUS_LOOK_UP: Rule(_INTEGRATOR, mission=False),
    Action.CASE_INVITE: Rule(_INTEGRATOR, mission=False),
    Action.WEBHOOK_SUBSCRIBE: Rule(_EDITORS | _INTEGRATOR, mission=False),
    Action.WEBHOOK_READ: Rule(_ADMINISTRATOR | _AUDITOR, mission=False),
    Action.WEBHOOK_EDIT: Rule(_ADMINISTRATOR, mission=False, strong=True),
}

# The action that each scope of a token allows, if the roles of the token's account allow it too.
SCOPES: Final[Mapping[Scope, Action]] = {
    Scope.ANNOUNCEMENTS_WRITE: Action.BROADCAST_DRAFT,
    Scope.ANNOUNCEMENTS_SEND: Action.BROADCAST_SEND,
    Scope.STATUS_READ: Action.STATUS_LOOK_UP,
    Scope.CASES_WRITE: Action.CASE_INVITE,
    Scope.STATISTICS_READ: Action.STATISTICS_READ,
    Scope.WEBHOOKS_MANAGE: Action.WEBHOOK_SUBSCRIBE,
}


def check(officer: Principal, action: Action, subject: Subject) -> Decision:
    """Return Allowed if the policy allows the action, otherwise Denied with the reason.

    An action without a rule is denied.
    """
    rule = RULES.get(action)
    if not officer.active:
        return Denied(DenialReason.DISABLED)
    if rule is None or not rule.roles & officer.roles:
        return Denied(DenialReason.ROLE)
    if rule.mission and officer.mission != subject.mission:
        return Denied(DenialReason.MISSION)
    if not _on_topic(officer, subject):
        return Denied(DenialReason.TOPIC)
    if rule.states and subject.state not in rule.states:
        return Denied(DenialReason.STATE)
    if not _is_owners(officer, rule.owner, subject.owner):
        return Denied(DenialReason.OWNER)
    return Allowed()


def is_ever_allowed(officer: Principal, action: Action) -> bool:
    """Return True if the policy allows the action on some object of the officer's mission.

    Use it where no object is known yet, for instance to show a button. The action itself is checked
    again with its object.
    """
    rule = RULES.get(action)
    states = (rule.states if rule else None) or frozenset({""})
    subjects = (
        Subject(officer.mission, state=state, owner=owner)
        for state in states
        for owner in (None, officer.id, _ANOTHER)
    )
    return any(isinstance(check(officer, action, each), Allowed) for each in subjects)


_ANOTHER = UUID(int=0)


def needs_passkey(action: Action) -> bool:
    """Return True if the action requires a phishing-resistant sign-in."""
    rule = RULES.get(action)
    return rule is not None and rule.strong


def require(officer: Principal, action: Action, subject: Subject) -> None:
    """Raise Forbidden unless the policy allows the action on this object."""
    answer = check(officer, action, subject)
    if isinstance(answer, Denied):
        raise Forbidden(answer.why)


def require_another(officer: Principal, whom: UUID) -> None:
    """Raise Forbidden if `whom` is the officer: no officer may change their own permissions."""
    if whom == officer.id:
        raise Forbidden(DenialReason.ONESELF)


def _on_topic(officer: Principal, subject: Subject) -> bool:
    """Return True if the officer handles the subject's topic.

    Leads, and officers without a list of topics, handle every topic.
    """
    free = not subject.topic or not officer.topics or Role.LEAD in officer.roles
    return free or subject.topic in officer.topics


def _is_owners(officer: Principal, owner: Owner, now: UUID | None) -> bool:
    match owner:
        case Owner.ANY:
            return True
        case Owner.NONE:
            return now is None
        case Owner.OWN:
            return now == officer.id
        case Owner.ANOTHERS:
            return now is not None and now != officer.id
        case Owner.OWN_OR_LED:
            return now == officer.id or Role.LEAD in officer.roles
