"""The state of the registration, as the person sees it."""

from flows.engine import screens
from flows.engine.events import Button, Notice
from flows.engine.fast_replace import replace
from flows.engine.state import RegistrationStatus
from flows.engine.turn import TurnState

OPEN_UPDATE = "!open"


def show_status(turn: TurnState) -> None:
    more = [flow for flow in turn.flows.values() if flow.follows]
    lines = screens.paper_lines(more, turn.c.papers)
    if lines:
        turn.notes.append(lines)
    if turn.c.registration is None:
        return turn.say_and_reprompt(screens.NO_REGISTRATION)
    turn.ask_screen(
        screens.registered_screen(turn.c.registration.state, turn.c.registration.number, more)
    )


def acknowledged(turn: TurnState, state: str, number: str) -> None:
    before = turn.c.registration or RegistrationStatus(state)
    turn.c = replace(turn.c, registration=replace(before, state=state, number=number))
    # The person waits for the first answer after sending; later ones need their consent.
    awaited = before.state in ("sent", "withdrawing")
    if not turn.c.muted and (awaited or before.write_first):
        announce_update(turn)


def withhold_update(turn: TurnState, notice: Notice) -> None:
    """Announce a message without its content, once."""
    if turn.c.update_waits:
        return
    turn.c = replace(turn.c, update_waits=True)
    opening = (Button(OPEN_UPDATE, screens.OPEN),)
    turn.say(((screens.UPDATE,),), opening, service=True, notice=notice)


def announce_update(turn: TurnState) -> None:
    """Announce an update without its content, since others may see the screen."""
    opening = (Button("!status", screens.OPEN),)
    turn.say(((screens.UPDATE,),), opening, service=True, notice=Notice.UPDATE)
