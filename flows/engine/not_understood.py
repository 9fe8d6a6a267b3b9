"""Sentences for texts that were not understood; the wording depends on how many there were."""

from flows.engine import labels
from flows.engine.fast_replace import replace
from flows.engine.text import Text, _
from flows.engine.turn import TurnState

PERSON_UNDERSTANDS = _(
    "A person will understand you better: press “{talk_to_a_person}”. Similar topics:",
    talk_to_a_person=labels.TALK_TO_A_PERSON,
)
LINES = (
    _("I did not understand this. People often ask about these topics:"),
    _("I did not understand this either. Please write one short question, or choose a topic:"),
    PERSON_UNDERSTANDS,
)
IN_FORM = (
    _("I found no answer and no topic in this. Do you mean one of these topics?"),
    _("I did not understand this either. Do you mean one of these topics?"),
    PERSON_UNDERSTANDS,
)
OTHER_WORDS = (
    _("Please ask once more in other words, in one short sentence, or talk to a person."),
    _("Then I do not know the topic yet. Please try one word, for example: passport."),
    _(
        "I still cannot tell what you mean. A person can: press “{talk_to_a_person}”.",
        talk_to_a_person=labels.TALK_TO_A_PERSON,
    ),
)


def next_line(turn: TurnState, lines: tuple[Text, ...]) -> Text:
    """Return a sentence from `lines` for a text that was not understood, and count this text.

    The sentence differs from the one for the previous text that was not understood.
    """
    times = turn.c.not_understood
    turn.c = replace(turn.c, not_understood=times + 1)
    return lines[2 - times % 2 if times else 0]
