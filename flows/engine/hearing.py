"""Handles free text that does not answer the open question: answers it, or offers topics."""

from collections.abc import Sequence

from flows.engine import (
    commands,
    corrections,
    not_understood,
    screens,
    suggestion_screens,
    wording_screens,
    written_language,
)
from flows.engine.edition import notices
from flows.engine.events import Button, Kind, NotUnderstood
from flows.engine.fast_replace import replace
from flows.engine.language_protocol import Reserved
from flows.engine.options import Option
from flows.engine.recognition import COUNTRY_OF_ORIGIN, Confidence
from flows.engine.replies import Reply
from flows.engine.reply_flows import (
    SOMETHING_ELSE,
    YOU_ASK,
    name_topic,
    open_flow,
    something_else,
)
from flows.engine.state import Asked, Heard
from flows.engine.text import Text, _, button
from flows.engine.turn import MAX_AT_ONCE, TurnState
from flows.engine.word_count import count_words

MAX_ANSWERED, MAX_OFFERED = 2, 3

WHICH_ONE = _("Which of these do you mean?")
THIS_ONE = _("Do you mean this?")
NOT_VERIFIED = _("We have no checked answer to this question. A person can answer it.")
WHAT_TO_KNOW = _("Thank you. What would you like to know? People often ask about these topics:")
ACKNOWLEDGED = _("Good. If something else is unclear, please ask.")
MORE = button("More about this")
NONE_OF_THESE = button("None of these")
# Begins `Asked.suggests` if the person was asked which of several topics was meant.
WHICH = "which "
TO_MENU = Button("!menu", button("Menu"), Kind.CONTROL)


def has_topic(turn: TurnState, text: str) -> bool:
    """Return True if a text has a recognized topic; False if it is unclear or small talk."""
    found = turn.recognize(text)
    replies = [reply for intent in found.intents if (reply := turn.reply(intent))]
    return found.confidence is not Confidence.UNKNOWN and any(each.label for each in replies)


def answer_question(turn: TurnState, text: str) -> bool:
    """Answer a text as a question of the person, or offer topics.

    Returns False if the text is more likely a mistyped answer to the open question of the form.
    """
    found = turn.recognize(text)
    replies = [reply for intent in found.intents if (reply := turn.reply(intent))]
    if found.confidence is Confidence.SURE and replies:
        _store_recognized(turn, Heard(found.intents, sure=True, entities=turn.entities(text)))
        also = _labelled_reply(turn, found.also)
        answer(turn, replies[:MAX_ANSWERED], (_topic_option(also),) if also else ())
        return True
    offered = [reply for reply in replies if reply.label]
    if found.confidence is Confidence.UNSURE and offered and _is_question(turn, text):
        _store_recognized(turn, Heard(found.intents, sure=False, entities=turn.entities(text)))
        _offer(turn, offered[:MAX_OFFERED])
        return True
    if found.is_introduction and not _in_form(turn):
        _ask_what(turn, text)
        return True
    turn.effects.append(NotUnderstood(turn.c.language, _step_name(turn)))
    if _in_form(turn) and not _may_offer_topics(turn, text):
        return False
    _offer_topics(turn)
    return True


def acknowledge(turn: TurnState, asked: Asked, text: str) -> bool:
    """Reply to a bare "yes", "no" or "good" after an answer or at the menu.

    Returns False for any other text and for any other open question.
    """
    may_follow = asked.key in (screens.MENU, screens.REPLY)
    if not may_follow or not turn.words.acknowledges(text, asked.language):
        return False
    turn.c = replace(turn.c, not_understood=0)
    turn.say_and_reprompt(ACKNOWLEDGED)
    return True


def answer_again(turn: TurnState, recognized: Heard) -> None:
    """Answer the recognized question again, in the language that the person has just chosen."""
    replies = [reply for intent in recognized.intents if (reply := turn.reply(intent))]
    if recognized.sure:
        return answer(turn, replies[:MAX_ANSWERED])
    _offer(turn, [reply for reply in replies if reply.label][:MAX_OFFERED])


