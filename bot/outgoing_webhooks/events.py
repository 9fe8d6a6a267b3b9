"""Types of events, the scope that each requires, and the body that is sent."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

import msgspec

from bot.officers import permissions
from bot.officers.directory import Officer
from bot.officers.permissions import SCOPES, Scope


class EventType(StrEnum):
    """The type of an event; triggers of the database use the same names."""

    CASE = "case.state_changed"
    ANNOUNCEMENT = "announcement.state_changed"
    CONTENT = "content.published"
    TEST = "webhook.test"


# The scope that a system needs to receive an event: the one with which it can read the event's
# resource. Published content is public, so its events need only the scope for managing webhooks.
SCOPE_OF: Final[Mapping[EventType, Scope]] = {
    EventType.CASE: Scope.CASES_WRITE,
    EventType.ANNOUNCEMENT: Scope.ANNOUNCEMENTS_WRITE,
    EventType.CONTENT: Scope.WEBHOOKS_MANAGE,
    EventType.TEST: Scope.WEBHOOKS_MANAGE,
}
_RESOURCES: Final[Mapping[EventType, str]] = {
    EventType.CASE: "/api/v1/cases/{subject}",
    EventType.ANNOUNCEMENT: "/api/v1/announcements/{subject}",
    EventType.CONTENT: "/info/feed.atom",
    EventType.TEST: "/api/v1/webhooks",
}


@dataclass(frozen=True, slots=True)
class Event:
    """An event: `subject` is the id of the changed resource, `state` its state after the change."""

    id: UUID
    type: EventType
    subject: str
    state: str
    occurred_at: datetime

    @property
    def message_id(self) -> str:
        return message_id(self.id)

    def body(self, site: str) -> bytes:
        """Return the JSON body: id, type and time of the event; id, state and URL of the resource.

        `site` is the public URL of this installation.
        """
        data = {
            "id": self.subject,
            "state": self.state,
            "resource": site + _RESOURCES[self.type].format(subject=self.subject),
        }
        moment = self.occurred_at.astimezone(UTC).isoformat().replace("+00:00", "Z")
        return msgspec.json.encode(
            {"id": self.message_id, "type": self.type.value, "timestamp": moment, "data": data}
        )


def message_id(event: UUID) -> str:
    """Return the value of the header `webhook-id`, which is the same for every attempt."""
    return f"evt_{event.hex}"


def may_read(owner: Officer, scopes: frozenset[str], kind: EventType) -> bool:
    """Return True if the account's roles and its tokens' `scopes` allow reading this event type."""
    scope = SCOPE_OF[kind]
    needed = {Scope.WEBHOOKS_MANAGE, scope}
    return needed <= scopes and all(
        permissions.is_ever_allowed(owner, SCOPES[each]) for each in needed
    )
