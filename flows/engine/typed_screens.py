"""Closes the screens that ask for typed text and belong to no form."""

from flows.engine import hint_screens
from flows.engine.fast_replace import replace
from flows.engine.turn import TurnState


def close(turn: TurnState) -> None:
    """Close the screens for a PIN, a registration number, a household code or an address.

    If an address for hints (notices by e-mail or SMS) is not confirmed yet, it is deleted and the
    consent to hints is withdrawn.
    """
    if turn.c.hint_step:
        hint_screens.forget(turn)
    turn.c = replace(turn.c, after_pin="", looked_up=None, household_code=None, hint_step="")
