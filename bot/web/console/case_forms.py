"""Form models of a case's page."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from bot import desk
from bot.desk import Refusal, ToMission, ToOfficer, ToTopic
from bot.web.console.case import Draft, OptionalReason
from bot.web.console.forms import Checkbox, Line, Number, VersionedForm


class CaseForm(VersionedForm):
    """Base of every form of the page; its texts are shown again when the action fails."""

    words: str = ""
    canned: str = ""
    note: str = ""
    fact: str = ""
    machine: Checkbox = False

    @property
    def draft(self) -> Draft:
        """Return the texts that the officer wrote."""
        return Draft(self.words, self.canned, self.note, machine=self.machine)


class DocumentForm(CaseForm):
    """The kind of document that the person is asked for."""

    document: str = ""


class ResolveForm(CaseForm):
    """The place where the bot goes on (a flow, the menu, or where it was), and the question."""

    where: str = ""
    intent: str = ""


class FillForm(CaseForm):
    """An answer that the officer enters for the person."""

    question: str = ""
    value: Line = ""


class TransferForm(CaseForm):
    """A new owner: an officer, a mission or a topic."""

    to: str = ""
    officer: str = ""
    mission: Line = ""
    topic: str = ""

    @property
    def owner(self) -> ToOfficer | ToMission | ToTopic:
        """Return the new owner; Refused if it cannot be read."""
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
    """The time for which the case is snoozed."""

    length: Annotated[str, Field(alias="for")] = ""


class LimitForm(CaseForm):
    """A limit on the person's messages: a day's number (0 blocks them), days, and the reason."""

    per_day: Number = -1
    days: Number = 0
    limit_reason: str = ""


class MarkForm(CaseForm):
    """The urgency and the labels that were ticked."""

    urgent: Checkbox = False
    labels: tuple[str, ...] = ()


class AnswersForm(VersionedForm):
    """The reason for reading the answers, and whether masked ones are shown."""

    reason: OptionalReason = None
    unmasked: Checkbox = False
