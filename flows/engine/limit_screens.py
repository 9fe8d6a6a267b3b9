"""Screens about the limit that officers set on a person's messages to them: reason, end, appeal.

Messages about danger pass every limit. The assistant itself replies without any limit.
"""

from typing import assert_never

from flows.engine import safety, screens
from flows.engine.edition import plain_date
from flows.engine.effects import OpenCase
from flows.engine.events import Button, Kind, Relay
from flows.engine.fast_replace import replace
from flows.engine.flow import Flow
from flows.engine.language_protocol import Refusal
from flows.engine.message_limits import (
    AppealLimit,
    LimitDecided,
    LimitEvent,
    LimitSet,
    MessageLimit,
)
from flows.engine.options import Option
from flows.engine.recognition import Confidence
from flows.engine.text import Text, _, button
from flows.engine.turn import TurnState, option_buttons

LIMIT, APPEAL = "~limit", "~limit_appeal"
MAX_APPEAL = 1000
MAX_ANSWERED = 2

APPEAL_BUTTON = button("Appeal")
REASONS = {
    "insults": _("insulting words"),
    "threats": _("threats"),
    "flood": _("very many messages"),
    "advertising": _("advertising"),
}
BLOCKED = _("An officer has stopped your messages to officers. Reason: {reason}. Last day: {date}.")
SLOWED = _(
    "An officer has limited your messages to officers: {count} a day. Reason: {reason}. Last day:"
    " {date}."
)
USED_UP = _("Today's messages to officers are used up, so this one was not passed on.")
NOT_PASSED_ON = _("Your message was not passed on to an officer.")
STILL_HERE = _(
    "I still answer your questions here. Your lists and your registration go on. If you are in"
    " danger, press “{urgent}”. This always reaches an officer.",
    urgent=safety.URGENT_PERSON,
)
HOW_TO_APPEAL = _(
    "Do you think this is wrong? Press “{appeal}”. The head of the team reads it and decides.",
    appeal=APPEAL_BUTTON,
)
HAS_APPEALED = _("The head of the team has your appeal. You get the answer here.")
ASK_APPEAL = _(
    "Please write in one message why this is wrong. You can do this once. The head of the team"
    " reads it. We delete it when the limit ends."
)
TOO_LONG = _("That is too long. Please keep it under {most} characters.", most=MAX_APPEAL)
APPEALED = _("Thank you. The head of the team reads your appeal. You get the answer here.")
LIFTED = _("The head of the team has ended the limit. You can write to officers again.")
KEPT = _("The head of the team has read your appeal. The limit stays. Last day: {date}.")


def current(turn: TurnState) -> MessageLimit | None:
    """Return the limit on the person's messages if one applies today, else None."""
    limit = turn.c.limit
    return limit if limit is not None and turn.today <= limit.until else None


def may_open(turn: TurnState, handoff: Flow) -> bool:
    """Return True if the limit allows a new request for an officer, or if it is about danger."""
    limit = current(turn)
    topic = turn.form(handoff).answers.get("topic")
    is_danger = topic is not None and topic.value == safety.TOPIC
    return limit is None or is_danger or limit.left(turn.today) > 0


def note_case(turn: TurnState, opened: OpenCase) -> None:
    """Count a new case (request to an officer) against the limit as one message.

    A case about danger is not counted and suspends the limit.
    """
    limit = current(turn)
    if limit is None:
        return
    in_danger = opened.topic == safety.TOPIC or turn.danger(opened.words).is_urgent
    turn.c = replace(turn.c, limit=replace(limit, in_danger=in_danger))
    if not in_danger:
        _count(turn, replace(limit, in_danger=False))


def admits(turn: TurnState, *, urgent: bool = False) -> bool:
    """Return True if the limit allows a message to the officer, and count the message.

    An `urgent` message is always allowed; it suspends the limit and is not counted.
    """
    limit = current(turn)
    if limit is None or limit.in_danger:
        return True
    if urgent:
        turn.c = replace(turn.c, limit=replace(limit, in_danger=True))
        return True
    if not limit.left(turn.today):
        return False
    _count(turn, limit)
    return True


def admits_recording(turn: TurnState, *, urgent: bool = False) -> bool:
    """Return True if the limit allows a recording for the open case's officer, and count it.

    One recording a day may exceed the limit, because it may be a call for help and no program
    checks its content.
    """
    if admits(turn, urgent=urgent):
        return True
    limit = current(turn)
    if limit is None or (limit.day == turn.today and limit.used > limit.per_day):
        return False
    _count(turn, limit)
    return True


def is_used_up(turn: TurnState) -> bool:
    """Return True if the person has used up today's messages, and the case is not about danger."""
    limit = current(turn)
    return limit is not None and not limit.in_danger and not limit.left(turn.today)


