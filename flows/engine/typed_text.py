"""Handles typed text: a command, danger, an answer, a message for an officer, or a question."""

from flows.engine import (
    answering,
    commands,
    corrections,
    external_model,
    hearing,
    hint_screens,
    household_screens,
    join_screens,
    limit_screens,
    lookup_screens,
    no_answer,
    pin_screens,
    prompting,
    referral_screens,
    referrals,
    repeating,
    safety,
    screens,
    suggestion_screens,
    typed_answers,
    typed_members,
    typed_screens,
    voice_messages,
)
from flows.engine.fast_replace import replace
from flows.engine.flow import Consent
from flows.engine.joining import read_code
from flows.engine.language_protocol import SAFETY, Refusal, Reserved
from flows.engine.options import Option
from flows.engine.questions import FreeText, PersonName, is_parsed
from flows.engine.recognition import Confidence, Danger
from flows.engine.state import Asked, Heard
from flows.engine.text import Text, verbatim
from flows.engine.turn import TurnState
from flows.engine.word_count import count_words

# Longer texts are cut to this many characters, because no parser accepts them and parsing takes
# time.
MAX_READ = 5000
# A text of at least this many words may be a question of the person, also where a name or a place
# is asked for.
MIN_QUESTION_WORDS = 3
# A Chinese name has up to four characters, which count as two words.
MAX_NAME_WORDS = 2
# Refusals of a text that was read as a date or a number, so that it is no question of the person.
READ_AS_FIGURES = (
    *(Refusal.TWO_DIGIT_YEAR, Refusal.FUTURE, Refusal.TOO_OLD),
    *(Refusal.TOO_SMALL, Refusal.TOO_LARGE),
)
# Reserved words that are executed even while an officer has the conversation. Other reserved words
# except the safety words are passed to the officer.
BESIDE_OFFICER = (Reserved.MENU, Reserved.LANGUAGE)


def handle_text(turn: TurnState, text: str) -> None:
    """Handle a typed text.

    The text is tried in this order: command, text for an officer, danger, answer, question.
    """
    text = turn.text = text[:MAX_READ]
    command = turn.words.command(text)
    word = command[0] if command else _reserved(turn, text)
    if command and command[0] is Reserved.START:
        return commands.start(turn, command[1])
    if command or word in SAFETY:
        return commands.run(turn, word) if word else turn.say_and_reprompt(screens.HELP)
    if (words := voice_messages.read_typed(turn, text)) is not None:
        return handle_text(turn, words) if words else None
    asked = turn.c.asked
    if turn.c.language and not turn.c.with_officer and (code := read_code(text)):
        return join_screens.offer(turn, code)
    if asked is not None and asked.key == limit_screens.APPEAL:
        return _handle_appeal(turn, asked, text, word)
    if not turn.c.with_officer and (code := referrals.read_code(text)):
        return referral_screens.find(turn, code)
    if turn.c.with_officer and (asked is None or not _is_screen_answer(turn, asked, text)):
        return _handle_beside_officer(turn, text, word)
    if not turn.c.language:
        return _handle_first_text(turn, text, word)
    if turn.words.same(text, turn.words.render(safety.URGENT_PERSON, turn.c.language)):
        return commands.to_person(turn, safety.TOPIC)
    if safety.is_clear(turn, text):
        return safety.answer(turn, text)
    if safety.show_again(turn, text):
        return None
    if asked is None:
        return _handle_unasked(turn, text, word)
    if turn.c.update_waits and not word:
        return _handle_unseen(turn, text)
    _handle_answer(turn, asked, text, word)


def _reserved(turn: TurnState, text: str) -> Reserved | None:
    """Return the reserved word that is the whole text, or None.

    "Cancel" is no reserved word if there is nothing to cancel: it may be a question about a
    registration. "Do not write to me" is none if it answers the open question.
    """
    word, asked = turn.words.reserved(text), turn.c.asked
    question = turn.question(asked) if asked and word is Reserved.STOP else None
    if question is not None and turn.words.options(text, question.name):
        return None
    is_open = turn.c.flow or (asked and asked.key not in (screens.MENU, screens.REPLY))
    return None if word is Reserved.CANCEL and not is_open else word


