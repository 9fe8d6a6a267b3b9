"""Screens for joining a second channel to a conversation.

The screens show the code, a confirmation in both chats, and the choice of a channel for updates.
"""

from typing import assert_never

from flows.engine.events import Button, DeleteInput, Kind
from flows.engine.fast_replace import replace
from flows.engine.joining import (
    AnswerJoin,
    ChatDisconnected,
    ChooseUpdates,
    Disconnect,
    DisconnectOther,
    EndChat,
    FinishJoin,
    IssueJoinCode,
    JoinAwaited,
    JoinCodeIssued,
    JoinEvent,
    JoinFinished,
    JoinOffered,
    JoinRequested,
    LeaveConversation,
    OfferJoin,
    OtherDisconnected,
    RequestJoin,
)
from flows.engine.options import Option
from flows.engine.questions import NO, YES, Choice
from flows.engine.text import Text, _, button, verbatim
from flows.engine.turn import TurnState

OFFERED, AWAITED, REQUESTED, UPDATES = "~join", "~join_wait", "~join_asked", "~join_updates"
DISCONNECTING, DISCONNECTING_OTHER = "~join_end", "~join_end_other"
# Payload of the button that detaches this chat from the conversation. The button is shown below the
# data stored about the person. For another chat, a colon and the chat's channel follow.
DISCONNECT = "!disconnect"
CODE_MINUTES = 10

CODE = _(
    "To continue in another messenger or in the web chat, open the assistant there. Choose a"
    " language and write this code: {code}\nThe code works once, for {minutes}"
    " minutes. Give it to no other person: they would see everything here."
)
OFFER = _(
    "Join this chat to the one that gave the code? Then both chats show the same conversation: each"
    " shows what is written or stored in the other. Erasing erases both."
)
NOT_VALID = _(
    "This code cannot be used here. A code works once, for {minutes} minutes, and joins a second"
    " messenger or the web chat. Please get a new one in the other chat: “{menu}”, “{join}”."
)
HAS_DATA = _(
    "Something about you is already stored in this chat, so the other one cannot be joined. Write"
    " “delete” here first, or ask a person: write “person”."
)
WAIT = _(
    "Now please open the other chat and confirm there. Both chats show the same sign: {sign}. Then"
    " press “{done}” here."
)
NOT_YET = _("The other chat has not confirmed. Please confirm there, then press “{done}” here.")
REQUEST = _(
    "A chat on {channel} used your code and asks to be joined. Is its sign {sign}, and is it your"
    " own chat? If you are not sure, choose No."
)
CONFIRMED = _("Confirmed. Please go on in the other chat.")
REFUSED = _("Not joined. The code no longer works.")
JOINED = _("Both chats are joined.")
WHERE = _("In which chat should we write first when there is news?")
UPDATES_IN = _("News comes to {channel} from now on.")
JOIN, DONE, CANCEL = button("Second messenger"), button("Confirmed there"), button("Do not join")
MENU = button("Menu")
CHANNELS = {
    "telegram": verbatim("Telegram"),
    "whatsapp": verbatim("WhatsApp"),
    "web": button("Web chat"),
}
DISCONNECT_BUTTON = button("Disconnect this chat")
DISCONNECT_TEXT = _(
    "Disconnect this chat? Your lists, your registration, your questions to officers and all news"
    " stay in the other chat only. To join again, get a new code there."
)
DISCONNECTED = _(
    "This chat is disconnected. Everything stays in the other one: {channel}. Messages that are"
    " here already stay until you delete them."
)
ONLY_CHAT = _(
    "This is your only chat, so it cannot be disconnected. To erase everything, write “delete”."
)
DISCONNECT_OTHER_BUTTONS = {
    "telegram": button("Disconnect Telegram"),
    "whatsapp": button("Disconnect WhatsApp"),
    "web": button("Disconnect web chat"),
}
DISCONNECT_OTHER_TEXT = _(
    "Disconnect the chat on {channel}? That chat joined with a code from this chat. Then it no"
    " longer shows this conversation, and begins again as a new person. Everything stays here."
)
OTHER_DISCONNECTED = _(
    "The chat on {channel} is disconnected. The assistant deletes its own messages there, as far as"
    " {channel} allows it."
)
NOT_DISCONNECTED = _(
    "The chat on {channel} cannot be disconnected here: only the chat that gave it the code can do"
    " this. For help, write “person”."
)
DISCONNECT_SCREEN = Choice(
    name=DISCONNECTING, label=DISCONNECT_BUTTON, text=DISCONNECT_TEXT, among=(NO, YES)
)
OFFER_SCREEN = Choice(name=OFFERED, label=JOIN, text=OFFER, among=(YES, NO))


def issue(turn: TurnState) -> None:
    """Request a one-time code; it is shown when the event `JoinCodeIssued` arrives."""
    turn.effects.append(IssueJoinCode())


def offer(turn: TurnState, code: str) -> None:
    """Check a one-time code typed in this chat, and delete the person's message with the code."""
    turn.effects += [DeleteInput(), OfferJoin(code)]
    turn.c = replace(turn.c, join_code=code)


