"""Screen on which a person reports a sentence that sounds wrong; only a count is stored."""

from collections.abc import Iterable, Iterator

from flows.engine import labels, screens
from flows.engine.fast_replace import replace
from flows.engine.model_events import ReportWording
from flows.engine.options import Option
from flows.engine.questions import Choice
from flows.engine.replies import Reply
from flows.engine.state import Asked
from flows.engine.text import Text, _, button, id_of
from flows.engine.turn import TurnState

WORDING = "~wording"
# With more sentences than these, the buttons would not fit on one screen.
MAX_SENTENCES = 8
# Actions of those buttons below an answer that have the answer's intent in their payload.
ANSWERED = ("more", "else", "open", "wording")

SOUNDS_WRONG = button("Sounds wrong")
WHICH = _(
    "Which sentence is worded wrongly or oddly in this language? Press its number. We count only"
    " the sentence: we do not keep who named it."
)
THANKS = _("Thank you. Translators look first at the sentences that people name.")
NOTHING_SHOWN = _("There is no sentence to choose here. Please write this again after an answer.")
NUMBERED = _("{number}. {sentence}")
NUMBER = button("No. {number}")
SCREEN = Choice(name=WORDING, label=SOUNDS_WRONG, text=WHICH, among=(Option("back", labels.BACK),))


def ask(turn: TurnState, texts: Iterable[Text]) -> None:
    """List the sentences with numbers, at most MAX_SENTENCES, and ask which one sounds wrong."""
    if turn.c.with_officer or not turn.c.language:
        return turn.ask()
    found: dict[str, Text] = {}
    for text in texts:
        if name := id_of(text):
            found.setdefault(name, text)
    chosen = list(found.items())[:MAX_SENTENCES]
    if not chosen:
        return turn.say_and_reprompt(NOTHING_SHOWN)
    lines = tuple(
        _(NUMBERED.msgid, number=number, sentence=text)
        for number, (_name, text) in enumerate(chosen, 1)
    )
    numbers = tuple(
        Option(name, button(NUMBER.msgid, number=number))
        for number, (name, _text) in enumerate(chosen, 1)
    )
    turn.notes.append((WHICH,))
    turn.ask_screen(replace(SCREEN, among=(*numbers, *SCREEN.among)), paragraph=lines)


def answer(turn: TurnState, asked: Asked, key: str) -> None:
    """Count a report that the sentence `key` is badly worded; the key `back` counts nothing.

    Then the open question is repeated, or the menu is shown if no question is open.
    """
    turn.replaces = False
    if key == "back":
        return turn.ask()
    turn.effects.append(ReportWording(asked.language, key))
    turn.say_and_reprompt(THANKS)


def of_replies(turn: TurnState, replies: Iterable[Reply]) -> Iterator[Text]:
    """Yield all sentences of the replies: their openings and their further text."""
    for reply in replies:
        yield from reply.opening(turn.today, turn.citizenship())
        yield from reply.more(turn.today, turn.citizenship())


def shown(turn: TurnState) -> list[Text]:
    """Return the sentences of the answer on the screen, or of the open question and its buttons."""
    asked = turn.c.asked
    options = asked.options if asked is not None and asked.key == screens.REPLY else ()
    names = [option.key.partition(".") for option in options]
    intents = dict.fromkeys(intent for action, _dot, intent in names if action in ANSWERED)
    texts = list(of_replies(turn, [each for name in intents if (each := turn.reply(name))]))
    return texts or _of_question(turn)


def _of_question(turn: TurnState) -> list[Text]:
    says = turn.prompted()
    texts = [text for say in says for paragraph in say.paragraphs for text in paragraph]
    labels_shown = [each.label for say in says for each in say.buttons]
    return texts + [label for label in labels_shown if isinstance(label, Text)]