def answer(turn: TurnState, replies: list[Reply], more_options: tuple[Option, ...] = ()) -> None:
    """Send the replies to the recognized questions of a message, with `more_options` as buttons.

    A single reply may also be small talk, run a command or open a flow.
    """
    turn.c = replace(turn.c, not_understood=0)
    first = replies[0]
    if len(replies) > 1:
        return say_answers(turn, [reply for reply in replies if reply.label] or replies)
    if first.label is None:
        turn.notes.append(first.opening(turn.today, turn.citizenship()))
        return turn.ask()
    if first.corrects and _in_form(turn) and corrections.explain(turn, something_else(first)):
        return
    if first.command is not None:
        name_topic(turn, first, first.label)
        # The person must always confirm the deletion of data, because the recognizer may be wrong.
        is_erasure = first.command is Reserved.DELETE
        return commands.ask_to_delete(turn) if is_erasure else commands.run(turn, first.command)
    if first.opens and not _in_form(turn) and open_flow(turn, first, by_sentence=True):
        return
    say_answers(turn, replies, more_options)


def press(turn: TurnState, key: str) -> bool:
    """Handle a button below an answer or a button of a topic; return False for any other button."""
    action, _dot, intent = key.partition(".")
    reply = turn.reply(intent)
    match action:
        case "none":
            _none_of_these(turn)
        case "teach":
            suggestion_screens.ask(turn)
        case "ask" if reply is not None:
            earlier = turn.c.heard or Heard((), sure=True)
            _store_recognized(turn, replace(earlier, intents=(intent,), sure=True))
            answer(turn, [reply])
        case "more" if reply is not None:
            _say_more(turn, reply)
        case "open" if reply is not None:
            if not open_flow(turn, reply):
                turn.ask()
        case "else" if reply is not None:
            near = [each for name in reply.neighbours if (each := _labelled_reply(turn, name))]
            _offer(turn, near, [Option(f"wording.{intent}", wording_screens.SOUNDS_WRONG)])
        case "wording" if reply is not None:
            wording_screens.ask(turn, wording_screens.of_replies(turn, [reply]))
        case _:
            return False
    return True


def take_offered(turn: TurnState, asked: Asked, text: str) -> bool:
    """Choose or reject the offered topics by "yes", "no" or "the second one"; False if it is none.

    A number is the position of an option of the open question. An ordinal never is.
    """
    offered = asked.suggests.removeprefix(WHICH).split()
    if position := turn.words.position(text, len(offered)):
        return press(turn, offered[position - 1])
    topics = [key for key in offered if key.startswith("ask.")]
    is_yes = None if text.strip().isdecimal() else turn.words.yes_no(text, asked.language)
    if turn.words.position(text, MAX_AT_ONCE) or (is_yes and len(topics) > 1):
        return not (is_yes and asked.suggests.startswith(WHICH)) and _ask_which(turn, topics)
    return is_yes is not None and press(turn, topics[0] if is_yes else "none")


def say_answers(
    turn: TurnState, replies: list[Reply], more_options: tuple[Option, ...] = ()
) -> None:
    """Send the opening sentences of each reply with its buttons and with `more_options`."""
    paragraphs: list[tuple[Text, ...]] = [(each,) for each in notices(turn.today)]
    options: list[Option] = []
    for reply in replies:
        opening = reply.opening(turn.today, turn.citizenship()) or (NOT_VERIFIED,)
        head = (_(YOU_ASK.msgid, topic=reply.label),) if reply.label else ()
        paragraphs += [head, *((line,) for line in opening)] if head else [opening]
        options += _reply_options(turn, reply, MORE if len(replies) == 1 else reply.label)
    options.append(Option(f"else.{replies[0].intent}", SOMETHING_ELSE))
    _show(turn, paragraphs, [*options, *more_options])