def _handle_beside_officer(turn: TurnState, text: str, word: Reserved | None) -> None:
    """Relay a text to the conversation's officer, unless it is a command or answers a screen."""
    asked = turn.c.asked
    is_asked_there = bool(turn.c.requested_upload or turn.c.after_pin)
    runs = word in BESIDE_OFFICER or (word is Reserved.LINK and is_asked_there)
    control = _written_control(turn, text) or (word if runs else None)
    if control:
        return commands.run(turn, control)
    if asked is None or not _declines(turn, asked, text, word):
        return commands.relay(turn, text)
    if any(option.key == "no" for option in asked.options):
        return answering.answer(turn, asked, "no", typed=True)
    turn.ask()


def _declines(turn: TurnState, asked: Asked, text: str, word: Reserved | None) -> bool:
    """Return True for a "no", "back" or "cancel" that answers one of the assistant's own screens.

    A number is no answer here, but a message to the officer.
    """
    if not asked.is_screen or asked.key == limit_screens.LIMIT:
        return False
    says_no = turn.words.yes_no(text, asked.language) is False and not text.strip().isdecimal()
    return says_no or word in (Reserved.BACK, Reserved.CANCEL)


def _handle_appeal(turn: TurnState, asked: Asked, text: str, word: Reserved | None) -> None:
    """Handle the text of an appeal against a message limit.

    An appeal that speaks of danger is passed on and also handled as danger.
    """
    if any(turn.words.same(text, option.words) for option in asked.options):
        return limit_screens.show(turn)
    control = word or _written_control(turn, text)
    if control:
        return commands.run(turn, control)
    if not limit_screens.take_appeal(turn, text):
        return
    if turn.danger(text) is not Danger.CLEAR:
        turn.say(((limit_screens.APPEALED,),), (), service=True)
    elif turn.c.with_officer:
        commands.relay(turn, text)
    else:
        safety.answer(turn, text)


def _handle_answer(turn: TurnState, asked: Asked, text: str, word: Reserved | None) -> None:
    """Handle a text as the answer to the open question; if it is none, as the person's question."""
    if corrections.take_yes_or_no(turn, asked, text) or (
        asked.suggests and hearing.take_offered(turn, asked, text)
    ):
        return None
    word = word or _written_control(turn, text) or no_answer.reserved_word(turn, asked, text)
    if word and isinstance(turn.question(asked), safety.WRITTEN):
        return commands.run(turn, word)
    if turn.words.same(text, turn.words.render(screens.KEEP, asked.language)):
        return answering.keep(turn, asked)
    reading = typed_answers.read(turn, asked, text)
    if isinstance(reading, Refusal):
        after_no = corrections.read_after_no(turn, asked, text, reading)
        if after_no is None:
            return None
        reading = after_no
    if isinstance(reading, Refusal) and _handle_remark(turn, asked, text, word):
        return None
    if suggestion_screens.may_take(turn, asked, text, reading):
        return suggestion_screens.take(turn, text)
    may_tell = count_words(text) >= MIN_QUESTION_WORDS and not is_parsed(turn.question(asked))
    if isinstance(reading, Refusal) or may_tell:
        safety.note_suspicion(turn, text)
    if reading is Refusal.NOT_LISTED:
        reading = _resembling(turn, asked, text) or reading
    if isinstance(reading, Refusal) or _is_question_instead(turn, asked, text, reading):
        refusal = reading if isinstance(reading, Refusal) else Refusal.NOT_LISTED
        if _may_ask(turn, asked, text, refusal) and hearing.answer_question(turn, text):
            return external_model.consider(turn, text)
        return answering.refuse(turn, asked, refusal)
    if isinstance(reading, str):
        return typed_members.answer(turn, asked, reading, text)
    answering.narrow(turn, asked, reading)


def _handle_remark(turn: TurnState, asked: Asked, text: str, word: Reserved | None) -> bool:
    """Handle a request to repeat, a reserved word or an acknowledgement; return False if none."""
    if repeating.repeat(turn, text):
        return True
    if word:
        _run_word(turn, text, word)
        return True
    return hearing.acknowledge(turn, asked, text)


def _run_word(turn: TurnState, text: str, word: Reserved) -> None:
    # "Help" may be a call for help in danger.
    if word is Reserved.HELP and turn.danger(text).is_urgent:
        safety.note_suspicion(turn, text)
    commands.run(turn, word)


