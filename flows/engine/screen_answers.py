"""Handles answers on the assistant's own screens: menu, language, registration, deletion."""

from flows.engine import (
    announcement_screens,
    checklist_screens,
    commands,
    external_model,
    hearing,
    hint_screens,
    household_screens,
    join_screens,
    limit_screens,
    lookup_screens,
    pin_screens,
    referral_screens,
    registration_screens,
    safety,
    screens,
    suggestion_screens,
    wording_screens,
    written_language,
)
from flows.engine.checklist_screens import Screen
from flows.engine.events import CancelCase, Withdraw
from flows.engine.fast_replace import replace
from flows.engine.flow import Review
from flows.engine.language_protocol import Reserved
from flows.engine.state import Asked
from flows.engine.turn import TurnState


def answer(turn: TurnState, asked: Asked, key: str) -> None:
    turn.replaces = True
    turn.c = replace(turn.c, asked=None)
    screen = asked.key
    match screen:
        case screens.LANGUAGE:
            _choose_language(turn, key)
        case screens.MENU:
            _choose(turn, key)
        case screens.DELETE:
            if key == "yes":
                return commands.erase(turn)
            turn.ask()
        case screens.LEAVE:
            _leave(turn, key)
        case screens.REGISTERED:
            _answer_registered(turn, key)
        case screens.WITHDRAW:
            _withdraw(turn, key)
        case screens.EDIT:
            _edit(turn, key)
        case _:
            _answer_elsewhere(turn, asked, key)


def _answer_elsewhere(turn: TurnState, asked: Asked, key: str) -> None:
    """Handle the answer `key` on a screen that another module defines."""
    match asked.key:
        case pin_screens.PIN:
            pin_screens.answer(turn, key)
        case lookup_screens.OFFER | lookup_screens.NUMBER | lookup_screens.PIN as screen:
            lookup_screens.answer(turn, screen, key)
        case (
            hint_screens.HINTS | hint_screens.EMAIL | hint_screens.SMS | hint_screens.CODE as screen
        ):
            hint_screens.answer(turn, screen, key)
        case screen if screen.startswith(join_screens.OFFERED):
            join_screens.answer(turn, screen, key)
        case screen if screen.startswith(household_screens.HOUSEHOLD):
            _answer_household(turn, asked, key)
        case referral_screens.INVITED:
            referral_screens.answer(turn, key)
        case Screen.LIST | Screen.KEEP | Screen.MINE | Screen.TICK | Screen.CHANGES:
            checklist_screens.answer(turn, asked, key)
        case limit_screens.LIMIT:
            _answer_limit(turn, key)
        case limit_screens.APPEAL:
            limit_screens.show(turn)
        case _:
            _answer_reply(turn, asked, key)


def _answer_household(turn: TurnState, asked: Asked, key: str) -> None:
    if (asked.key, key) == (household_screens.HOUSEHOLD, "status"):
        return pin_screens.go_through(turn, pin_screens.STATUS)
    household_screens.answer(turn, asked, key)


def _answer_reply(turn: TurnState, asked: Asked, key: str) -> None:
    """Handle a button of a reply, announcement screen, or screen to donate or report a sentence."""
    match asked.key:
        case announcement_screens.MINE:
            announcement_screens.answer(turn, key)
        case suggestion_screens.SUGGEST:
            commands.menu(turn)
        case wording_screens.WORDING:
            wording_screens.answer(turn, asked, key)
        case screens.REPLY:
            turn.replaces = False
            hearing.press(turn, key)
        case _:
            old_button(turn)


def _answer_limit(turn: TurnState, key: str) -> None:
    """Handle a button of the screen about the limit on the person's messages to officers."""
    match key:
        case "appeal":
            limit_screens.ask_appeal(turn)
        case "danger" if turn.c.with_officer:
            limit_screens.alert(turn)
        case "danger":
            commands.to_person(turn, safety.TOPIC)
        case _ if turn.c.flow in turn.flows and not turn.c.with_officer:
            turn.ask()
        case _:
            commands.menu(turn)


