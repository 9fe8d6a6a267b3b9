"""The safety message for people in danger, which has priority over all other replies."""

from flows.engine import labels, screens, typed_answers, written_language
from flows.engine.events import Button, Kind
from flows.engine.fast_replace import replace
from flows.engine.flow import HandoffOffer
from flows.engine.language_protocol import Refusal, Reserved
from flows.engine.questions import FreeText, PersonName
from flows.engine.recognition import Danger
from flows.engine.state import Asked, Heard
from flows.engine.text import _, button
from flows.engine.turn import TurnState
from flows.engine.word_count import count_words

URGENT, BACK = "?urgent", "?back"
# Types of questions that are answered in the person's own words, without options.
WRITTEN = (FreeText, PersonName)
# A text of more words says enough for the recognizer to find danger in it.
MAX_PLAIN_WORDS = 3
# Topic of the officer flow for people who are in danger.
TOPIC = "danger"
# The first line must not reveal that the message is about danger, because a phone's lock screen
# shows it.
READ_ALONE = _("Thank you for writing. Please read this when you are alone.")
NO_NAMES = _(
    "Please do not write names, addresses or numbers here. If somebody may look at your phone,"
    " press “{close_and_clear}”.",
    close_and_clear=labels.CLOSE_AND_CLEAR,
)
ONE_SENTENCE = _(
    "If somebody is in danger, please do not write names here. Write “person”: urgent questions"
    " are read first."
)
# Sentences that are shown in every language above the choice of a language, if the first message
# may be about danger.
BEFORE_A_LANGUAGE = (READ_ALONE, ONE_SENTENCE)
URGENT_PERSON = button("Urgent: a person")
TO_QUESTION = button("Back to the question")


def is_clear(turn: TurnState, text: str) -> bool:
    """Return True if a text speaks of danger and is to be answered by the safety message.

    A text for an officer is passed on instead. The label of an option is an answer, and so is a
    text without letters, such as a date.
    """
    if not any(each.isalpha() for each in text):
        return False
    asked = turn.c.asked
    if asked is not None and (_is_label(turn, asked, text) or _goes_to_officer(turn, asked)):
        return False
    if asked is not None and _may_be_place(turn, asked, text):
        return turn.is_certain_danger(text)
    if turn.danger(text) is not Danger.CLEAR:
        return False
    if asked is None or asked.is_screen:
        return turn.words.danger(text) or not turn.words.everyday(text)
    return not _is_answer(turn, asked, text)


def note_suspicion(turn: TurnState, text: str) -> None:
    """If a text may speak of danger, put one sentence about danger above the usual reply."""
    asked = turn.c.asked
    if asked is not None and (_is_label(turn, asked, text) or _goes_to_officer(turn, asked)):
        return
    asks_of_danger = asked is not None and _asks_of_danger(turn, asked)
    is_yes = turn.words.yes_no(text, turn.c.language)
    if not asks_of_danger and (is_yes is not None or turn.words.everyday(text)):
        return
    # At a question about danger, a "yes" may speak of danger, which the model cannot know.
    if turn.c.language and ((asks_of_danger and is_yes) or turn.danger(text) is not Danger.NONE):
        turn.notes.append((ONE_SENTENCE,))


def answer(turn: TurnState, text: str) -> None:
    """Send the safety message for a text about danger, with a button for the text's other topic."""
    found = turn.recognize(text)
    written_language.follow(turn)
    show(turn, found.danger_intent, found.also)


def show(turn: TurnState, intent: str, also: str = "") -> None:
    """Send the safety message: advice and contacts for a danger intent.

    A case (request to an officer) is opened only if the person asks for it. `also` is an intent
    whose answer is offered.
    """
    understanding = turn.understanding
    safety = understanding.safety if understanding else {}
    safety_texts = safety.get(intent) or safety.get("")
    lines = safety_texts(turn.today, "") if safety_texts else ()
    # A note would become the first line of the message, which lock screens show. The notes belong
    # to the usual reply, so drop them.
    turn.notes = []
    heard = replace(turn.c.heard or Heard((), sure=False), danger=intent)
    turn.c = replace(turn.c, not_understood=0, heard=heard)
    turn.showed_danger = True
    paragraphs = ((READ_ALONE,), *((line,) for line in lines), (NO_NAMES,))
    language = ((screens.guessed(turn.words, turn.c.language),),) if turn.guessed else ()
    buttons = (Button(URGENT, URGENT_PERSON), *_topic(turn, also), *_back_buttons(turn))
    # On the secure page, the advice must stay there and not appear in the messenger.
    turn.say((*paragraphs, *language), buttons, private=True)


