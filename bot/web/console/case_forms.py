"""Models of the HTML forms on a case's page.

A case is a person's request to officers.
"""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from bot import desk
from bot.desk import Refusal, ToMission, ToOfficer, ToTopic
from bot.web.console.case import Draft, OptionalReason
from bot.web.console.forms import Checkbox, Line, Number, VersionedForm


class CaseForm(VersionedForm):
    """Base of all forms on a case's page; after a failed action, the page keeps the typed texts."""

    words: str = ""
    canned: str = ""
    note: str = ""
    fact: str = ""
    machine: Checkbox = False

    @property
    def draft(self) -> Draft:
        """Return the officer's unsent texts from the posted form, to show them again."""
        return Draft(self.words, self.canned, self.note, machine=self.machine)


class DocumentForm(CaseForm):
    """The kind of document that the officer asks the person for."""

    document: str = ""


class ResolveForm(CaseForm):
    """A form that closes a case.

    `where` is the place where the bot continues: a flow's name, "menu", or "" for the place where
    the person was. `intent` is the officer's classification of the person's question. `seen` is the
    id of the last message on the page; None for a page of a version of Kosh that did not send it.
    """

    where: str = ""
    intent: str = ""
    seen: Number | None = None


class FillForm(CaseForm):
    """An answer to a question of the chat that the officer enters on behalf of the person."""

    question: str = ""
    value: Line = ""


class TransferForm(CaseForm):
    """The new owner of a case; `to` is the kind of owner: officer, mission or topic."""

    to: str = ""
    officer: str = ""
    mission: Line = ""
    topic: str = ""

    @property
    def owner(self) -> ToOfficer | ToMission | ToTopic:
        """Return the new owner of the case. Raises Refused if the officer's id is invalid."""
        match self.to:
            case "officer":
                try:
                    return ToOfficer(UUID(self.officer))
                except ValueError:
                    raise desk.Refused(Refusal.NO_OFFICER) from None
            case "mission":
                return ToMission(self.mission)
            case _:
                return ToTopic(self.topic)


class SnoozeForm(CaseForm):
    """How long to snooze the case: a key of SNOOZES."""

    length: Annotated[str, Field(alias="for")] = ""


class LimitForm(CaseForm):
    """A limit on the person's messages to officers, for a number of days and with a reason.

    `per_day` is the permitted number of messages per day; 0 blocks all messages.
    """

    per_day: Number = -1
    days: Number = 0
    limit_reason: str = ""


class MarkForm(CaseForm):
    """Whether the officer marks the case as urgent, and the labels ticked for the case.

    `shown_urgent`: the page showed the case as urgent. `shown_labels`: "" and the case's labels on
    the page; () for a page of a version of Kosh that did not send them.
    """

    urgent: Checkbox = False
    shown_urgent: Checkbox = False
    labels: tuple[str, ...] = ()
    shown_labels: tuple[str, ...] = ()


class AnswersForm(VersionedForm):
    """The officer's reason for reading the person's answers.

    With `unmasked`, masked answers are shown in full.
    """

    reason: OptionalReason = None
    unmasked: Checkbox = False
