"""The engine's state machine: `step` turns one event into messages, effects and a new state."""

from collections.abc import Mapping
from datetime import date
from typing import assert_never

from flows.engine import (
    answering,
    checklist_screens,
    commands,
    external_model,
    hint_screens,
    household_screens,
    invitation_screens,
    join_screens,
    limit_screens,
    lookup_screens,
    pin_screens,
    pressing,
    prompting,
    referral_screens,
    registration_screens,
    screens,
    typed_answers,
    typed_text,
    upload_events,
    voice_messages,
)
from flows.engine.events import (
    Attached,
    Button,
    DeleteInput,
    Edited,
    Event,
    Filled,
    Joined,
    Kind,
    Page,
    PinLifted,
    PinTried,
    Pressed,
    QuickExit,
    Resolved,
    Resumed,
    Said,
    Say,
    Shared,
    Started,
    Stopped,
    Unreadable,
    UpdateWithheld,
    UploadChecked,
    UploadRequested,
    UploadStatusChanged,
)
from flows.engine.fast_replace import replace
from flows.engine.flow import Answer, Flow
from flows.engine.hints import ContactChecked, ContactLeft
from flows.engine.household import HouseholdAnswered, HouseholdCodeChecked, HouseholdEvent
from flows.engine.invitations import InvitationFound, LinkEvent
from flows.engine.joining import (
    ChatDisconnected,
    JoinAwaited,
    JoinCodeIssued,
    JoinFinished,
    JoinOffered,
    JoinRequested,
    OtherDisconnected,
)
from flows.engine.language_protocol import Refusal, Words
from flows.engine.message_limits import LimitDecided, LimitSet
from flows.engine.model_events import IntentChosen, Transcribed
from flows.engine.questions import Phone
from flows.engine.referrals import ReferrerFound
from flows.engine.registration import Acknowledged, StatusLookedUp
from flows.engine.replies import Understanding
from flows.engine.state import Asked, Conversation, Turn, waits
from flows.engine.turn import TurnState, ephemeral_answers

# Events that the person causes. All other events come from jobs, the registry and officers.
OWN_EVENTS = (Started, Said, Pressed, Shared, Unreadable, Attached, Resumed, Edited)


def step(
    flows: Mapping[str, Flow],
    words: Words,
    conversation: Conversation,
    event: Event,
    today: date,
    page: Page = Page.NEVER,
    understanding: Understanding | None = None,
) -> Turn:
    """Process one event. The function is pure: equal arguments give an equal turn.

    `page` is the channel's policy on moving private questions to the secure web page. Without
    `understanding`, only answers to the open question, commands and phrases of danger are
    recognized.
    """
    turn = TurnState(flows, words, conversation, today, page, prompting.ask, understanding)
    _take(turn, event)
    if isinstance(event, OWN_EVENTS):
        _note_presence(turn)
        if turn.c.voice is not None and turn.c.voice is conversation.voice:
            # Delete the question about a voice message once the person does something else.
            turn.c = replace(turn.c, voice=None)
    _drop_ephemeral(turn)
    invitation_screens.drop(turn)
    return Turn(turn.c, _end_contact(turn, conversation.asked), tuple(turn.effects))


def _end_contact(turn: TurnState, before: Asked | None) -> tuple[Say, ...]:
    """Return the messages; if the phone question has ended, set `ends_contact` on the first one."""
    requested = before is not None and isinstance(turn.question(before), Phone)
    again = any(button.kind is Kind.CONTACT for say in turn.says for button in say.buttons)
    if not requested or again or not turn.says:
        return tuple(turn.says)
    first, *more = turn.says
    return (replace(first, ends_contact=True), *more)


def _note_presence(turn: TurnState) -> None:
    """Store whether the person left the chat; if not, a withheld message counts as opened."""
    left = any(isinstance(effect, QuickExit | Stopped) for effect in turn.effects)
    if turn.c.update_waits and not left:
        _repeat_request(turn)
    waits = turn.c.update_waits and left
    if (turn.c.has_left, turn.c.update_waits) != (left, waits):
        turn.c = replace(turn.c, has_left=left, update_waits=waits)


def _repeat_request(turn: TurnState) -> None:
    """Ask again for the paper that an officer requested: the earlier link to upload may expire."""
    c = turn.c
    asked = any(say.private for say in turn.says)
    if c.with_officer and c.requested_upload and not c.pending_uploads and not asked:
        turn.ask()


def _drop_recognized(turn: TurnState) -> None:
    """Delete the recognized danger after the next message, and the question on another screen."""
    heard, key = turn.c.heard, turn.c.asked.key if turn.c.asked else ""
    if heard is None or key == screens.LANGUAGE or turn.showed_danger:
        return
    if key != screens.REPLY:
        turn.c = replace(turn.c, heard=None)
    elif heard.danger is not None:
        turn.c = replace(turn.c, heard=replace(heard, danger=None))


def _drop_ephemeral(turn: TurnState) -> None:
    """Delete closed forms with answers that must not be stored, if the person's data is stored.

    Also delete the recognized question, for every person, as soon as another screen is shown.
    """
    _drop_recognized(turn)
    if not turn.c.is_persistent:
        return
    inside = (turn.c.flow, turn.c.suspended_flow)
    forms = {
        name: form
        for name, form in turn.c.forms.items()
        if name in inside
        or name not in turn.flows
        or not (
            ephemeral_answers(turn.flows[name], form)
            or any(waits(answer) for answer in form.answers.values())
        )
    }
    listed = turn.c.asked is not None and turn.c.asked.key in checklist_screens.OFFERS
    turn.c = replace(
        turn.c,
        forms=forms,
        draft_list=turn.c.draft_list if listed else None,
    )


