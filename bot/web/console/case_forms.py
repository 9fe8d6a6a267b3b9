"""Models of the forms on a case's page."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from bot import desk
from bot.desk import Refusal, ToMission, ToOfficer, ToTopic
from bot.web.console.case import Draft, OptionalReason
from bot.web.console.forms import Checkbox, Line, Number, VersionedForm


class CaseForm(VersionedForm):
    """Base of all forms on the page; their texts are shown again if the action fails."""

    words: str = ""
    canned: str = ""
    note: str = ""
    fact: str = ""
    machine: Checkbox = False

    @property
    def draft(self) -> Draft:
        """Return the officer's texts as a draft."""
        return Draft(self.words, self.canned, self.note, machine=self.machine)


class DocumentForm(CaseForm):
    """The kind of document to ask the person for."""

    document: str = ""


class ResolveForm(CaseForm):
    """Where the bot continues (a flow, "menu", or "" for the same place), and the case's intent."""

    where: str = ""
    intent: str = ""


class FillForm(CaseForm):
    """An answer that the officer enters on behalf of the person."""

    question: str = ""
    value: Line = ""


class TransferForm(CaseForm):
    """The new owner of a case: an officer, a mission or a topic, as `to` names it."""

    to: str = ""
    officer: str = ""
    mission: Line = ""
    topic: str = ""

    @property
    def owner(self) -> ToOfficer | ToMission | ToTopic:
        """Return the new owner. Raises Refused if the officer's id is invalid."""
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
    """The time for which to snooze the case: a key of SNOOZES."""

    length: Annotated[str, Field(alias="for")] = ""


class LimitForm(CaseForm):
    """A limit on the person's messages per day (0 blocks them) for some days, and its reason."""

    per_day: Number = -1
    days: Number = 0
    limit_reason: str = ""


class MarkForm(CaseForm):
    """Whether the case is urgent, and the ticked labels."""

    urgent: Checkbox = False
    labels: tuple[str, ...] = ()


class AnswersForm(VersionedForm):
    """The reason for reading the answers, and whether to show masked answers in full."""

    reason: OptionalReason = None
    unmasked: Checkbox = False
