"""Export of the data that is stored about a person, as a message to this person.

Conversations with officers are only counted. Their words were shown in the chat, and a person may
have deleted them there, because somebody else may hold the phone.
"""

from collections.abc import Iterator
from datetime import date, datetime

from sqlalchemy import bindparam, func, select

from bot import outbox, uploads
from bot.cases.statements import IS_KNOWN_TO_PERSON
from bot.db import tables as t
from bot.db.connection import Transaction
from bot.db.statements import fetch_all, fetch_value, statement
from bot.outbox import Row
from bot.people import hint_contacts, joined_chats, reminders, subscriptions
from bot.people.identities import Person
from bot.registrations import submissions
from bot.runtime import Runtime
from flows import lifetimes
from flows.announcements import CHOSEN, TRAITS
from flows.engine import (
    household_screens,
    join_screens,
    limit_screens,
    registration_history,
    screens,
)
from flows.engine.announcement_screens import SUBSCRIBED
from flows.engine.events import Button, Kind, Say
from flows.engine.flow import path, shown
from flows.engine.state import Conversation
from flows.engine.text import Text, _
from flows.engine.upload_states import State

EXPORT = _("What is kept about you here:")
ANSWERS = _("Your answers:")
CONSENTS = _("Your consents:")
CONSENT = _("{purpose}, {date}")
PURPOSES = {
    # Translators: a purpose of consent.
    "registration": _("Registration"),
    "handoff": _("Talking to an officer"),
    "papers": _("Sending papers"),
    "notices": _("Messages about the status"),
    "checklist": _("Keeping the list of papers"),
    "list_changes": _("Messages about changed rules of the list"),
    # Translators: a purpose of consent.
    "announcements": _("Announcements"),
    "traits": _("What announcements are about"),
    # Translators: a purpose of consent.
    "external_model": _("Asking a language model"),
    "hints": _("Hints by e-mail or phone"),
    "transcription": _("Turning a voice message into text"),
    # Translators: a purpose of consent.
    "household": _("Linking my family"),
}
REGISTERED = _("Registration: {state}. Registration number: {number}")
STATES = {
    "pending": _("on its way"),
    "withdrawing": _("being withdrawn"),
    **registration_history.STATES,
}
LIST = _("Your list of papers:")
TICKED = _("Ready: {paper}")
REMINDED = _("A reminder on {date}")
WATCHED = _("We write to you when a rule of the list changes.")
PAPERS = _("Papers that you sent:")
FILES = _("Files kept here until the registry has them: {count}")
CASES = _("Conversations with officers: {count}")
CHATS = _("Joined chats, which show the same conversation:")
CHAT = _("{channel}, joined on {date}")
HINT = _("You get only a short notice about each one.")
HINTS_TO = _("Hints that something waits go to: {address}")
DECLARED = _("Your choice for announcements (kept as a code): {kind}")
KINDS = {each: item.label for each, item in TRAITS.items()}
HOW_LONG = _(
    "Unfinished answers are kept for {days} days after your last message. To erase "
    "everything, write “delete”.",
    days=lifetimes.DRAFT_DAYS,
)

_CONSENTS = statement(
    select(t.Consent.purpose, t.Consent.given, t.Consent.created_at)
    .where(t.Consent.person_id == bindparam("person"))
    .order_by(t.Consent.id)
)
_CASE_COUNT = statement(
    # A case about repeated registrations is not counted, because it would reveal that another
    # person has registered with the same details.
    select(func.count())
    .select_from(t.Case)
    .where(t.Case.person_id == bindparam("person"), IS_KNOWN_TO_PERSON)
)


async def export(
    rt: Runtime,
    transaction: Transaction,
    person: Person,
    conversation: Conversation,
    now: datetime,
    channel: str = "",
) -> Row:
    """Return the person's stored data in their language, as a message that cannot be forwarded.

    `channel` is the channel of the chat that asks: it may detach itself, and the chats that joined
    by its code.
    """
    paragraphs: list[tuple[Text, ...]] = [(EXPORT,)]
    answers = _answers(rt, conversation)
    if answers:
        paragraphs.append((ANSWERS, *answers))
    entries = list(_list(rt, conversation, rt.content.on(now.date())))
    if due_at := await reminders.due_at(transaction, person.id):
        entries.append(_(REMINDED.msgid, date=max(due_at, now).date()))
    if entries:
        paragraphs.append((LIST, *entries))
    paragraphs.append((CONSENTS, *await _consents(transaction, person)))
    for state, number, _at in await submissions.of_person(transaction, person.id):
        paragraphs.append((_(REGISTERED.msgid, state=STATES[state], number=number or "–"),))
    if conversation.registration is not None:
        linked = household_screens.lines(conversation.registration, now.date())
        paragraphs += [(line,) for line in linked]
    paragraphs += await _papers(rt, transaction, person, conversation)
    if hinted := await hint_contacts.address_of(transaction, person):
        paragraphs.append((_(HINTS_TO.msgid, address=hinted),))
    paragraphs += await _announcements(transaction, person)
    paragraphs += _limit(conversation, now.date())
    paragraphs += [(_(CASES.msgid, count=await _case_count(transaction, person)),), (HOW_LONG,)]
    joined, buttons = await _chats(transaction, person, channel)
    paragraphs += joined
    say = Say(tuple(paragraphs), buttons, conversation.language, protect=True)
    return Row("send", outbox.rendered(rt, say))