def _take(turn: TurnState, event: Event) -> None:
    match event:
        case Started(word):
            commands.start(turn, word)
        case Said(text):
            turn.typed = True
            typed_text.handle_text(turn, text)
        case Pressed(payload):
            pressing.handle_press(turn, payload)
        case Shared(phone, own):
            _handle_phone(turn, phone, own=own)
        case Unreadable(kind, caption):
            upload_events.refuse_message(turn, kind, caption)
        case Attached():
            upload_events.take_attachment(turn, event)
        case UploadChecked() | UploadStatusChanged() | UploadRequested():
            upload_events.take_event(turn, event)
        case Resumed():
            turn.c = replace(turn.c, is_masked=False)
            turn.ask()
        case Edited():
            turn.say_and_reprompt(screens.NO_EDITS)
        case Joined() | Resolved() | Filled() | LimitSet() | LimitDecided():
            _take_officer_event(turn, event)
        case (
            Acknowledged() | UpdateWithheld() | IntentChosen() | Transcribed() | StatusLookedUp()
            | HouseholdCodeChecked() | HouseholdAnswered() | ReferrerFound() | InvitationFound()
        ):  # fmt: skip
            _take_result(turn, event)
        case ContactLeft() | ContactChecked() | PinTried() | PinLifted():
            _take_check(turn, event)
        case (
            JoinCodeIssued() | JoinOffered() | JoinAwaited() | JoinRequested() | JoinFinished()
            | ChatDisconnected() | OtherDisconnected()
        ):  # fmt: skip
            join_screens.take_event(turn, event)
        case _:
            assert_never(event)


def _take_result(
    turn: TurnState,
    event: Acknowledged
    | UpdateWithheld
    | IntentChosen
    | Transcribed
    | StatusLookedUp
    | HouseholdEvent
    | LinkEvent,
) -> None:
    """Process a result that comes from outside of the conversation, such as from the registry."""
    match event:
        case Acknowledged():
            registration_screens.take_acknowledged(turn, event)
        case UpdateWithheld(notice):
            registration_screens.withhold_update(turn, notice)
        case StatusLookedUp():
            lookup_screens.take_event(turn, event)
        case HouseholdCodeChecked(is_granted):
            household_screens.take_check(turn, is_granted=is_granted)
        case HouseholdAnswered():
            registration_screens.take_household_answered(turn, event)
        case ReferrerFound():
            referral_screens.take_event(turn, event)
        case InvitationFound():
            invitation_screens.take_event(turn, event)
        case IntentChosen(intent, nonce):
            external_model.answer(turn, intent, nonce)
        case Transcribed():
            voice_messages.take_text(turn, event)
        case _:
            assert_never(event)


def _take_check(
    turn: TurnState, event: ContactLeft | ContactChecked | PinTried | PinLifted
) -> None:
    """Process the result of checking a PIN, or an address for notices by e-mail or SMS."""
    match event:
        case ContactLeft() | ContactChecked():
            hint_screens.take_event(turn, event)
        case _:
            pin_screens.take_event(turn, event)


def _take_officer_event(
    turn: TurnState, event: Joined | Resolved | Filled | LimitSet | LimitDecided
) -> None:
    match event:
        case Joined(waits):
            turn.c = replace(turn.c, with_officer=True)
            turn.say(((screens.REOPENED if waits else screens.JOINED,),), (), service=True)
        case Resolved(where, was_read):
            _handle_resolved(turn, where, was_read=was_read)
        case Filled(key, value):
            _handle_filled(turn, key, value)
        case LimitSet() | LimitDecided():
            limit_screens.take_event(turn, event)
        case _:
            assert_never(event)


def _handle_resolved(turn: TurnState, where: str, *, was_read: bool) -> None:
    """Ask whether the officer helped, then open the flow or menu that the officer chose, if any."""
    turn.c = replace(turn.c, with_officer=False, requested_upload="")
    ratings = tuple(Button(f"*{key}", label) for key, label in screens.RATINGS.items())
    if was_read:
        turn.say(((screens.OFFICER_DONE,), (screens.HELPED,)), ratings, service=True)
    else:
        turn.say(((screens.CLOSED_UNREAD,),), (), service=True)
    if where:
        turn.c = replace(turn.c, flow="", suspended_flow="")
    if (flow := turn.openable(where)) is not None:
        return pin_screens.open_flow(turn, flow)
    turn.ask()


def _handle_phone(turn: TurnState, phone: str, *, own: bool) -> None:
    asked = turn.c.asked
    if turn.c.with_officer or asked is None or not isinstance(turn.question(asked), Phone):
        turn.effects.append(DeleteInput())
        return turn.say_and_reprompt(screens.CANNOT_READ)
    reading = typed_answers.read(turn, asked, phone) if own else Refusal.NOT_YOURS
    if isinstance(reading, str) and not isinstance(reading, Refusal):
        return answering.answer(turn, asked, reading, typed=True)
    turn.effects.append(DeleteInput())
    answering.refuse(turn, asked, Refusal.NOT_YOURS if not own else Refusal.NOT_A_PHONE)


def _handle_filled(turn: TurnState, key: str, value: str) -> None:
    flow_path = turn.path()
    open_step = flow_path[1].at(key) if flow_path else None
    if flow_path and open_step and open_step.item.accepts(value):
        answer = Answer(value, open_step.item.rev, open_step.signature, by="officer")
        turn.put_form(flow_path[0], turn.form(flow_path[0]).put(key, answer))
