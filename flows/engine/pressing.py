"""Handles the press of a button: in a form, below an answer, in a layout, or with a command."""

from flows.engine import (
    answering,
    checklist_screens,
    commands,
    external_model,
    hearing,
    join_screens,
    registration_screens,
    safety,
    screen_answers,
    screens,
    typed_text,
    voice_messages,
    written_language,
)
from flows.engine.events import Rated
from flows.engine.language_protocol import Reserved
from flows.engine.turn import TurnState

PAGE_CONTROL = "!page"
# First characters of payloads of buttons that never expire: at answers, ratings, rows, checkboxes.
LASTING = ("?", "*", "#")


def handle_press(turn: TurnState, payload: str) -> None:
    """Handle the press of a button, which the payload identifies."""
    if payload == PAGE_CONTROL:
        return commands.offer_page(turn)
    if payload == registration_screens.OPEN_UPDATE:
        # After this press the withheld message is sent, so no question is asked in this turn.
        return None if turn.c.update_waits else turn.ask()
    if payload == checklist_screens.CONTROL:
        return checklist_screens.open_list(turn)
    if payload.partition(":")[0] == join_screens.DISCONNECT:
        return join_screens.ask_disconnect(turn, payload.partition(":")[2])
    if payload.startswith("!"):
        return _press_command(turn, payload[1:])
    if payload[:1] in LASTING:
        return _press_lasting(turn, payload)
    nonce, _colon, key = payload.partition(":")
    asked = turn.c.asked
    if turn.c.with_officer and not (asked and asked.is_screen):
        return turn.ask()
    if asked is None or nonce != str(asked.nonce):
        return screen_answers.old_button(turn)
    match key:
        case ">":
            answering.turn_page(turn, asked)
        case "<":
            commands.run(turn, Reserved.BACK)
        case "-":
            commands.run(turn, Reserved.SKIP)
        case "=":
            answering.keep(turn, asked)
        case _ if any(option.key == key for option in asked.options):
            answering.answer(turn, asked, key, typed=False)
        case _:
            screen_answers.old_button(turn)


def _press_lasting(turn: TurnState, payload: str) -> None:
    """Handle a button that never expires: below an answer, for a rating, in a row or checkbox."""
    match payload[0], payload[1:]:
        case "?", key:
            _press_reply(turn, key)
        case "*", rating if rating in screens.RATINGS:
            turn.effects.append(Rated(rating))
            turn.say(((screens.RATED,),), (), service=True)
        case "#", _:
            _press_shape(turn, payload)
        case _:
            screen_answers.old_button(turn)


def _press_shape(turn: TurnState, payload: str) -> None:
    """Handle a button in a layout: change the answer of a row, or tick or untick a checkbox."""
    action, _dot, key = payload.partition(".")
    if turn.c.with_officer:
        return turn.ask()
    turn.replaces = True
    match f"{action}.":
        case screens.CHANGE:
            done = answering.change(turn, key)
        case screens.TICK | screens.UNTICK as sign:
            done = checklist_screens.mark(turn, key, on=sign == screens.TICK)
        case _:
            done = False
    if not done:
        screen_answers.old_button(turn)


def _press_reply(turn: TurnState, key: str) -> None:
    """Handle a button below the answer to a question of the person."""
    if (words := voice_messages.press(turn, key)) is not None:
        return typed_text.handle_text(turn, words) if words else None
    if turn.c.with_officer or key == "back":
        return turn.ask()
    action, _dot, rest = key.partition(".")
    if action == written_language.KEY:
        return screen_answers.choose_written(turn, rest)
    if key == "urgent":
        return commands.to_person(turn, safety.TOPIC)
    if not external_model.press(turn, key) and not hearing.press(turn, key):
        screen_answers.old_button(turn)


def _press_command(turn: TurnState, word: str) -> None:
    if word not in Reserved:
        return screen_answers.old_button(turn)
    commands.run(turn, Reserved(word))
