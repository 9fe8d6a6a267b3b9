"""Practice in Kazakh at level A1: everyday words and customs, in both scripts.

The questions were written for Kosh and are not from the real test. Statements about customs have a
source.
"""

from dataclasses import dataclass

from flows.engine.options import Option
from flows.engine.text import Text, _, row


@dataclass(frozen=True, slots=True, kw_only=True)
class Exercise:
    """One exercise: Kazakh words in Cyrillic and Arabic script, and their meaning.

    `why` explains the right answer; `source` is a page that describes the custom.
    """

    key: str
    kazakh: str
    arabic: str
    ask: Text
    among: tuple[Option, ...]
    right: str
    why: Text
    source: str = ""


MEANING = _("What does this mean?")
SAID_TO_GREET = Option("greeting", row("Hello"))
SAID_TO_PART = Option("farewell", row("Goodbye"))
SAID_TO_THANK = Option("thanks", row("Thank you"))
NAME = Option("name", row("What is your name?"))
HOME = Option("home", row("Where do you live?"))
AGE = Option("age", row("How old are you?"))

EXERCISES = (
    Exercise(
        key="hello",
        kazakh="Сәлеметсіз бе!",
        arabic="سالەمەتسىز بە!",
        ask=MEANING,
        among=(SAID_TO_THANK, SAID_TO_GREET, SAID_TO_PART),
        right="greeting",
        why=_("A polite greeting, to one person or to several."),
    ),
    Exercise(
        key="your_name",
        kazakh="Атыңыз кім?",
        arabic="اتىڭىز كىم؟",
        ask=MEANING,
        among=(NAME, HOME, AGE),
        right="name",
        why=_("“{word}” is a name; “{question}” asks who.", word="Ат", question="кім"),
    ),
    Exercise(
        key="your_home",
        kazakh="Сіз қайда тұрасыз?",
        arabic="ءسىز قايدا تۇراسىز؟",
        ask=MEANING,
        among=(NAME, HOME, AGE),
        right="home",
        why=_("“{word}” asks where.", word="Қайда"),
    ),
    Exercise(
        key="weekday",
        kazakh="Бүгін сейсенбі.",
        arabic="بۇگىن سەيسەنبى.",
        ask=_("Which day is it today?"),
        among=(
            Option("monday", row("Monday")),
            Option("tuesday", row("Tuesday")),
            Option("friday", row("Friday")),
        ),
        right="tuesday",
        why=_("“{word}” is Tuesday, “{today}” is today.", word="Сейсенбі", today="бүгін"),
    ),
    Exercise(
        key="nauryz",
        kazakh="Наурыз мейрамы",
        arabic="ناۋرىز مەيرامى",
        ask=_("When is this feast?"),
        among=(
            Option("december", row("In December")),
            Option("june", row("In June")),
            Option("march", row("In March")),
        ),
        right="march",
        why=_("Nauryz is the new year in spring; 21, 22 and 23 March are days off."),
        source="https://www.inform.kz/en/kazakhstan-celebrates-nauryz-meiramy_a3913779/amp",
    ),
    Exercise(
        key="dombyra",
        kazakh="Домбыра",
        arabic="دومبىرا",
        ask=_("What is it?"),
        among=(
            Option("dish", row("A dish")),
            Option("instrument", row("An instrument")),
            Option("game", row("A game")),
        ),
        right="instrument",
        why=_("The dombyra is the best-known Kazakh instrument. It has two strings."),
        source="https://lbcone.hkust.edu.hk/music-costumes/musical-instruments/kazakh-dombyra",
    ),
)
