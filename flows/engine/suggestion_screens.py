"""Screen on which a person may donate a sentence that was not understood, for training.

After the explanation the person types the sentence again, so that no word is stored before the
consent.
"""

import unicodedata

from flows import lifetimes
from flows.engine.events import SuggestPhrase
from flows.engine.language_protocol import Refusal
from flows.engine.options import Option, TypedAnswer
from flows.engine.questions import Choice
from flows.engine.recognition import Danger
from flows.engine.state import Asked
from flows.engine.text import _, button
from flows.engine.turn import TurnState

SUGGEST = "~suggest"
MAX_SENTENCE = 300
# A sentence with more digits than these may contain the number of a document or telephone, which
# would identify a person.
MAX_DIGITS = 4

EXPLANATION = _(
    "You can help this assistant understand such questions. Please write your question once more, "
    "in one sentence.\n"
    "• We keep this sentence for {days} days at most, without your name, number or account. We "
    "cannot find it again to delete it earlier.\n"
    "• Editors of this assistant read it.\n"
    "• Please write no names, numbers or addresses.\n"
    "By writing the sentence you agree. If you do not want this, press “Menu”.",
    days=lifetimes.SUGGESTED_PHRASE_DAYS,
)
THANKS = _("Thank you. The editors will read your sentence. A person can answer your question now.")
TOO_LONG = _("This is too long, and we did not keep it. Please write one short sentence.")
IDENTIFYING = _(
    "This contains a number, an e-mail address or a link, and we did not keep it. Please write "
    "the sentence without it."
)
TEACH = button("Help it understand")
SCREEN = Choice(
    name=SUGGEST, label=TEACH, text=EXPLANATION, among=(Option("menu", button("Menu")),)
)


def may_take(turn: TurnState, asked: Asked, text: str, reading: TypedAnswer) -> bool:
    """Return True if a text is a sentence that the person donates for training.

    A sentence about danger is never stored.
    """
    if asked.key != SUGGEST or reading is Refusal.EMPTY:
        return False
    return isinstance(reading, Refusal) and turn.danger(text) is Danger.NONE


def ask(turn: TurnState) -> None:
    """Explain which data would be stored, and ask for the sentence to donate."""
    turn.ask_screen(SCREEN)


def take(turn: TurnState, typed: str) -> None:
    """Store the donated sentence, or ask again if it is too long or may identify a person."""
    sentence = turn.words.text(typed, MAX_SENTENCE)
    if isinstance(sentence, Refusal) or _identifies(sentence):
        turn.notes.append((TOO_LONG if isinstance(sentence, Refusal) else IDENTIFYING,))
        return ask(turn)
    turn.effects.append(SuggestPhrase(turn.c.language, " ".join(sentence.split())))
    turn.say_and_reprompt(THANKS)


def _identifies(sentence: str) -> bool:
    digits = sum(unicodedata.category(each) == "Nd" for each in sentence)
    return digits > MAX_DIGITS or any(sign in sentence for sign in ("@", "://", "www."))
