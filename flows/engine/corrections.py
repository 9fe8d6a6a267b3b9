"""Tells a person who made a mistake in an open form how to correct it."""

from flows.engine import answering, commands, labels, typed_answers
from flows.engine.events import Button, DeleteInput
from flows.engine.flow import Consent, HandoffOffer, Notice, RepeatingGroup, Review, Upload
from flows.engine.language_protocol import Refusal, Reserved
from flows.engine.options import Reading, TypedAnswer
from flows.engine.questions import FreeText
from flows.engine.state import Asked
from flows.engine.text import _
from flows.engine.turn import TurnState

# Translators: {back} is the label of a button. "menu" is a word that the person can write.
CORRECT = _(
    "Nothing has been sent yet. To correct an earlier answer, press “{back}”, several times if"
    " needed. To stop, write “menu”.",
    back=labels.BACK,
)
# Translators: {send} is the label of a button, which the person can also write.
NOT_SENT = _(
    "Nothing has been sent yet. If everything is right, press “{send}” or write this word.",
    send=labels.SEND,
)


# Types of questions that cannot be corrected by text, and free text, for which every text is valid.
NOT_TYPED = (Consent, FreeText, HandoffOffer, Notice, RepeatingGroup, Review, Upload)


def read_after_no(turn: TurnState, asked: Asked, text: str, refusal: Refusal) -> TypedAnswer | None:
    """Return the answer in the words after "no", as in "no, 1987"; `refusal` without such words.

    Return None if the words correct the answer to the previous question, which is asked again. The
    words never mean yes: "no, of course" means no.
    """
    rest = turn.words.after_no(text, asked.language)
    if not rest:
        return refusal
    reading = typed_answers.read(turn, asked, rest)
    if reading == "yes":
        return Refusal.NOT_LISTED
    is_correction = _go_back(turn, asked, rest, fits=not isinstance(reading, Refusal))
    return None if is_correction else reading


def _go_back(turn: TurnState, asked: Asked, text: str, *, fits: bool) -> bool:
    """Ask the question before `asked` again if `text` is a valid answer to that previous question.

    If `text` is a valid answer to both questions (`fits`), they must be of one type, such as two
    names, and no answer to `asked` may have been refused yet. No answer is changed here: the old
    one is shown, and the person answers again.
    """
    flow_path = turn.path()
    earlier = flow_path[1].before(asked.key) if flow_path and not asked.is_screen else None
    if earlier is None or isinstance(earlier.item, NOT_TYPED):
        return False
    if fits and (asked.tries or type(earlier.item) is not type(turn.question(asked))):
        return False
    reading = Reading(turn.words, asked.language, turn.today)
    if isinstance(earlier.item.read(text, reading), Refusal):
        return False
    if earlier.item.sensitive:
        turn.effects.append(DeleteInput())
    commands.run(turn, Reserved.BACK)
    return True


def answer_review(turn: TurnState, asked: Asked, text: str) -> bool:
    """Answer a "yes" or "no" at the review of all answers; return False for any other text.

    "Yes" only says that the answers are right. The person has to send them with the word "send",
    because sending is a legal act. Neither word chooses a topic that was offered.
    """
    if not isinstance(turn.question(asked), Review) or text.strip().isdecimal():
        return False
    is_yes = turn.words.yes_no(text, asked.language)
    if is_yes is False or turn.words.rejects(text):
        answering.answer(turn, asked, "edit", typed=True)
        return True
    if is_yes or turn.words.confirms(text):
        turn.say_and_reprompt(NOT_SENT)
        return True
    return False


def explain(turn: TurnState, other: Button) -> bool:
    """Tell the person how to correct an answer of the open form; at its review, ask which answer.

    `other` is a button for a person who meant something else. Returns False if the person has sent
    a registration, or if the form only leads to an officer.
    """
    flow = turn.flows.get(turn.c.flow)
    if flow is None or flow.hands_over or turn.c.registration is not None:
        return False
    if turn.c.asked is not None and isinstance(turn.question(turn.c.asked), Review):
        answering.ask_what_to_edit(turn)
        return True
    turn.say(((CORRECT,),), (other, *turn.person_button()), leaves=False)
    turn.ask()
    return True
