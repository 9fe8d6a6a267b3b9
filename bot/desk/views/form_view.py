"""View of the person's answers and of the person's position in the form."""

from dataclasses import dataclass
from uuid import UUID

from bot.cases import Case
from bot.conversations import state_format
from bot.db.connection import Transaction
from bot.db.pipeline import Rows
from bot.db.statements import fetch_all
from bot.desk.views.case_lists import CaseRow, row_of
from bot.desk.views.case_statements import CONVERSATION, SEEN
from bot.officers import directory, permissions
from bot.officers.directory import Officer
from bot.officers.permissions import Action, Reason
from bot.people import identities
from bot.people.identities import Person
from bot.runtime import Runtime
from flows.engine.flow import (
    Consent,
    Flow,
    Form,
    HandoffOffer,
    Notice,
    Path,
    RepeatingGroup,
    Review,
    Upload,
    path,
    shown,
)
from flows.engine.questions import MultiChoice
from flows.engine.screens import titled
from flows.engine.state import Conversation, waits
from flows.engine.text import Label, Text, verbatim

MASK = verbatim("••••")
PERSONS_OWN = (Consent, HandoffOffer, RepeatingGroup, Notice, Review, MultiChoice, Upload)


@dataclass(frozen=True, slots=True)
class Answered:
    """A question of a form with its answer, or the question that the person has yet to answer.

    `by` says who gave the answer, and is empty without an answer. `fillable`: an officer may answer
    the question for the person.
    """

    flow: str
    key: str
    label: Text
    shown: Label | None
    by: str
    current: bool
    fillable: bool
    masked: bool


async def answers(
    rt: Runtime, officer: Officer, case_id: UUID, reason: Reason, *, unmasked: bool = False
) -> tuple[Answered, ...]:
    """Return the person's answers; sensitive ones are masked unless `unmasked`.

    The read is audited.
    """
    async with directory.acting(rt, officer) as transaction:
        line = await load_case_row(rt, transaction, officer, case_id, Action.CASE_ANSWERS)
        person = await person_of(rt, transaction, line.case)
        conversation, _epoch = await load_conversation(transaction, person)
        shown_answers = tuple(_answers(rt, conversation, unmasked)) if conversation else ()
        await directory.record_action(
            transaction,
            officer,
            "case.unmasked" if unmasked else Action.CASE_ANSWERS.value,
            str(case_id),
            reason.value,
        )
    return shown_answers


def _answers(rt: Runtime, conversation: Conversation, unmasked: bool) -> list[Answered]:
    found = []
    for name, form in conversation.forms.items():
        flow = rt.flows.get(name)
        way = path(flow, form) if flow else None
        now = way.current(form.cursor) if way else None
        for step in way.steps if way else ():
            value, is_now = shown(step), step is now and name == conversation.flow
            if (value is None and not is_now) or (step.answer and waits(step.answer)):
                continue
            masked = step.item.sensitive and value is not None and not unmasked
            found.append(
                Answered(
                    name,
                    step.key,
                    titled(step, way) if way else step.item.label,
                    MASK if masked else value,
                    step.answer.by if step.answer and value is not None else "",
                    is_now,
                    name == conversation.flow and not isinstance(step.item, PERSONS_OWN),
                    masked,
                )
            )
    return found


def form_path(rt: Runtime, conversation: Conversation) -> tuple[Flow, Form, Path] | None:
    """Return the form that the person fills in: its flow, the answers, and the path.

    The path has the questions that these answers lead through. Return None if the conversation is
    in no flow.
    """
    flow = rt.flows.get(conversation.flow)
    form = conversation.forms.get(conversation.flow, Form())
    return (flow, form, path(flow, form)) if flow else None


async def load_case_row(
    rt: Runtime, transaction: Transaction, officer: Officer, case_id: UUID, action: Action
) -> CaseRow:
    return require_allowed(rt, officer, await fetch_all(transaction, SEEN, case=case_id), action)


def require_allowed(rt: Runtime, officer: Officer, rows: Rows, action: Action) -> CaseRow:
    """Return the case in the rows of the statement SEEN, if the officer may do the action on it.

    Raises LookupError if there are no rows, and Forbidden if the permissions forbid the action.
    """
    if not rows:
        raise LookupError("E_CASE: there is no such case; look at the list")
    line = row_of(rt, rows[0])
    permissions.require(officer, action, line.case.subject)
    return line


async def person_of(rt: Runtime, transaction: Transaction, case: Case) -> Person:
    return open_person(
        rt, case, await fetch_all(transaction, identities.KEY, person=case.person_id)
    )


def open_person(rt: Runtime, case: Case, rows: Rows) -> Person:
    if not rows:
        raise LookupError("E_CASE: this person was erased; nothing is left to read")
    return identities.open_person(rt, case.person_id, *rows[0])


async def load_conversation(
    transaction: Transaction, person: Person
) -> tuple[Conversation | None, int]:
    return open_conversation(person, await fetch_all(transaction, CONVERSATION, person=person.id))


def open_conversation(person: Person, rows: Rows) -> tuple[Conversation | None, int]:
    """Return the person's conversation and its ownership version, decrypted from a database row.

    The ownership version counts changes of owner. Return None and 0 without a row: the console's
    database role can read a conversation only while its person has an open case.
    """
    if not rows:
        return None, 0
    ((state, epoch),) = rows
    return state_format.decode(person.key.unseal(state, "conversations", "state", "")), epoch