def _answers(rt: Runtime, conversation: Conversation) -> list[Text]:
    lines = []
    for name, form in conversation.forms.items():
        flow = rt.flows.get(name)
        for step in path(flow, form).steps if flow else ():
            answer = shown(step)
            if answer is not None:
                masked = screens.hidden(step, answer, hide=conversation.is_masked)
                lines.append(_("{label}: {answer}", label=step.item.label, answer=masked))
    return lines


def _list(rt: Runtime, conversation: Conversation, today: date) -> Iterator[Text]:
    """Yield sentences with the stored data of a saved checklist: answers, ticks, news."""
    mine = conversation.saved_list
    flow = rt.flows.get(mine.flow) if mine else None
    if mine is None or flow is None or flow.listing is None:
        return
    for item in flow.listing.persisted:
        value = mine.answers.get(item.name)
        if value is not None and item.accepts(value):
            yield _("{label}: {answer}", label=item.label, answer=item.show(value))
    for entry in flow.listing.entries(mine.answers, today, mine.entries):
        if entry.key in mine.ticked:
            yield _(TICKED.msgid, paper=entry.name)
    if mine.watched:
        yield WATCHED


async def _consents(transaction: Transaction, person: Person) -> list[Text]:
    """Return sentences about the consents that the person has given and not withdrawn."""
    counted: list[tuple[str, date]] = []
    for purpose, given, at in await fetch_all(transaction, _CONSENTS, person=person.id):
        if given:
            counted.append((purpose, at.date()))
        else:
            counted = [each for each in counted if each[0] != purpose]
    return [_(CONSENT.msgid, purpose=PURPOSES[purpose], date=on) for purpose, on in counted]


def _limit(conversation: Conversation, today: date) -> list[tuple[Text, ...]]:
    limit = conversation.limit
    return [(limit_screens.describe(limit),)] if limit and today <= limit.until else []


async def _papers(
    rt: Runtime, transaction: Transaction, person: Person, conversation: Conversation
) -> list[tuple[Text, ...]]:
    sent = await uploads.listing(transaction, person.id)
    if not sent:
        return []
    waiting = sum(each.state is not State.ACCEPTED for each in sent)
    lines = screens.paper_lines(rt.flows.values(), conversation.papers)
    return [(PAPERS, *lines, _(FILES.msgid, count=waiting))]


async def _chats(
    transaction: Transaction, person: Person, channel: str
) -> tuple[list[tuple[Text, ...]], tuple[Button, ...]]:
    """Return the list of joined chats, and the buttons that detach chats; nothing for one chat."""
    chats = await joined_chats.of_person(transaction, person)
    if len(chats) < 2:
        return [], ()
    names = join_screens.CHANNELS
    lines = [
        _(CHAT.msgid, channel=names[each.channel], date=each.since)
        if each.giver
        else names[each.channel]
        for each in chats
    ]
    own = Button(join_screens.DISCONNECT, join_screens.DISCONNECT_BUTTON, Kind.CONTROL)
    others = joined_chats.detachable(chats, channel)
    buttons = [join_screens.disconnect_other_button(each.channel) for each in others]
    return [(CHATS, *lines)], (own, *buttons)


async def _announcements(transaction: Transaction, person: Person) -> list[tuple[Text, ...]]:
    """Return the paragraphs on the subscription to announcements and the attributes stored with it.

    The values of the attributes are stored only as hashes, so only their kinds are exported.
    """
    found = await subscriptions.of_person(transaction, person.id)
    if found is None:
        return []
    head = _(SUBSCRIBED.msgid, topics=CHOSEN.show(",".join(found.topics)))
    hint = (HINT,) if found.discreet else ()
    return [(head, *hint, *(_(DECLARED.msgid, kind=KINDS[each]) for each in found.declared))]


async def _case_count(transaction: Transaction, person: Person) -> int:
    return await fetch_value(transaction, _CASE_COUNT, person=person.id) or 0
