"""The FAQ finds an entry for a question in a person's own words, or offers an officer."""

import pytest

from flows import faq as flow
from flows import missions
from flows.engine.language_protocol import Refusal
from flows.engine.refusals import REFUSALS
from flows.knowledge import kandas, settling
from flows.knowledge.faq import ENTRIES, entry, find, stems
from tests.flows.chat import LANGUAGES, TODAY, WORDS, Chat


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("key", [each.key for each in ENTRIES])
def test_faq_search_for_a_questions_own_text_finds_it_first(key: str, language: str) -> None:
    each = entry(key)
    assert each is not None
    assert find(WORDS.render(each.text, language), WORDS)[0].key == key


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("у меня просят деньги за статус, мошенники?", "money"),
        ("нужен ли апостиль", "apostille"),
        ("отказали, куда жаловаться", "refusal"),
        ("Сколько дней рассматривают?", "term"),
        ("елшілік қайда орналасқан", "missions"),
        ("екі азаматтық бола ма", "two_citizenships"),
        ("ەلشىلىك قايدا", "missions"),
        ("виза керек пе маған", "visa"),
        ("大使馆在哪里", "missions"),
        ("需要签证吗", "visa"),
        ("pensiya olamanmi", "pension"),
        ("пенсия оламанми", "pension"),
        ("viza kerakmi", "visa"),
        ("elchixona qayerda", "missions"),
    ],
)
def test_faq_finds_the_question_for_typed_text(typed: str, key: str) -> None:
    assert key in [each.key for each in find(typed, WORDS)]


@pytest.mark.parametrize("typed", ("", "!!", "asdfgh qwerty", "你好吗朋友", "12345", "x" * 500))
def test_faq_finds_nothing_for_unrelated_text(typed: str) -> None:
    assert find(typed, WORDS) == ()


def test_faq_offers_at_most_four_questions() -> None:
    everything = " ".join(WORDS.render(each.text, "ru") for each in ENTRIES)
    assert len(find(everything, WORDS)) <= 4


def test_faq_compares_words_by_their_stems() -> None:
    assert stems("Апостиля") & stems("апостилем")
    assert stems("oʻqish") == stems("oqish") == stems("o'qish")
    assert stems("签证吗") == {"签证", "证吗"}


# The FAQ flow in a conversation


def test_faq_answers_a_typed_question_at_once_when_one_entry_matches() -> None:
    chat = Chat.start("ru", "faq").says("можно ли оставить гражданство, два паспорта")
    assert chat.shows(settling.NO_DUAL.text)
    assert chat.question_key == "~menu"


def test_faq_offers_several_matches_as_buttons() -> None:
    chat = Chat.start("ru", "faq").says("сколько стоит апостиль")
    assert {"cost", "apostille"} <= set(chat.keys)
    assert chat.presses("cost").shows(kandas.FEE.text)


def test_faq_offers_an_officer_when_nothing_matches() -> None:
    chat = Chat.start("ru", "faq").says("где купить верблюда")
    assert chat.shows(flow.TOPIC.unlisted)
    assert not chat.shows(REFUSALS[Refusal.NOT_LISTED])
    assert "!person" in chat.keys


def test_faq_does_not_store_typed_text() -> None:
    chat = Chat.start("ru", "faq").says("сколько стоит апостиль для Testova")
    assert "Testova" not in repr(chat.conversation)


def test_faq_lists_missions_without_addresses() -> None:
    chat = Chat.start("ru", "faq").presses("missions", "UZ")
    assert "Ташкент" in chat.text
    assert chat.shows(missions.ADDRESSES)
    chat = Chat.start("ru", "faq").presses("missions").says("Бразилия")
    assert any(text.msgid == missions.NO_MISSION.msgid for say in chat.last_messages
               for paragraph in say.paragraphs for text in paragraph)  # fmt: skip


def test_faq_asks_for_a_question_when_none_was_chosen() -> None:
    assert list(flow.result_texts({}, TODAY)) == [flow.ASK]