def show_again(turn: TurnState, text: str) -> bool:
    """Send the safety message again if a text right after it asks for the next step.

    Returns False for any other text. At an open question, "yes" answers it, and so does a number.
    """
    danger = turn.c.heard.danger if turn.c.heard else None
    if danger is None:
        return False
    is_open = turn.c.asked is not None and turn.c.asked.key not in (screens.MENU, screens.REPLY)
    is_yes = not is_open and not text.strip().isdecimal()
    is_yes = is_yes and turn.words.yes_no(text, turn.c.language) is True
    if not (is_yes or turn.words.asks_next_step(text) or turn.words.asks_to_repeat(text)):
        return False
    show(turn, danger)
    return True


def _topic(turn: TurnState, intent: str) -> tuple[Button, ...]:
    """Return the button of a topic; a person in danger may also need the answer about the topic."""
    reply = turn.reply(intent)
    if reply is None or reply.label is None:
        return ()
    return (Button(f"?ask.{intent}", reply.label),)


def _back_buttons(turn: TurnState) -> tuple[Button, ...]:
    inside = turn.c.flow in turn.flows
    buttons = [Button(BACK, TO_QUESTION, Kind.CONTROL)] if inside else []
    if turn.guessed:
        buttons.append(written_language.TO_LANGUAGE)
    return (*buttons, Button("!menu", button("Menu"), Kind.CONTROL))


def _is_label(turn: TurnState, asked: Asked, text: str) -> bool:
    return any(turn.words.same(text, each.words) for each in asked.options)


def _may_be_place(turn: TurnState, asked: Asked, text: str) -> bool:
    """Return True if a text may be the name of a region: one word where a place is asked for.

    The recognizer may see danger in the name of a region that occurs in many phrases of danger,
    but never with the certainty that a few words need.
    """
    question = turn.question(asked)
    return isinstance(question, FreeText) and bool(question.resembles) and count_words(text) <= 1


def _is_answer(turn: TurnState, asked: Asked, text: str) -> bool:
    """Return True if a text is more likely an answer to a form's question than about danger.

    The recognizer knows words such as "son", and some names, mostly from messages about danger, but
    no phrase of danger is an answer. At a question for free text, every text is valid, which
    proves nothing. At a question for a name, only one word can be an answer.
    """
    question = turn.question(asked)
    if question is None or question.asks_freely or isinstance(question, FreeText):
        return False
    if turn.words.danger(text):
        return False
    if isinstance(question, PersonName):
        return count_words(text) <= 1 and not turn.is_certain_danger(text)
    is_valid = not isinstance(typed_answers.read(turn, asked, text), Refusal)
    return is_valid or _may_be_plain_answer(turn, asked, text)


def _may_be_plain_answer(turn: TurnState, asked: Asked, text: str) -> bool:
    """Return True if a text of a few words is more likely a mistyped answer than about danger.

    At a question about danger, and beside an offer to talk to an officer, it is taken for danger.
    """
    if isinstance(turn.question(asked), HandoffOffer):
        return False
    if any(option.key == TOPIC for option in asked.options):
        return False
    if turn.words.everyday(text):
        return True
    if count_words(text) > MAX_PLAIN_WORDS:
        return False
    if any(turn.words.reserved(word) is Reserved.HELP for word in text.split()):
        return False
    # A person who is tired of the form gets only the sentence of `note_suspicion`.
    return turn.words.tired(text) or not turn.is_certain_danger(text)


def _asks_of_danger(turn: TurnState, asked: Asked) -> bool:
    """Return True if a question names danger, except the question for an officer's topic.

    Its "yes" only confirms the wish for an officer, and its first option is danger.
    """
    flow = turn.flows.get(asked.flow)
    hands_over = flow is not None and flow.hands_over
    return not hands_over and any(option.key == TOPIC for option in asked.options)


def _goes_to_officer(turn: TurnState, asked: Asked) -> bool:
    flow = turn.flows.get(asked.flow)
    return bool(flow and flow.hands_over and isinstance(turn.question(asked), FreeText))