def _handle_unseen(turn: TurnState, text: str) -> None:
    """Handle a text while the person has not opened a withheld message.

    The person has not seen the open question, so the text cannot be an answer to it.
    """
    if not hearing.answer_question(turn, text):
        turn.ask()


def _handle_unasked(turn: TurnState, text: str, word: Reserved | None) -> None:
    """Handle a text while no question is open, for example after the person cleared the chat."""
    if word:
        return commands.run(turn, word)
    if turn.understanding is None:
        return commands.start(turn, "")
    if not hearing.answer_question(turn, text):
        return turn.ask()
    external_model.consider(turn, text)


def _handle_first_text(turn: TurnState, text: str, word: Reserved | None) -> None:
    """Handle a person's first text: guess its language and answer it, or ask for the language.

    The label of a language is taken as the answer to the question for the language.
    """
    asked = turn.c.asked
    reading = typed_answers.read(turn, asked, text) if asked else Refusal.NOT_LISTED
    if asked and not isinstance(reading, Refusal) and isinstance(reading, str):
        return answering.answer(turn, asked, reading, typed=True)
    guessed = turn.words.guess(text) if turn.understanding else None
    if word is Reserved.HELP:
        return _handle_first_help(turn, text, guessed)
    if word:
        return commands.run(turn, word)
    if guessed is None:
        return _ask_language(turn, text)
    _choose_guessed(turn, guessed)
    if safety.is_clear(turn, text):
        return safety.answer(turn, text)
    _greet(turn, is_brief=hearing.has_topic(turn, text))
    safety.note_suspicion(turn, text)
    if turn.words.acknowledges(text, guessed) or not hearing.answer_question(turn, text):
        turn.ask()


def _handle_first_help(turn: TurnState, text: str, guessed: str | None) -> None:
    """Answer a first message "help", which may ask for instructions or for help in danger."""
    if guessed is None:
        turn.notes += [(screens.FIRST_HELP,), (safety.ONE_SENTENCE,)]
        return turn.ask()
    _choose_guessed(turn, guessed)
    if safety.is_clear(turn, text):
        # The word "help" does not show the kind of danger, so the general safety answer is shown.
        return safety.show(turn, "")
    _greet(turn, is_brief=False)
    turn.notes.append((safety.ONE_SENTENCE,))
    commands.run(turn, Reserved.HELP)


def _choose_guessed(turn: TurnState, language: str) -> None:
    turn.c = replace(turn.c, language=language, asked=None)
    turn.guessed = True


def _greet(turn: TurnState, *, is_brief: bool) -> None:
    """Introduce the assistant; briefly if the reply to the person's question follows."""
    language = screens.guessed(turn.words, turn.c.language)
    brief = ((screens.BRIEF_WELCOME,), (screens.RISK,))
    turn.notes += [*(brief if is_brief else screens.welcome()), (language,)]


def _ask_language(turn: TurnState, text: str) -> None:
    """Ask for the language; the recognized question is answered once the language is chosen."""
    found = turn.recognize(text)
    is_clear, danger = found.danger is Danger.CLEAR, found.danger is not Danger.NONE
    if is_clear or found.confidence is not Confidence.UNKNOWN:
        intent = found.danger_intent if is_clear else None
        sure = found.confidence is Confidence.SURE
        turn.c = replace(turn.c, heard=Heard(found.intents, sure, turn.entities(text), intent))
    above = [(each,) for each in safety.BEFORE_A_LANGUAGE] if danger else []
    turn.notes += [*above, *_foreign_paragraphs(turn, text, is_danger=danger)]
    if turn.c.asked is not None and not danger:
        return answering.refuse(turn, turn.c.asked, Refusal.NOT_LISTED)
    typed_screens.close(turn)
    turn.c = replace(turn.c, flow="", suspended_flow="")
    prompting.ask_language(turn)


def _foreign_paragraphs(turn: TurnState, text: str, *, is_danger: bool) -> list[tuple[Text, ...]]:
    """Return a paragraph in the language of a text if Kosh certainly does not offer this language.

    The paragraph follows the sentences about danger, which are in every offered language.
    """
    lines = turn.words.foreign_lines(text, is_danger=is_danger) if turn.understanding else ()
    return [tuple(map(verbatim, lines))] if lines else []


