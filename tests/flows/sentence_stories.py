"""Scripted conversations that begin with the person's own sentence instead of a button."""

from collections.abc import Callable, Mapping

from flows.engine.events import Unreadable
from flows.engine.registration import Acknowledged
from tests.flows.chat import Chat
from tests.flows.recognizer import UNDERSTANDING, sentence


def _says(chat: Chat, *names: str) -> Chat:
    return chat.says(*(sentence(name, chat.language) for name in names))


def question_first(chat: Chat) -> None:
    _says(chat, "mission").presses("?open.where.mission", "=")


def papers_told(chat: Chat) -> None:
    _says(chat, "papers").presses("kandas_status", "=", "children")


def two_questions(chat: Chat) -> None:
    _says(chat, "cost_and_term").presses("?else.kandas.cost", "?none")


def three_options(chat: Chat) -> None:
    _says(chat, "money").presses("?ask.support.money", "!menu")
    _says(chat, "money").presses("?none").says("zzz", "zzz", "zzz", "zzz")


def question_in_a_form(chat: Chat) -> None:
    _says(chat, "which_way").says("/menu").presses("preregistration").until("birth_year")
    _says(chat, "passport").presses("?more.documents.missing").says("1990")
    _says(chat, "money").says("?", "1/2", "/menu")


def danger_first(chat: Chat) -> None:
    _says(chat, "detained").presses("?urgent", "yes").says("Testova asks for help")


def danger_in_a_form(chat: Chat) -> None:
    _says(chat, "hello").presses("preregistration").until("surname")
    _says(chat, "afraid", "detained").presses("?back").says("TESTOVA")


def small_talk(chat: Chat) -> None:
    _says(chat, "hello", "thanks", "anger", "bye")


def acts(chat: Chat) -> None:
    _says(chat, "forget", "somebody")


def language_asked_first(chat: Chat) -> None:
    chat.says("Pension?").presses(chat.language, "!menu", "language", chat.language)


def after_the_receipt(chat: Chat) -> None:
    _says(chat, "hello").presses("preregistration").until("review").presses("submit")
    chat.takes(Acknowledged("received", "KZ-2026-TEST"))
    _says(chat, "status").says("zzz")


def caption_of_a_photo(chat: Chat) -> None:
    chat.takes(Unreadable("photo", sentence("mission", chat.language)))
    chat.takes(Unreadable("photo", sentence("detained", chat.language)))
    chat.takes(Unreadable("photo"))


STORIES: Mapping[str, Callable[[Chat], None]] = {
    "sentence_question_first": question_first,
    "sentence_papers_told": papers_told,
    "sentence_two_questions": two_questions,
    "sentence_three_options": three_options,
    "sentence_in_a_form": question_in_a_form,
    "sentence_danger_first": danger_first,
    "sentence_danger_in_a_form": danger_in_a_form,
    "sentence_small_talk": small_talk,
    "sentence_acts": acts,
    "sentence_language_asked": language_asked_first,
    "sentence_after_the_receipt": after_the_receipt,
    "sentence_caption": caption_of_a_photo,
}


def start(language: str) -> Chat:
    """Return a chat without any turn yet, with the fake recogniser."""
    return Chat(language, understanding=UNDERSTANDING, twice=True)