def answer(turn: TurnState, screen: str, key: str) -> None:
    """Handle the answer `key` on a screen about joining chats."""
    code = turn.c.join_code
    match screen, key:
        case "~join", "yes":
            turn.effects.append(RequestJoin(code))
        case "~join_wait", "done":
            turn.effects.append(FinishJoin(code))
        case "~join_asked", _:
            turn.effects.append(AnswerJoin(key == "yes"))
            turn.say_and_reprompt(CONFIRMED if key == "yes" else REFUSED)
        case "~join_end", "yes":
            turn.effects.append(Disconnect())
        case "~join_end_other", channel if channel in CHANNELS:
            turn.effects.append(DisconnectOther(channel))
        case "~join_updates", channel if channel in CHANNELS:
            turn.effects.append(ChooseUpdates(channel))
            turn.say_and_reprompt(_(UPDATES_IN.msgid, channel=CHANNELS[channel]))
        case _:
            turn.c = replace(turn.c, join_code="")
            turn.ask()


def take_event(turn: TurnState, event: JoinEvent) -> None:
    """Show the screen for an event about joining chats: a code, an offer, a request or a result."""
    match event:
        case JoinCodeIssued(code):
            turn.say_and_reprompt(_(CODE.msgid, code=code, minutes=CODE_MINUTES))
        case JoinOffered(is_valid, has_data):
            _handle_offered(turn, is_valid=is_valid, has_data=has_data)
        case JoinAwaited(sign):
            _ask_to_wait(turn, _(WAIT.msgid, sign=sign, done=DONE)) if sign else _not_valid(turn)
        case JoinRequested(channel, sign):
            text = _(REQUEST.msgid, channel=CHANNELS[channel], sign=sign)
            screen = Choice(name=REQUESTED, label=JOIN, text=text, among=(NO, YES))
            turn.ask_screen(screen)
        case JoinFinished(here, other):
            _handle_finished(turn, here, other)
        case ChatDisconnected(here, other):
            _handle_disconnected(turn, here, other)
        case OtherDisconnected(channel, is_allowed):
            _handle_other_disconnected(turn, channel, is_allowed=is_allowed)
        case _:
            assert_never(event)


def _handle_offered(turn: TurnState, *, is_valid: bool, has_data: bool) -> None:
    if is_valid:
        return turn.ask_screen(OFFER_SCREEN)
    if not has_data:
        return _not_valid(turn)
    turn.c = replace(turn.c, join_code="")
    turn.say_and_reprompt(HAS_DATA)


def _not_valid(turn: TurnState) -> None:
    turn.c = replace(turn.c, join_code="")
    turn.say_and_reprompt(_(NOT_VALID.msgid, minutes=CODE_MINUTES, menu=MENU, join=JOIN))


def _ask_to_wait(turn: TurnState, text: Text) -> None:
    among = (Option("done", DONE), Option("cancel", CANCEL))
    turn.ask_screen(Choice(name=AWAITED, label=JOIN, text=text, among=among))


def ask_disconnect(turn: TurnState, channel: str = "") -> None:
    """Ask whether to detach this chat, or the one on `channel`; name what stays in which chat."""
    if not channel:
        return turn.ask_screen(DISCONNECT_SCREEN)
    if channel not in CHANNELS:
        return turn.ask()
    text = _(DISCONNECT_OTHER_TEXT.msgid, channel=CHANNELS[channel])
    among = (NO, Option(channel, YES.label))
    screen = Choice(
        name=DISCONNECTING_OTHER, label=DISCONNECT_OTHER_BUTTONS[channel], text=text, among=among
    )
    turn.ask_screen(screen)


def disconnect_other_button(channel: str) -> Button:
    """Return the button that detaches the chat on a channel from another chat."""
    return Button(f"{DISCONNECT}:{channel}", DISCONNECT_OTHER_BUTTONS[channel], Kind.CONTROL)


def _handle_other_disconnected(turn: TurnState, channel: str, *, is_allowed: bool) -> None:
    if is_allowed:
        turn.effects.append(EndChat(channel))
    text = OTHER_DISCONNECTED if is_allowed else NOT_DISCONNECTED
    turn.say_and_reprompt(_(text.msgid, channel=CHANNELS[channel]))


def _handle_disconnected(turn: TurnState, here: str, other: str) -> None:
    if not other:
        return turn.say_and_reprompt(ONLY_CHAT)
    turn.effects.append(LeaveConversation(here))
    turn.say(((_(DISCONNECTED.msgid, channel=CHANNELS[other]),),), (), service=True)


def _handle_finished(turn: TurnState, here: str, other: str) -> None:
    """Ask which channel gets updates, or wait if the other chat has not confirmed the join."""
    if not here:
        return _ask_to_wait(turn, _(NOT_YET.msgid, done=DONE))
    turn.notes.append((JOINED,))
    among = tuple(Option(each, CHANNELS[each]) for each in (here, other))
    turn.ask_screen(Choice(name=UPDATES, label=JOIN, text=WHERE, among=among))