def _reply_options(turn: TurnState, reply: Reply, more: Text | None) -> list[Option]:
    """Return the buttons below a reply: one for more text (label `more`), and one for its flow."""
    options = []
    if reply.more(turn.today, turn.citizenship()):
        options.append(Option(f"more.{reply.intent}", more or MORE))
    flow = turn.openable(reply.flow)
    if flow is not None and not flow.hands_over and flow.name != turn.c.flow:
        options.append(Option(f"open.{reply.intent}", flow.title))
    return options


def _say_more(turn: TurnState, reply: Reply) -> None:
    lines = reply.more(turn.today, turn.citizenship()) or (NOT_VERIFIED,)
    options = [
        option for option in _reply_options(turn, reply, None) if option.key.startswith("open.")
    ]
    options.append(Option(f"wording.{reply.intent}", wording_screens.SOUNDS_WRONG))
    _show(turn, [(line,) for line in lines], options)


def _offer(turn: TurnState, replies: list[Reply], more_options: Sequence[Option] = ()) -> None:
    """Ask which topic was meant, with a button for each of `replies` and of `more_options`."""
    if not replies:
        return _none_of_these(turn, more_options)
    topics = [_topic_option(reply) for reply in replies[:MAX_OFFERED]]
    question = THIS_ONE if len(topics) == 1 else WHICH_ONE
    options = [*topics, Option("none", NONE_OF_THESE), *more_options]
    _show(turn, [(question,)], options)
    _note_offered(turn, options)


def _ask_which(turn: TurnState, offered: Sequence[str]) -> bool:
    """Offer topics again after a "yes" or an ordinal that chooses none of them; return True.

    The next "yes" answers the open question.
    """
    replies = (_labelled_reply(turn, key.partition(".")[2]) for key in offered)
    topics = [_topic_option(reply) for reply in replies if reply]
    options = [*topics, Option("none", NONE_OF_THESE)]
    _show(turn, [(WHICH_ONE,)], options)
    _note_offered(turn, options, WHICH)
    return True


def _note_offered(turn: TurnState, options: Sequence[Option], mark: str = "") -> None:
    """Store the offered topics with the open question, so that "yes" and "no" do not answer it."""
    asked, offered = turn.c.asked, mark + " ".join(each.key for each in options)
    turn.c = replace(turn.c, asked=replace(asked, suggests=offered) if asked else None)


def _none_of_these(turn: TurnState, more_options: Sequence[Option] = ()) -> None:
    turn.effects.append(NotUnderstood(turn.c.language, _step_name(turn)))
    options = [Option("teach", suggestion_screens.TEACH), *more_options]
    _show(turn, [(not_understood.next_line(turn, not_understood.OTHER_WORDS),)], options)


def _ask_what(turn: TurnState, text: str) -> None:
    """Ask what the person wants to know, after a text about the person that asks nothing."""
    _store_recognized(turn, Heard(_topics(turn), sure=False, entities=turn.entities(text)))
    turn.c = replace(turn.c, not_understood=0)
    options = _topic_options(turn)
    _show(turn, [(WHAT_TO_KNOW,)], options)
    _note_offered(turn, options)


def _offer_topics(turn: TurnState) -> None:
    """Offer likely topics after a text that was not understood.

    The topics depend on the open question, and the wording on the number of these texts.
    """
    options = _topic_options(turn)
    if turn.c.not_understood:
        options.append(Option("teach", suggestion_screens.TEACH))
    lines = not_understood.IN_FORM if _in_form(turn) else not_understood.LINES
    tries = turn.c.asked.tries if turn.c.asked else 0
    _show(turn, [(not_understood.next_line(turn, lines),)], options)
    if _in_form(turn) and turn.c.asked:
        turn.c = replace(turn.c, asked=replace(turn.c.asked, tries=tries + 1))
    _note_offered(turn, options)


