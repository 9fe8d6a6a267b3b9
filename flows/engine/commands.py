"""Commands and reserved words, which address the assistant and do not answer a question."""

from typing import assert_never

from flows.engine import (
    announcement_screens,
    checklist_screens,
    hint_screens,
    labels,
    limit_screens,
    lookup_screens,
    pin_screens,
    prompting,
    recording,
    referral_screens,
    registration_screens,
    screens,
    typed_screens,
    wording_screens,
)
from flows.engine.checklist_screens import Screen
from flows.engine.events import (
    Button,
    Forget,
    Kind,
    Page,
    QuickExit,
    Relay,
    Stopped,
)
from flows.engine.fast_replace import replace
from flows.engine.flow import Answer, Consent, Flow, HandoffOffer, Notice
from flows.engine.invitations import FindInvitation, read_invitation
from flows.engine.language_protocol import Refusal, Reserved
from flows.engine.referrals import read_code
from flows.engine.state import Conversation
from flows.engine.text import _
from flows.engine.turn import TurnState

MAX_RELAYED = 4000
# Shown in place of `screens.DELETE_TEXT` and `screens.DELETED` if Kosh has no registration to
# withdraw: none was sent, or its retention has ended.
DELETE_UNREGISTERED = _("Delete everything that is kept about you here? This cannot be undone.")
DELETED_UNREGISTERED = _("Everything kept about you here is deleted.")
# The web page clears itself.
CLEAR_CHAT = _("To clear this chat, use “Delete chat” in your messenger.")


def run(turn: TurnState, word: Reserved) -> None:
    if word is Reserved.LINK:
        return offer_page(turn)
    typed_screens.close(turn)
    if turn.c.with_officer and word in (Reserved.BACK, Reserved.CANCEL, Reserved.SKIP):
        return turn.ask()
    match word:
        case Reserved.START | Reserved.MENU:
            menu(turn)
        case Reserved.LANGUAGE:
            prompting.ask_language(turn)
        case Reserved.HELP:
            _help(turn)
        case Reserved.BACK:
            _back(turn)
        case Reserved.CANCEL:
            _cancel(turn)
        case Reserved.SKIP:
            _skip(turn)
        case Reserved.PERSON:
            to_person(turn)
        case Reserved.STATUS | Reserved.MYDATA | Reserved.NEWS | Reserved.WORDING:
            _show(turn, word)
        case Reserved.STOP:
            _stop(turn)
        case Reserved.DELETE:
            _delete(turn)
        case Reserved.EXIT:
            _exit(turn)
        case _:
            assert_never(word)


def _show(turn: TurnState, word: Reserved) -> None:
    """Show the screen that a reserved word asks for, also while another question is open."""
    match word:
        case Reserved.STATUS:
            lookup_screens.status(turn)
        case Reserved.MYDATA:
            pin_screens.mydata(turn)
        case Reserved.NEWS:
            announcement_screens.read_news(turn)
        case _:
            wording_screens.ask(turn, wording_screens.shown(turn))


def offer_page(turn: TurnState) -> None:
    """Send a new link to the secure web page, for answering the current question there.

    If the current question is not private, ask it again.
    """
    flow_path = turn.path()
    open_step = flow_path[1].current(turn.form(flow_path[0]).cursor) if flow_path else None
    private = open_step is not None and open_step.item.sensitive
    if turn.page is Page.NEVER or turn.c.with_officer or not private:
        return turn.ask()
    link = Button("", screens.OPEN_PAGE, Kind.PAGE)
    turn.say(((screens.PAGE_OFFERED,),), (link,), private=True)


def start(turn: TurnState, word: str) -> None:
    typed_screens.close(turn)
    if turn.c.with_officer:
        return turn.ask()
    turn.c = replace(turn.c, flow="", suspended_flow="")
    if code := read_invitation(word):
        turn.effects.append(FindInvitation(code))
        return
    if turn.c.language:
        turn.notes += screens.welcome()
    if code := read_code(word):
        return referral_screens.find(turn, code)
    if (flow := turn.openable(word)) is not None:
        return announcement_screens.enter(turn, flow)
    turn.ask()


def menu(turn: TurnState) -> None:
    if turn.c.with_officer:
        return turn.ask_screen(screens.LEAVE_SCREEN)
    left = turn.flows.get(turn.c.flow)
    if left is not None and left.registers:
        registration_screens.note_unsent(turn, labels.MY_REGISTRATION)
    turn.c = replace(turn.c, flow="", suspended_flow="")
    turn.ask()


def _help(turn: TurnState) -> None:
    if not turn.c.language:
        return turn.say_and_reprompt(screens.FIRST_HELP)
    asked = turn.c.asked
    question = turn.question(asked) if asked else None
    turn.say_and_reprompt(question.help if question and question.help else screens.HELP)


def _back(turn: TurnState) -> None:
    flow_path, asked = turn.path(), turn.c.asked
    if asked is not None and asked.key == Screen.TICK:
        return checklist_screens.open_list(turn)
    if flow_path is None or asked is None or asked.is_screen:
        return turn.ask()
    earlier = flow_path[1].before(asked.key)
    while earlier and isinstance(earlier.item, (Notice, HandoffOffer, Consent)):
        earlier = flow_path[1].before(earlier.key)
    if earlier is None:
        return turn.say_and_reprompt(screens.NO_WAY_BACK)
    turn.put_form(flow_path[0], replace(turn.form(flow_path[0]), cursor=earlier.key))
    turn.ask()


