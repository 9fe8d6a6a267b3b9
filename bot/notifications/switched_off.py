"""Notifications of webhook endpoints that Kosh disabled: their names, and what to do next."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self
from uuid import UUID

from bot.officers.permissions import Role
from flows.engine.text import Text, _

# Translators: the words in quotes are a button and a page of the console.
ASK_OPERATOR = _(
    "Please ask the operator of the other system for the cause. When it is fixed, press “Switch on”"
    " on the page “Other systems”."
)
# Translators: the operator of another computer system reads this; a line with the call follows.
ENABLE = _("When the cause is fixed, switch the address on again with your token:")
# Translators: the operator of another computer system reads this below an e-mail.
CONTACT = _(
    "Your system sends and receives messages through Kosh. This e-mail goes to the contact address"
    " of your system."
)
# Translators: the first line of an e-mail to the operator of another computer system; a line with
# each address follows.
OWN_ADDRESSES = _("Addresses of your system to which Kosh no longer sends messages: {count}")


@dataclass(frozen=True, slots=True)
class SwitchedOff:
    """A disabled endpoint: its id and its host, but not its URL, which may contain a token."""

    endpoint: UUID
    host: str

    @classmethod
    def parse(cls, subject: str) -> Self:
        """Return the disabled webhook endpoint that a notification's subject names."""
        endpoint, _space, host = subject.partition(" ")
        return cls(UUID(endpoint), host)

    def __str__(self) -> str:
        return f"{self.endpoint} {self.host}"


def next_steps(
    found: Iterable[SwitchedOff], roles: Iterable[str], site: str
) -> tuple[Text, list[str]]:
    """Return a text about what a recipient can do, and the lines to print below this text.

    Administrators enable an endpoint in the console, and other accounts with their API token.
    """
    if Role.ADMINISTRATOR in roles:
        return ASK_OPERATOR, []
    return ENABLE, [f"POST {site}/api/v1/webhooks/{each.endpoint}/enable" for each in found]