def alert(turn: TurnState) -> None:
    """Send the open case's officer an urgent message, and suspend the limit for this case."""
    admits(turn, urgent=True)
    words = turn.words.render(safety.URGENT_PERSON, turn.c.language)
    turn.effects.append(Relay(words, urgent=True))
    turn.ask()


def _count(turn: TurnState, limit: MessageLimit) -> None:
    today = plain_date(turn.today)
    used = limit.used + 1 if limit.day == today else 1
    turn.c = replace(turn.c, limit=replace(limit, day=today, used=used))


def refuse(turn: TurnState, text: str = "") -> None:
    """Reply that a text was not passed to the officer because of the limit.

    If the text's meaning is certain, the reply also answers it.
    """
    limit = current(turn)
    turn.notes.append((USED_UP if limit and limit.per_day else NOT_PASSED_ON,))
    found = turn.recognize(text)
    known = found.intents if found.confidence is Confidence.SURE else ()
    replies = [reply for intent in known if (reply := turn.reply(intent)) and reply.label]
    for reply in replies[:MAX_ANSWERED]:
        turn.notes += [(line,) for line in reply.opening(turn.today, turn.citizenship())]
    show(turn)


def show(turn: TurnState) -> None:
    """Show the limit with its reason and last day, and buttons for danger and for an appeal."""
    limit = current(turn)
    if limit is None:
        return turn.ask()
    appeal = HAS_APPEALED if limit.has_appealed else HOW_TO_APPEAL
    back = safety.TO_QUESTION if turn.c.flow in turn.flows else button("Menu")
    leaves = screens.BACK_TO_BOT if turn.c.with_officer else back
    possible = (
        (not limit.in_danger, Option("danger", safety.URGENT_PERSON)),
        (not limit.has_appealed, Option("appeal", APPEAL_BUTTON)),
        (True, Option("back", leaves)),
    )
    offered = tuple(option for use, option in possible if use)
    asked = turn.put_asked("", LIMIT, 1, offered)
    paragraphs = ((describe(limit),), (STILL_HERE,), (appeal,))
    turn.say(paragraphs, option_buttons(asked.nonce, offered), service=True)


def describe(limit: MessageLimit) -> Text:
    """Return a sentence with the number of messages a day, the reason and the last day."""
    reason = REASONS.get(limit.reason, REASONS["flood"])
    if not limit.per_day:
        return _(BLOCKED.msgid, reason=reason, date=limit.until)
    return _(SLOWED.msgid, count=limit.per_day, reason=reason, date=limit.until)


def ask_appeal(turn: TurnState) -> None:
    """Ask for the text of an appeal against the limit."""
    limit = current(turn)
    if limit is None:
        return turn.ask()
    offered = (Option("back", button("Back")),)
    asked = turn.put_asked("", APPEAL, 1, offered)
    buttons = option_buttons(asked.nonce, offered)
    controls = tuple(replace(each, kind=Kind.CONTROL) for each in buttons)
    turn.say(((ASK_APPEAL,),), controls, service=True)


def take_appeal(turn: TurnState, text: str) -> bool:
    """Pass an appeal against the limit to the lead of the officers.

    Returns False if no limit applies, or if the text is too long. In the second case, the text is
    asked for again.
    """
    words, limit = turn.words.text(text, MAX_APPEAL), current(turn)
    if limit is None:
        turn.ask()
        return False
    if isinstance(words, Refusal):
        turn.notes.append((TOO_LONG,))
        ask_appeal(turn)
        return False
    turn.effects.append(AppealLimit(words))
    turn.c = replace(turn.c, asked=None, limit=replace(limit, has_appealed=True))
    return True


def take_event(turn: TurnState, event: LimitEvent) -> None:
    """Show the person a new limit, or the decision of the officers' lead about the limit."""
    match event:
        case LimitSet(reason, until, per_day):
            turn.c = replace(turn.c, limit=MessageLimit(reason, until, per_day))
            if not per_day:
                turn.c = replace(turn.c, with_officer=False, requested_upload="")
            show(turn)
        case LimitDecided(is_lifted):
            _handle_decision(turn, is_lifted=is_lifted)
        case _:
            assert_never(event)


def _handle_decision(turn: TurnState, *, is_lifted: bool) -> None:
    limit = turn.c.limit
    text = LIFTED if is_lifted or limit is None else _(KEPT.msgid, date=limit.until)
    if is_lifted:
        turn.c = replace(turn.c, limit=None)
    menu = () if turn.c.with_officer else (Button("!menu", button("Menu"), Kind.CONTROL),)
    turn.say(((text,),), menu, service=True)
