"""Consent to an external language model, and replies about the topic that the model chose.

The model only chooses a topic for a message that was not understood. The ordinary reply is sent
first and never waits for the model.
"""

from flows.engine import hearing, screens
from flows.engine.events import Button, ConsentGiven
from flows.engine.fast_replace import replace
from flows.engine.model_events import ChooseIntent, ConsentWithdrawn
from flows.engine.options import Option
from flows.engine.questions import NO, YES
from flows.engine.recognition import Confidence, Danger
from flows.engine.text import Text, _
from flows.engine.turn import TurnState

PURPOSE = "external_model"
AGREE, REFUSE = "model.yes", "model.no"

CONSENT = _(
    "When this assistant does not understand a question, may it ask the language model of"
    " {operator}?\n"
    "• What is sent: this one question, without your name, number or account.\n"
    "• Why: the model chooses one of our checked topics. The model writes nothing to you.\n"
    "• Never sent: questions about danger, or with a number, an address or a link.\n"
    "• {operator} can read the question. We do not store it. Please write no names.\n"
    "• If you do not agree, everything works as before. You can end this in the menu at any time."
)
AGREED = _("Thank you. This begins with your next question; nothing has been sent yet.")
REFUSED = _("Understood. Nothing is sent to a language model.")
WITHDRAWN = _("You withdrew your consent. Nothing more is sent to a language model.")
CHOSEN = _("The language model of {operator} chose this topic:")


def consider(turn: TurnState, text: str) -> None:
    """Send an unclear message to the external model, or ask for the consent to do so.

    The ordinary reply to the message has been sent before.
    """
    asked, operator = turn.c.asked, _operator(turn)
    found = turn.recognize(text)
    is_unclear = found.may_leave and found.confidence is not Confidence.SURE
    if not operator or not is_unclear or found.danger is not Danger.NONE or turn.c.is_masked:
        return
    if asked is None or asked.key != screens.REPLY or turn.guessed or not turn.typed:
        return
    if turn.c.model_operator == operator:
        _record(turn)
        turn.effects.append(ChooseIntent(text, asked.nonce))
    elif turn.c.model_operator != "":
        _ask_consent(turn, operator)


def press(turn: TurnState, key: str) -> bool:
    """Handle a button about the consent to the model; return False for any other button."""
    operator = _operator(turn)
    if key not in (AGREE, REFUSE) or not operator:
        return False
    if key == AGREE:
        turn.c = replace(turn.c, model_operator=operator)
        _record(turn)
        turn.say_and_reprompt(AGREED)
    elif turn.c.model_operator:
        withdraw(turn)
    else:
        turn.say_and_reprompt(REFUSED)
    return True


def withdraw(turn: TurnState) -> None:
    """Withdraw the consent to the external model; the person is not asked for consent again."""
    if PURPOSE in turn.c.consents:
        turn.effects.append(ConsentWithdrawn(PURPOSE, WITHDRAWN, turn.c.language))
    turn.c = replace(turn.c, model_operator="", consents=_without(turn))
    turn.say_and_reprompt(WITHDRAWN)


def answer(turn: TurnState, intent: str, nonce: int) -> None:
    """Send the answer about the topic that the external model chose for a message.

    Nothing is sent if the person did something else or withdrew the consent in the meantime.
    """
    asked, reply, operator = turn.c.asked, turn.reply(intent), _operator(turn)
    waits = asked is not None and asked.key == screens.REPLY and asked.nonce == nonce
    agreed = bool(operator) and turn.c.model_operator == operator
    if waits and agreed and reply is not None and reply.is_choosable:
        turn.notes.append((_(CHOSEN.msgid, operator=operator),))
        hearing.say_answers(turn, [reply], (Option(REFUSE, screens.NO_MODEL),))


def _operator(turn: TurnState) -> str:
    return turn.understanding.model_operator if turn.understanding else ""


def _ask_consent(turn: TurnState, operator: str) -> None:
    # Store a refusal until the person agrees. A missing reply then counts as a refusal, and the
    # person is asked only once.
    turn.c = replace(turn.c, model_operator="", consents=_without(turn))
    buttons = (Button(f"?{AGREE}", YES.label), Button(f"?{REFUSE}", NO.label))
    turn.say(((_consent(operator),),), buttons)


def _without(turn: TurnState) -> dict[str, str]:
    return {name: text for name, text in turn.c.consents.items() if name != PURPOSE}


def _consent(operator: str) -> Text:
    return _(CONSENT.msgid, operator=operator)


def _record(turn: TurnState) -> None:
    """Record the consent to the external model as evidence, unless the person is anonymous.

    The consent of an anonymous person is stored only in the conversation.
    """
    text = _consent(_operator(turn))
    if turn.c.is_persistent and turn.c.consents.get(PURPOSE) != text.msgid:
        turn.effects.append(ConsentGiven(PURPOSE, text, turn.c.language))
        turn.c = replace(turn.c, consents={**turn.c.consents, PURPOSE: text.msgid})
