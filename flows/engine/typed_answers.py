"""Reads a typed text as an answer to the last question."""

import re

from flows.engine import hint_screens, household_screens, lookup_screens, pin_screens, screens
from flows.engine.checklist_screens import Screen
from flows.engine.flow import GO_ON, Consent, HandoffOffer, RepeatingGroup, Review
from flows.engine.language_protocol import Refusal
from flows.engine.options import Option, Reading, TypedAnswer
from flows.engine.questions import Choice, CountryQuestion, Question, YesNo
from flows.engine.recognition import Danger
from flows.engine.state import Asked
from flows.engine.turn import MAX_AT_ONCE, PAGE, TurnState
from flows.engine.word_count import HAN, count_words

# Maximum number of typed words that may be the label of an option in another grammatical form.
MAX_LABEL_WORDS = 3
# Maximum number of words in which a person names a wrong answer at the review of all answers.
MAX_NAMING_WORDS = 6
# Chinese characters before the label "name" that are not part of another word: my, this, change.
HAN_BEFORE_LABEL = "我的这改"

# The year in a text that corrects a year of birth. A longer number may be a telephone number.
YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
# Screens that ask for a consent. Only the label of a button or a clear "no" counts as an answer
# there, because a typed "yes" or number is no explicit consent.
CONSENTS = (Screen.KEEP, Screen.CHANGES, household_screens.CONSENT)


def read(turn: TurnState, asked: Asked, typed: str) -> TypedAnswer:
    """Return the answer in a typed text, a refusal, or the options that the text may mean.

    If the text itself asks something, such as "only me?", its option is only proposed, unless the
    text is the label of a button.
    """
    question, found = turn.question(asked), _read(turn, asked, typed)
    is_label = any(turn.words.same(typed, each.words) for each in asked.options)
    if question is None or not _may_narrow(question) or question.asks_freely or is_label:
        return found
    proposed = tuple(option for option in question.options if option.key == found)
    return proposed if proposed and turn.words.asks(typed) else found


def _read(turn: TurnState, asked: Asked, typed: str) -> TypedAnswer:
    question = turn.question(asked)
    if chosen := _chosen(turn, asked, question, typed):
        return chosen
    if asked.key == screens.LANGUAGE and (language := turn.words.language(typed)):
        return language
    if asked.key == pin_screens.PIN:
        return pin_screens.read_pin(turn, typed)
    if asked.key in lookup_screens.TYPED:
        return lookup_screens.read(turn, asked.key, typed)
    if asked.key == household_screens.CODE:
        return household_screens.read(turn, typed)
    if asked.key in hint_screens.TYPED:
        return hint_screens.read(turn, asked.key, typed)
    if turn.words.text(typed, len(typed)) is Refusal.EMPTY:
        return Refusal.EMPTY
    if isinstance(question, Consent) or asked.key in CONSENTS:
        return "refuse" if _refuses(turn, asked, typed) else Refusal.NOT_LISTED
    if question is None or _takes_position(question):
        number = turn.words.number(typed, 1, len(asked.options) or 1)
        if isinstance(number, int) and asked.options:
            return asked.options[number - 1].key
    if position := _position(turn, asked, question, typed):
        return asked.options[position - 1].key
    if question is not None and question.asks_freely and turn.understanding is not None:
        return Refusal.NOT_LISTED
    if question is None:
        return _read_screen(turn, asked, typed)
    citizenship = turn.answered_citizenship()
    reading = Reading(turn.words, asked.language, turn.today, citizenship)
    found = question.read(typed, reading)
    return _after_yes_or_no(turn, asked, typed, reading) if found is Refusal.NOT_LISTED else found


def _refuses(turn: TurnState, asked: Asked, typed: str) -> bool:
    """Return True if a text clearly means "no" where a consent can be refused.

    A number, a sign or "that is wrong" is not clear enough.
    """
    has_option = any(option.key == "refuse" for option in asked.options)
    is_clear = any(map(str.isalpha, typed)) and not turn.words.rejects(typed)
    is_no = turn.words.yes_no(typed, asked.language) is False
    return has_option and is_clear and (is_no or "refuse" in turn.words.options(typed, ""))


def _says_wrong(turn: TurnState, asked: Asked, typed: str) -> bool:
    """Return True for "no" at the review of all answers, also before other words."""
    is_no = turn.words.yes_no(typed, asked.language) is False and not typed.strip().isdecimal()
    return is_no or bool(turn.words.after_no(typed, asked.language))


def _names_answer(turn: TurnState, asked: Asked, typed: str) -> bool:
    """Return True if a few words have the label of an answer or a year, as in "it is 1962".

    Return False after "yes", as in "yes, the year of birth is right".
    """
    flow_path, words = turn.path(), turn.words
    if flow_path is None or count_words(typed) > MAX_NAMING_WORDS:
        return False
    after = words.after_yes_or_no(typed, asked.language)
    if (after is not None and after[0]) or turn.danger(typed) is not Danger.NONE:
        return False
    items = [step.item for step in flow_path[1].steps if screens.can_change(step)]
    labels = [words.render(item.label, asked.language) for item in items]
    has_year = YEAR.search(typed) is not None
    return has_year or any(_begins_word(typed.casefold(), each.casefold()) for each in labels)


def _begins_word(typed: str, label: str) -> bool:
    """Return True if a text has a label at the beginning of a word.

    In Chinese, a label of several characters may be anywhere, because there are no spaces.
    """
    if HAN.match(label) and len(label) > 1:
        return label in typed
    return bool(re.search(rf"(?<![^\W{HAN_BEFORE_LABEL}]){re.escape(label)}", typed))