def _resembling(turn: TurnState, asked: Asked, text: str) -> tuple[Option, ...]:
    """Return the options that a text resembles; () if it resembles only one urgent matter.

    That one alone could hide the urgent matter that the person means.
    """
    found = typed_answers.resembling(turn, asked, text)
    is_urgent = any(each.key == safety.TOPIC for each in asked.options)
    return () if is_urgent and len(found) == 1 else found


def _is_question_instead(turn: TurnState, asked: Asked, text: str, value: object) -> bool:
    """Return True if a text is more likely a question, although `value` would be a valid answer.

    The label or number of an option is always an answer. So is a name with an introduction, such
    as "my name is Gulnar", which the recognizer takes for a greeting.
    """
    question = turn.question(asked)
    if question is None or turn.understanding is None or _is_chosen(turn, asked, text):
        return False
    if isinstance(question, PersonName) and count_words(str(value)) < count_words(text):
        return False
    if isinstance(question, FreeText) and turn.words.asks(text):
        return not _is_for_officer(turn, asked)
    if count_words(text) < MIN_QUESTION_WORDS or _is_for_officer(turn, asked):
        return False
    if not isinstance(question, safety.WRITTEN) and not turn.words.asks(text):
        return False
    # Answers to some questions are often recognized by mistake as these intents.
    mistaken = question.resembles if isinstance(question, FreeText) else ()
    return turn.is_sure(text) and not set(turn.recognize(text).intents) <= set(mistaken)


def _is_chosen(turn: TurnState, asked: Asked, text: str) -> bool:
    return text.strip().isdecimal() or any(
        turn.words.same(text, option.words) for option in asked.options
    )


def _is_for_officer(turn: TurnState, asked: Asked) -> bool:
    flow = turn.flows.get(asked.flow)
    return flow is not None and flow.hands_over


def _may_ask(turn: TurnState, asked: Asked, text: str, refusal: Refusal) -> bool:
    """Return True if a text that was refused as an answer may be a question.

    These texts are no questions: an empty text; a mistyped name, address, code or year; digits in
    place of a private answer; "yes" or "no" to a consent.
    """
    if turn.understanding is None or refusal in (Refusal.EMPTY, *READ_AS_FIGURES):
        return False
    question = turn.question(asked)
    if isinstance(question, Consent) and turn.words.yes_no(text, asked.language) is not None:
        return False
    if isinstance(question, PersonName) and not _is_worded_as_question(turn, text, refusal):
        return False
    if asked.key in hint_screens.TYPED and hint_screens.may_be_address(text):
        return False
    secrets = (pin_screens.PIN, household_screens.CODE, *lookup_screens.TYPED)
    typed_secret = asked.key in secrets
    private = typed_secret or (question is not None and question.sensitive)
    return not (private and any(each.isdigit() for each in text))


def _is_worded_as_question(turn: TurnState, text: str, refusal: Refusal) -> bool:
    """Return True if the words or the topic of a text show a question, not a mistyped name.

    The topic of one word, or of four Chinese characters, shows it only for small talk, which is no
    name: the recognizer takes "Ахметов" for thanks, and "Азамат" means citizen.
    """
    is_short = len(text.split()) == 1 and count_words(text) <= MAX_NAME_WORDS
    may_be_name = is_short and refusal is not Refusal.NOT_LISTED
    return turn.words.asks(text) or (not may_be_name and turn.is_sure(text))


def _is_screen_answer(turn: TurnState, asked: Asked, text: str) -> bool:
    """Return True if a PIN is asked for and the text may be one.

    While an officer has the conversation, all other screens accept only buttons: a typed "yes" is
    passed to the officer.
    """
    if asked.key != pin_screens.PIN:
        return False
    return not isinstance(typed_answers.read(turn, asked, text), Refusal)


def _written_control(turn: TurnState, text: str) -> Reserved | None:
    """Return the reserved word of the button whose label was typed; None for any other text."""
    controls = [(screens.EXIT, Reserved.EXIT), (screens.PERSON, Reserved.PERSON)]
    if turn.c.with_officer:
        controls.append((screens.BACK_TO_BOT, Reserved.MENU))
    for label, word in controls:
        if turn.words.same(text, turn.words.render(label, turn.c.language)):
            return word
    return None