def _topics(turn: TurnState) -> tuple[str, ...]:
    topics = turn.understanding.topics if turn.understanding else {}
    asked = turn.c.asked
    if asked is not None:
        question = f"{asked.flow}.{asked.key.partition('@')[0]}"
        for place in (question, asked.key, asked.flow):
            if place and place in topics:
                return topics[place]
    if turn.c.registration is not None:
        return topics.get("~registered", ())
    return topics.get("", ())


def _topic_options(turn: TurnState) -> list[Option]:
    return [_topic_option(each) for name in _topics(turn) if (each := _labelled_reply(turn, name))]


def _topic_option(reply: Reply) -> Option:
    return Option(f"ask.{reply.intent}", reply.label or SOMETHING_ELSE)


def _labelled_reply(turn: TurnState, intent: str) -> Reply | None:
    reply = turn.reply(intent)
    return reply if reply is not None and reply.label is not None else None


def _show(turn: TurnState, paragraphs: list[tuple[Text, ...]], options: list[Option]) -> None:
    """Send a text with buttons; if a form is open, then ask the form's question again."""
    buttons = tuple(Button(f"?{option.key}", option.label) for option in options)
    person = () if _offers_person(turn, options) else turn.person_button()
    language = written_language.buttons(turn)
    if _in_form(turn):
        turn.say(paragraphs, (*buttons, *person, *language), leaves=False)
        return turn.ask()
    turn.put_asked("", screens.REPLY, 1, tuple(options))
    turn.say(paragraphs, (*buttons, *person, *language, TO_MENU))


def _in_form(turn: TurnState) -> bool:
    return bool(turn.c.language) and turn.c.flow in turn.flows


def _hands_over(turn: TurnState) -> bool:
    flow = turn.flows.get(turn.c.flow)
    return flow is not None and flow.hands_over


def _offers_person(turn: TurnState, options: list[Option]) -> bool:
    """Return True if the open flow or one of the buttons already leads to an officer."""
    replies = (turn.reply(option.key.partition(".")[2]) for option in options)
    return _hands_over(turn) or any(
        reply is not None and reply.command is Reserved.PERSON for reply in replies
    )


def _is_question(turn: TurnState, text: str) -> bool:
    """Return False for a single word typed in a form: it is more likely a mistyped answer.

    A word that asks something, such as "where", counts as a question.
    """
    if not _in_form(turn) or turn.asks_freely():
        return True
    return count_words(text) > 1 or turn.words.asks(text)


def _may_offer_topics(turn: TurnState, text: str) -> bool:
    """Return True if topics may be offered in a form: for several words, or a second wrong answer.

    If the question is private, topics are offered only for a text worded as a question. In all
    other cases the reason for refusing the text as an answer is explained.
    """
    question = turn.question(turn.c.asked) if turn.c.asked else None
    if question is None or _hands_over(turn) or turn.asks_freely():
        return False
    if question.sensitive:
        return turn.words.asks(text)
    again = turn.c.asked is not None and turn.c.asked.tries > 0
    return _is_question(turn, text) or (again and any(map(str.isalpha, text)))


def _store_recognized(turn: TurnState, recognized: Heard) -> None:
    """Store the recognized meaning of a text, without its words, unless a form is open.

    The country of origin that an earlier message named is kept while replies are shown, because
    people rarely repeat it. The country becomes "" if messages name different countries, because
    one of them may be the country of a relative.
    """
    if _in_form(turn):
        return
    entities = dict(recognized.entities)
    earlier = turn.c.heard.entities.get(COUNTRY_OF_ORIGIN) if turn.c.heard else None
    if earlier is not None:
        named = entities.get(COUNTRY_OF_ORIGIN, earlier)
        entities[COUNTRY_OF_ORIGIN] = named if named == earlier else ""
    turn.c = replace(turn.c, heard=replace(recognized, entities=entities))


def _step_name(turn: TurnState) -> str:
    """Return the name of the open question or screen, as a label of a metric."""
    asked = turn.c.asked
    if asked is None:
        return "start"
    return f"{asked.flow}.{asked.key.partition('@')[0]}" if asked.flow else asked.key.strip("~")