def _after_yes_or_no(turn: TurnState, asked: Asked, typed: str, reading: Reading) -> TypedAnswer:
    """Return the answer in the words after "yes" or "no", as voice input writes it: without commas.

    Words with the opposite meaning are no answer, such as "no I was". After "no" without a comma,
    an answer that says something else is only proposed: in Russian, "no" may deny it, as in "I have
    no husband".
    """
    question, found = turn.question(asked), turn.words.after_yes_or_no(typed, asked.language)
    if found is None or not isinstance(question, Choice) or isinstance(question, Review):
        return Refusal.NOT_LISTED
    is_yes, rest = found
    meant = _chosen(turn, asked, question, rest) or question.read(rest, reading)
    if isinstance(meant, Refusal | tuple) or meant == ("no" if is_yes else "yes"):
        return Refusal.NOT_LISTED
    has_comma = bool(turn.words.after_no(typed, asked.language))
    if is_yes or has_comma or meant in ("no", "none") or not _may_narrow(question):
        return meant
    return tuple(option for option in question.options if option.key == meant)


def _chosen(turn: TurnState, asked: Asked, question: Question | None, typed: str) -> str:
    """Return the key of the option that was typed: its label, other words for it, or half of it.

    "No" to the question whether all answers are right chooses to change one. Returns "" if no
    option was typed. The question "send?" at this review sends nothing.
    """
    if isinstance(question, Review) and turn.words.asks(typed):
        return ""
    labels = [each.key for each in asked.options if turn.words.same(typed, each.words)]
    if labels or question is None or isinstance(question, Consent):
        return labels[0] if labels else ""
    if isinstance(question, Review) and (
        _says_wrong(turn, asked, typed) or _names_answer(turn, asked, typed)
    ):
        return "edit"
    if isinstance(question, HandoffOffer):
        return _take_offer(turn, asked, typed, question)
    meant = turn.words.options(typed, question.name)
    named = [each.key for each in asked.options if each.key in meant]
    language = asked.language
    # If only one option is shown for confirmation, "no" rejects it, even where "no" is a word for
    # this option ("no passport").
    denies = len(asked.options) == 1 and turn.words.yes_no(typed, language) is False
    if len(named) == 1 and not denies:
        return named[0]
    halves = [each.key for each in asked.options if turn.words.half(typed, each.words, language)]
    if len(halves) == 1:
        return halves[0]
    # A typed text resembled only this option, and Kosh asked if it was meant. The digit 1 means yes
    # elsewhere, but here it may be an answer, such as a period.
    is_only = len(asked.options) == 1 and _may_narrow(question) and not typed.strip().isdecimal()
    return asked.options[0].key if is_only and turn.words.yes_no(typed, language) else ""


def _take_offer(turn: TurnState, asked: Asked, typed: str, offer: HandoffOffer) -> str:
    """Return the option that "yes" or "understood" to the offer of an officer means, else ""."""
    if turn.words.yes_no(typed, asked.language) and not typed.strip().isdecimal():
        return "person"
    return "".join(turn.words.options(typed, offer.name) & {GO_ON.key})


def resembling(turn: TurnState, asked: Asked, typed: str) -> tuple[Option, ...]:
    """Return the options of a form's question that a few typed words may mean.

    They are the options whose labels have these words in other grammatical forms. Return () if
    there are none, or if the text itself asks something.
    """
    question = turn.question(asked)
    if question is None or not _may_narrow(question) or question.asks_freely:
        return ()
    # "No" before a sign rejects something else: "no, the family" means the family.
    meant = turn.words.after_no(typed, asked.language) or typed
    if count_words(meant) > MAX_LABEL_WORDS or turn.words.asks(typed):
        return ()
    shown = [each.key for each in asked.options if turn.words.resembles(meant, each.words)]
    return tuple(option for option in question.options if option.key in shown)


def _may_narrow(question: Question) -> bool:
    """Return True if a text may leave one option, to which the person can say yes.

    At a review, yes may also mean that the answers are right, and sending cannot be undone.
    """
    if isinstance(question, CountryQuestion):
        return True
    keys = {option.key for option in question.options}
    is_plain = isinstance(question, Choice) and not isinstance(question, Review)
    return is_plain and len(keys) > 1 and "yes" not in keys


def _takes_position(question: Question) -> bool:
    offers = bool(question.options) or isinstance(question, RepeatingGroup)
    return offers and question.by_position


def _position(turn: TurnState, asked: Asked, question: Question | None, typed: str) -> int | None:
    """Return the position of the option that an ordinal such as "the second one" names, or None.

    Only a choice between topics, places or matters may be answered so. If the options fill several
    pages, "the last one" means that of the first page; on other pages the position is unclear.
    """
    shown = len(asked.options) if len(asked.options) <= MAX_AT_ONCE else PAGE
    if shown == 1 or asked.page or isinstance(question, Review | YesNo):
        return None
    if isinstance(question, Choice | CountryQuestion) or asked.key in (screens.MENU, screens.REPLY):
        return turn.words.position(typed, shown)
    return None


def _read_screen(turn: TurnState, asked: Asked, typed: str) -> str | Refusal:
    is_yes = turn.words.yes_no(typed, asked.language)
    keys = {option.key for option in asked.options}
    if is_yes is not None and keys >= {"yes", "no"}:
        return "yes" if is_yes else "no"
    return Refusal.NOT_LISTED