def _choose_language(turn: TurnState, code: str) -> None:
    if not turn.c.language:
        turn.notes += screens.welcome()
    recognized = turn.c.heard
    turn.c = replace(turn.c, language=code, asked=None)
    if recognized is None or turn.c.with_officer:
        return turn.ask()
    turn.replaces = False
    if recognized.danger is not None:
        turn.c = replace(turn.c, heard=None)
        return safety.show(turn, recognized.danger)
    # This choice fulfils a request for another language. Answered again, the request would ask for
    # the language without end.
    replies = (reply for intent in recognized.intents if (reply := turn.reply(intent)))
    kept = tuple(each.intent for each in replies if each.command is not Reserved.LANGUAGE)
    if not kept:
        return turn.ask()
    hearing.answer_again(turn, replace(recognized, intents=kept))


def choose_written(turn: TurnState, key: str) -> None:
    """Choose the language that a person wrote, and answer the intent in `key` again.

    `key` has the form `language.intent`; see `written_language.buttons`.
    """
    code, _dot, intent = key.partition(".")
    if code not in dict(turn.words.languages()):
        return old_button(turn)
    turn.c = replace(turn.c, language=code, asked=None)
    reply, recognized = turn.reply(intent), turn.c.heard
    if reply is not None and reply.command is not Reserved.LANGUAGE:
        return hearing.answer(turn, [reply])
    if intent == written_language.OFFERED and recognized and turn.c.flow not in turn.flows:
        return hearing.answer_again(turn, recognized)
    turn.ask()


def _choose(turn: TurnState, key: str) -> None:
    if turn.c.saved_list and turn.c.saved_list.flow == key:
        return checklist_screens.open_list(turn)
    if key in turn.flows:
        return announcement_screens.enter(turn, turn.flows[key])
    if key == "join":
        return pin_screens.join(turn)
    if key == "hints":
        return hint_screens.open_screen(turn)
    if key == "pin":
        return pin_screens.choose_pin(turn)
    if key == "write_again":
        turn.c = replace(turn.c, muted=False)
        return turn.say_and_reprompt(screens.WRITE_AGAIN)
    if key == "no_model":
        return external_model.withdraw(turn)
    if key in Reserved:
        return commands.run(turn, Reserved(key))
    old_button(turn)


def _answer_registered(turn: TurnState, key: str) -> None:
    if key == "withdraw":
        return turn.ask_screen(screens.WITHDRAW_SCREEN)
    if key == "household":
        return household_screens.show(turn)
    if key in turn.flows:
        if turn.flows[key].answers_to:
            turn.notes.append((registration_screens.ASKED,))
            # A change of the registration, which is not sent yet, goes on after the answer.
            opened = turn.flows.get(turn.c.flow)
            if opened and not opened.answers_to:
                turn.c = replace(turn.c, suspended_flow=turn.c.flow)
        turn.open_flow(turn.flows[key])
        return turn.ask()
    if key != "amend":
        return commands.menu(turn)
    flow = next((flow for flow in turn.flows.values() if flow.registers), None)
    if flow is None:
        return commands.menu(turn)
    form = turn.form(flow)
    reviews = {item.name for item in flow.questions() if isinstance(item, Review)}
    answers = {key: each for key, each in form.answers.items() if key not in reviews}
    turn.put_form(flow, replace(form, answers=answers, submitted=False))
    turn.open_flow(flow)
    turn.ask()


def _withdraw(turn: TurnState, key: str) -> None:
    known = turn.c.registration
    if key == "yes" and known and known.is_current:
        # The form is closed. To send it again, the person must open it and consent again.
        known = replace(known, state="withdrawing")
        c = registration_screens.without_papers_on_their_way(turn.c)
        turn.c = replace(c, registration=known, flow="", suspended_flow="")
        turn.effects.append(Withdraw())
    pin_screens.go_through(turn, pin_screens.STATUS)


def _edit(turn: TurnState, key: str) -> None:
    flow = turn.flows.get(turn.c.flow)
    if flow:
        turn.put_form(flow, replace(turn.form(flow), cursor=key))
    turn.ask()


def _leave(turn: TurnState, key: str) -> None:
    """Cancel the person's case if the answer is yes, unless the officer has closed it already."""
    if key != "yes" or not turn.c.with_officer:
        return turn.ask()
    turn.effects.append(CancelCase())
    turn.c = replace(turn.c, with_officer=False, requested_upload="")
    turn.say_and_reprompt(screens.LEFT)


def old_button(turn: TurnState) -> None:
    turn.say_and_reprompt(screens.OLD_BUTTON)
