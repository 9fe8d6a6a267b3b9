"""Tells a person who made a mistake in an open form how to correct it."""

from flows.engine import answering, commands, labels, safety, typed_answers
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
    meant = turn.words.options(text, earlier.item.name) & {
        each.key for each in earlier.item.options
    }
    reading = Reading(turn.words, asked.language, turn.today)
    if not meant and isinstance(earlier.item.read(text, reading), Refusal):
        return False
    if earlier.item.sensitive:
        turn.effects.append(DeleteInput())
    commands.run(turn, Reserved.BACK)
    return True


def take_yes_or_no(turn: TurnState, asked: Asked, text: str) -> bool:
    """Handle a "yes" or "no" at a review, or a "no" at a notice; return False for any other text.

    These words never choose a topic that was offered.
    """
    question = turn.question(asked)
    is_yes = None if text.strip().isdecimal() else turn.words.yes_no(text, asked.language)
    if isinstance(question, Review):
        return _answer_review(turn, asked, text, is_yes=is_yes)
    # "No" alone may answer a question inside a notice of a risk, so only "that is wrong" counts.
    is_no = is_yes is False and isinstance(question, HandoffOffer)
    if isinstance(question, HandoffOffer | Notice) and (is_no or turn.words.rejects(text)):
        commands.run(turn, Reserved.BACK)
        return True
    return isinstance(question, HandoffOffer) and _answers_earlier(turn, asked, text)


def _answers_earlier(turn: TurnState, asked: Asked, text: str) -> bool:
    """Ask the question before an offer of an officer again if a text only answers that question.

    A text after the question about danger may speak of danger, so it never counts as its answer.
    """
    flow_path = turn.path()
    earlier = flow_path[1].before(asked.key) if flow_path else None
    if earlier is None or any(each.key == safety.TOPIC for each in earlier.item.options):
        return False
    is_answer = not isinstance(typed_answers.read(turn, asked, text), Refusal)
    return not is_answer and not turn.words.asks(text) and _go_back(turn, asked, text, fits=False)


def _answer_review(turn: TurnState, asked: Asked, text: str, *, is_yes: bool | None) -> bool:
    """Answer a "yes" or "no" at the review of all answers; return False for any other text.

    "Yes" only says that the answers are right. The person has to send them with the word "send",
    because sending is a legal act.
    """
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
