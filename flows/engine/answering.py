"""Records or rejects an answer to the last question, or asks which option was meant."""

from flows.engine import (
    checklist_screens,
    commands,
    hint_screens,
    household_screens,
    lookup_screens,
    pin_screens,
    recording,
    screen_answers,
    screens,
)
from flows.engine.checklist_screens import Screen
from flows.engine.events import DeleteInput, Page
from flows.engine.fast_replace import replace
from flows.engine.flow import Consent, HandoffOffer, RepeatingGroup, Review, Upload
from flows.engine.language_protocol import Refusal
from flows.engine.options import Option
from flows.engine.questions import MultiChoice, Question
from flows.engine.refusals import explain
from flows.engine.state import Asked
from flows.engine.text import Text, _
from flows.engine.turn import PAGE, TurnState


def answer(turn: TurnState, asked: Asked, value: str | None, *, typed: bool) -> None:
    turn.c = replace(turn.c, not_understood=0) if turn.c.not_understood else turn.c
    if asked.is_screen:
        return screen_answers.answer(turn, asked, value or "")
    place = recording.place_of(turn, asked)
    if place is None:
        return turn.say_and_reprompt(screens.CHANGED)
    flow, step = place
    private = step.item.sensitive and not isinstance(step.item, Upload)
    if turn.page is Page.ALWAYS and private and value is not None:
        turn.effects.append(DeleteInput())
        return turn.say_and_reprompt(screens.NOT_HERE)
    match step.item:
        case Upload() if value == "done":
            recording.record(
                turn, flow, step, str(turn.form(flow).files.get(step.key, 0)), typed=False
            )
        case Consent() if value == "refuse" and not step.item.optional:
            recording.refuse_consent(turn, flow)
        case MultiChoice():
            recording.tick_option(turn, flow, step, value or "")
        case HandoffOffer() if value == "person":
            commands.to_person(turn, step.item.topic)
        case HandoffOffer() if step.item.on_go_on:
            turn.put_form(flow, recording.after_go_on(turn.form(flow), step.item))
            turn.ask()
        case RepeatingGroup() if value != "done":
            recording.change_members(turn, flow, step.item, value or "")
        case Review() if value == "edit":
            ask_what_to_edit(turn)
        case _ if value is not None and not step.item.accepts(value):
            turn.say_and_reprompt(screens.CHANGED)
        case _:
            recording.record(turn, flow, step, value, typed=typed)


def ask_what_to_edit(turn: TurnState, page: int = 0) -> None:
    """Ask which answer of the open form to change."""
    flow_path = turn.path()
    if flow_path is None:
        return turn.ask()
    turn.ask_screen(screens.edit_screen(flow_path[1]), page=page)


def change(turn: TurnState, key: str) -> bool:
    """Ask a question of the form again from its review; return False if that is impossible.

    `key` is the key of the question's step.
    """
    flow_path, asked = turn.path(), turn.c.asked
    if flow_path is None or asked is None or not isinstance(turn.question(asked), Review):
        return False
    step = flow_path[1].at(key)
    if step is None or not screens.can_change(step):
        return False
    turn.put_form(flow_path[0], replace(turn.form(flow_path[0]), cursor=key))
    turn.ask()
    return True


def keep(turn: TurnState, asked: Asked) -> None:
    flow_path = turn.path()
    step = flow_path[1].at(asked.key) if flow_path else None
    if step is None or step.answer is None:
        return screen_answers.old_button(turn)
    answer(turn, asked, step.answer.value, typed=False)


def refuse(turn: TurnState, asked: Asked, refusal: Refusal) -> None:
    question = turn.question(asked)
    if question and question.sensitive and DeleteInput() not in turn.effects:
        turn.effects.append(DeleteInput())
    if turn.page is Page.ALWAYS and _is_private(question):
        # A private answer must not appear in the messenger, so the reply neither repeats the input
        # nor explains the refusal.
        turn.notes.append((screens.NOT_HERE,))
    elif asked.key == pin_screens.PIN:
        asks = turn.c.has_pin or turn.c.after_pin == pin_screens.NEW
        turn.notes += [(pin_screens.NOT_A_PIN,)] if asks else []
    elif asked.key in lookup_screens.TYPED:
        turn.notes.append((lookup_screens.TYPED[asked.key],))
    elif asked.key == household_screens.CODE:
        turn.notes.append((household_screens.NOT_A_CODE,))
    elif asked.key in hint_screens.TYPED:
        turn.notes.append((hint_screens.TYPED[asked.key],))
    elif turn.c.language:
        turn.notes.append((_reason(question or screens.DELETE_SCREEN, refusal, asked.tries),))
    if turn.c.language and asked.tries >= 2:
        turn.notes.append((screens.ASK_AGAIN,))
    _repeat(turn, asked, tries=asked.tries + 1)


def _reason(question: Question, refusal: Refusal, tries: int) -> Text:
    """Return the reason for a refused input, worded differently from the previous refusal.

    `tries` is the number of refusals of this question so far.
    """
    reason = explain(refusal, question)
    if not tries:
        return reason
    if refusal is Refusal.NOT_LISTED and not isinstance(question, Consent):
        # Some questions do not accept the number of a button, so it must not be proposed there.
        still = screens.NOT_FOUND_STILL if question.by_position else reason
        return screens.NOT_FOUND_AGAIN if tries % 2 else still
    again = screens.REFUSED_AGAIN if tries % 2 else screens.REFUSED_STILL
    return _(again.msgid, reason=reason)


def _is_private(question: Question | None) -> bool:
    return question is not None and question.sensitive and not isinstance(question, Upload)


def narrow(turn: TurnState, asked: Asked, found: tuple[Option, ...]) -> None:
    """Ask which of the options `found` was meant; offer only these until the person answers."""
    flow_path = turn.path()
    step = flow_path[1].current(turn.form(flow_path[0]).cursor) if flow_path else None
    if step is None or step.key != asked.key:
        return turn.say_and_reprompt(screens.CHANGED)
    turn.notes.append((_("Which one do you mean?"),))
    _repeat(turn, asked, found=found)


def _repeat(turn: TurnState, asked: Asked, tries: int = 0, found: tuple[Option, ...] = ()) -> None:
    turn.ask(found, question_key=asked.key)
    if turn.c.asked and turn.c.asked.key == asked.key:
        turn.c = replace(turn.c, asked=replace(turn.c.asked, tries=tries))


def turn_page(turn: TurnState, asked: Asked) -> None:
    pages = -(-len(asked.options) // PAGE)
    page = (asked.page + 1) % max(pages, 1)
    turn.replaces = True
    if asked.key == screens.EDIT:
        return ask_what_to_edit(turn, page)
    if asked.key == Screen.TICK:
        return checklist_screens.ask_ticks(turn, page)
    turn.ask(page=page)