def _cancel(turn: TurnState) -> None:
    """Close a screen and ask the open form's question; without a screen, leave the form.

    The answers of the form are kept.
    """
    asked = turn.c.asked
    if asked is not None and asked.is_screen and turn.c.flow in turn.flows:
        return turn.ask()
    menu(turn)


def _skip(turn: TurnState) -> None:
    asked = turn.c.asked
    question = turn.question(asked) if asked else None
    if asked is None or question is None or not question.skippable:
        return turn.say_and_reprompt(screens.NOTHING_TO_SKIP)
    place = recording.place_of(turn, asked)
    if place is None:
        return turn.say_and_reprompt(screens.CHANGED)
    recording.record(turn, *place, None, typed=False)


def to_person(turn: TurnState, topic: str = "") -> None:
    """Open the flow for talking to an officer, and suspend the open flow.

    `topic` is the topic of the request to the officer if it is known, else "".
    """
    handoff = next((flow for flow in turn.flows.values() if flow.hands_over), None)
    if handoff is None or turn.c.with_officer:
        return turn.ask()
    if turn.c.flow == handoff.name:
        _put_topic(turn, handoff, topic)
        return turn.ask()
    suspended_flow, flow_path = turn.c.flow, turn.path()
    step = flow_path[1].current(turn.form(flow_path[0]).cursor) if flow_path else None
    if step is not None and isinstance(step.item, HandoffOffer):
        topic = topic or step.item.topic
    turn.open_flow(handoff)
    _put_topic(turn, handoff, topic)
    turn.c = replace(turn.c, suspended_flow=suspended_flow)
    turn.ask()


def _put_topic(turn: TurnState, handoff: Flow, topic: str) -> None:
    if topic:
        turn.put_form(handoff, turn.form(handoff).put("topic", Answer(topic)))


def _stop(turn: TurnState) -> None:
    turn.effects.append(Stopped())
    checklist_screens.forget_reminder(turn)
    checklist_screens.forget_changes(turn)
    subscribed = bool(turn.c.topics)
    announcement_screens.unsubscribe(turn)
    hint_screens.forget(turn)
    turn.c = replace(turn.c, muted=True, flow="", suspended_flow="")
    turn.notes.append((screens.STOPPED,))
    turn.say_and_reprompt(announcement_screens.STOPPED_TOO) if subscribed else turn.ask()


def _delete(turn: TurnState) -> None:
    with_officer, asked = turn.c.with_officer, turn.c.asked
    if not turn.c.is_persistent or (with_officer and asked and asked.key == screens.DELETE):
        return erase(turn)
    ask_to_delete(turn)


def ask_to_delete(turn: TurnState) -> None:
    """Ask the person to confirm the deletion of their data."""
    text = screens.DELETE_TEXT if turn.c.registration else DELETE_UNREGISTERED
    more = (screens.DELETE_AGAIN,) if turn.c.with_officer else ()
    turn.ask_screen(screens.DELETE_SCREEN, paragraph=(text, *more))


def erase(turn: TurnState) -> None:
    text = screens.DELETED if turn.c.registration else DELETED_UNREGISTERED
    turn.effects.append(Forget())
    turn.c = Conversation(language=turn.c.language, nonce=turn.c.nonce)
    more = () if turn.page is Page.NEVER else (CLEAR_CHAT,)
    turn.say(((text, *more),), (), service=True)


def _exit(turn: TurnState) -> None:
    turn.effects.append(QuickExit())
    # An e-mail or SMS sent later would reveal that the person used the chat, and after the exit the
    # person could no longer stop it.
    hint_screens.forget(turn)
    fresh = Conversation(language=turn.c.language, nonce=turn.c.nonce + 1, muted=turn.c.muted)
    turn.c = (
        replace(turn.c, flow="", asked=None, nonce=fresh.nonce, is_masked=True)
        if turn.c.is_persistent
        else fresh
    )
    # The exit message imitates an ordinary message. An exit button below it would show that it is
    # an imitation.
    turn.say(((screens.EXIT_TEXT,),), (), service=True, leaves=False)


def relay(turn: TurnState, text: str, *, is_counted: bool = False) -> None:
    """Pass a text to the officer, unless it is too long or the person's message limit is used up.

    With `is_counted`, the text belongs to a message that was already counted against the limit.
    """
    words = turn.words.text(text, MAX_RELAYED)
    if isinstance(words, Refusal):
        too_long = _("That is too long. Please keep it under {most} characters.", most=MAX_RELAYED)
        return turn.say_and_reprompt(too_long)
    urgent = turn.danger(text).is_urgent
    if not is_counted and not limit_screens.admits(turn, urgent=urgent):
        return limit_screens.refuse(turn, text)
    pass_on(turn, Relay(words, urgent))


def pass_on(turn: TurnState, message: Relay) -> None:
    """Pass a message to the officer of the person's case (request), and close the open screen."""
    turn.effects.append(message)
    typed_screens.close(turn)
    turn.c = replace(turn.c, asked=None)
