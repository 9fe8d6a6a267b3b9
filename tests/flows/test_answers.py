"""Text typed at a question: recognised as an answer, or rejected with an explanation."""

import pytest

from bot.i18n.reserved_words import RESERVED
from flows import FLOWS
from flows.engine import screens
from flows.engine.events import DeleteInput, Edited, Forget, Shared, Stopped, Unreadable
from flows.engine.flow import RepeatingGroup
from flows.engine.language_protocol import SAFETY, Refusal
from flows.engine.refusals import REFUSALS
from flows.engine.text import Country, Text, _, button, row
from flows.preregistration import PREREGISTRATION
from flows.preregistration.before_consent import TROUBLE
from tests.flows.chat import LANGUAGES, WORDS, Chat, chat_at, default_answer

FORM = "preregistration"
PHONE = {"contact": "phone"}


def stored_answer(chat: Chat, name: str) -> str | None:
    return chat.stored_answers().get(name)


# Questions with options


@pytest.mark.no_cover
@pytest.mark.parametrize("language", LANGUAGES)
def test_option_can_be_typed_as_its_label_or_number(language: str) -> None:
    chat = Chat.start(language, FORM)
    for _turn in range(60):
        if chat.question_key == "review":
            break
        asked = chat.conversation.asked
        assert asked is not None
        for number, option in enumerate(asked.options, 1):
            if chat.name == "consent_registration" or option.key in ("person", "danger"):
                continue
            item = chat.flows[FORM].find(chat.name)
            numbers = (str(number), f"{number}.") if item and item.by_position else ()
            for typed in (option.words, f" {option.words.upper()}! ", *numbers):
                assert stored_answer(chat.try_text(typed), chat.question_key) == option.key, (
                    chat.question_key,
                    typed,
                )
        chat.answers(default_answer(chat.name))
    assert chat.question_key == "review"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("typed", "answer"),
    [("иә", "yes"), ("да!", "yes"), ("是", "yes"), ("Ha", "yes"), ("ҳа", "yes"), ("👍", "yes"),
     ("жоқ", "no"), ("нет", "no"), ("不是", "no"), ("yo'q", "no"), ("йўқ", "no"), ("جوق", "no")],
)  # fmt: skip
def test_yes_no_question_understands_every_language(language: str, typed: str, answer: str) -> None:
    chat = chat_at("adult", language).says(typed)
    if typed == "да!" and language.startswith("kk"):
        assert chat.question_key == "adult"  # in Kazakh it is the word "and"
    else:
        assert stored_answer(chat, "adult") == answer


def test_answer_confirmation_shows_the_normalized_value() -> None:
    chat = chat_at("birth_year").says("07.02.1990")
    assert stored_answer(chat, "birth_year") == "1990"
    assert chat.shows(screens.SAVED, answer=Text("{words}", (("words", "1990"),)))


# Questions for a country


@pytest.mark.parametrize(
    ("typed", "code"),
    [("Қытай", "CN"), ("Китай", "CN"), ("中国", "CN"), ("Xitoy", "CN"), ("Ўзбекистон", "UZ"),
     ("германия", "DE"), ("КНР", "CN"), ("Узбекстан", "UZ")],
)  # fmt: skip
def test_country_question_understands_any_language(typed: str, code: str) -> None:
    chat = chat_at("citizenship").says(typed)
    assert stored_answer(chat, "citizenship") == code
    assert chat.shows(screens.SAVED, answer=Country(code))


def test_country_question_offers_several_matches_as_options() -> None:
    chat = chat_at("citizenship").says("Корея")
    assert chat.shows(_("Which one do you mean?"))
    assert chat.keys[:2] == ["KP", "KR"]
    chat.says("2")
    assert stored_answer(chat, "citizenship") == "KR"


@pytest.mark.parametrize(("typed", "code"), [("Түркістан", "KZ"), ("Тува", "RU")])
def test_country_question_asks_back_for_a_name_that_may_be_a_region(typed: str, code: str) -> None:
    chat = chat_at("citizenship").says(typed)
    assert chat.shows(_("Which one do you mean?"))
    assert chat.keys[0] == code
    assert stored_answer(chat.presses(code), "citizenship") == code


def test_country_question_accepts_a_country_other_than_the_offered_ones() -> None:
    chat = chat_at("citizenship").says("Корея", "Китай")
    assert stored_answer(chat, "citizenship") == "CN"


def test_country_question_accepts_the_option_no_citizenship() -> None:
    chat = chat_at("citizenship").presses("stateless")
    assert stored_answer(chat, "citizenship") == "stateless"
    assert chat.presses("<").shows(screens.EARLIER, answer=row("No citizenship"))


# Invalid answers: rejected with an explanation (the mark `row`: tests/proof/rows.toml)


@pytest.mark.parametrize("typed", ["", "   ", "\u200b\u200d", "\u3164", "\u2800", "\ufeff\u00ad"])
@pytest.mark.parametrize("question", ["surname", "birth_year", "residence_region"])
@pytest.mark.row(35, 36)
def test_text_question_refuses_an_empty_text(question: str, typed: str) -> None:
    chat = chat_at(question).says(typed)
    assert chat.question_key == question
    assert chat.shows(REFUSALS[Refusal.EMPTY])


@pytest.mark.parametrize("question", ["applying", "citizenship", "consent_registration"])
def test_choice_question_rejects_an_empty_text(question: str) -> None:
    assert chat_at(question).says("\u200b ").shows(REFUSALS[Refusal.EMPTY])


@pytest.mark.parametrize("kept", ["", " ", "\u3000\n"])
@pytest.mark.row(35, 36)
def test_questions_all_reject_an_empty_stored_answer(kept: str) -> None:
    taken = {
        (flow.name, question.name)
        for flow in FLOWS.values()
        for question in flow.questions()
        if not isinstance(question, RepeatingGroup) and question.accepts(kept)
    }
    assert taken == set()


WRONG = [
    ("applying", "maybe", Refusal.NOT_LISTED),
    ("applying", "4", Refusal.NOT_LISTED),
    ("applying", "²", Refusal.NOT_LISTED),
    ("citizenship", "Narnia", Refusal.NOT_LISTED),
    ("citizenship", "x" * 4097, Refusal.NOT_LISTED),
    ("surname", "Тестова", Refusal.NOT_LATIN),
    ("surname", "T3STOVA", Refusal.NOT_LETTERS),
    ("surname", "<script>alert(1)</script>", Refusal.NOT_LETTERS),
    ("surname", "{{7*7}}", Refusal.NOT_LETTERS),
    ("surname", "'; drop table people; --", Refusal.NOT_LETTERS),
    ("surname", "%s", Refusal.NOT_LETTERS),
    ("surname", "${jndi:ldap}", Refusal.NOT_LETTERS),
    ("surname", "👨‍👩‍👧🇰🇿", Refusal.NOT_LETTERS),
    ("surname", "T" * 101, Refusal.TOO_LONG),
    ("surname", "e" + "\u0301" * 10_000, Refusal.TOO_LONG),
    ("name_kk", "7", Refusal.NOT_LETTERS),
    ("name_kk", "\u0640", Refusal.NOT_LETTERS),
    ("birth_year", "31.02.1990", Refusal.NOT_A_YEAR),
    ("birth_year", "00.00.0000", Refusal.NOT_A_YEAR),
    ("birth_year", "2999", Refusal.FUTURE),
    ("birth_year", "25.11.2026", Refusal.FUTURE),
    ("birth_year", "1876", Refusal.TOO_OLD),
    ("birth_year", "1/2/90", Refusal.TWO_DIGIT_YEAR),
    ("birth_year", "90", Refusal.TWO_DIGIT_YEAR),
    ("birth_year", "²", Refusal.NOT_A_YEAR),
    ("birth_year", "давно", Refusal.NOT_A_YEAR),
    ("residence_region", "я" * 101, Refusal.TOO_LONG),
    ("residence_region", "я" * 100_000, Refusal.TOO_LONG),
    ("phone", "87010000", Refusal.NOT_A_PHONE),
    ("phone", "12345", Refusal.NOT_A_PHONE),
    ("phone", "+77010000000000000000", Refusal.NOT_A_PHONE),
    ("phone", "позвоните мне", Refusal.NOT_A_PHONE),
]


@pytest.mark.parametrize(("question", "typed", "why"), WRONG, ids=lambda each: str(each)[:20])
@pytest.mark.requirement("S-78")
@pytest.mark.row(38, 39, 40, 41, 45, 46, 49)
def test_question_is_asked_again_after_an_invalid_answer_is_explained(
    question: str, typed: str, why: Refusal
) -> None:
    chat = chat_at(question, **PHONE)
    answers_before = chat.stored_answers()
    chat.says(typed)
    assert chat.question_key == question
    assert chat.shows(REFUSALS[why])
    assert chat.stored_answers() == answers_before
    assert len(typed) < 4 or typed not in chat.text


RIGHT = [
    ("surname", "Testova", "Testova"),
    ("surname", "X", "X"),
    ("surname", "OʻTESTOV", "OʻTESTOV"),
    ("surname", "O'Testov", "OʻTestov"),
    ("surname", "Testova\u202e-Probova\u2066", "Testova-Probova"),
    ("surname", "Te\u0301stova", "T\u00e9stova"),
    ("name_kk", "Әсел Ғұмарқызы Тестова-Һұнөңқ", "Әсел Ғұмарқызы Тестова-Һұнөңқ"),
    ("name_kk", "تەستوۆا گۇلنار", "تەستوۆا گۇلنار"),
    ("name_kk", "测试·古丽娜尔", "测试·古丽娜尔"),
    ("birth_year", "1990年2月1日", "1990"),
    ("birth_year", "١٩٩٠", "1990"),
    ("birth_year", "１９９０", "1990"),
    ("birth_year", "1990 ж.", "1990"),
    ("phone", "+7 (701) 000-00-00", "+77010000000"),
    ("phone", "007 701 000 00 00", "+77010000000"),
    ("residence_region", "Testland 🏔 {{7*7}} <b>", "Testland 🏔 {{7*7}} <b>"),
    ("residence_region", "0", "0"),
]


@pytest.mark.parametrize(("question", "typed", "value"), RIGHT)
@pytest.mark.row(37, 43, 44, 45)
def test_answers_in_any_accepted_notation_are_stored_in_one_notation(
    question: str, typed: str, value: str
) -> None:
    chat = chat_at(question, **PHONE).says(typed)
    assert chat.question_key != question
    assert stored_answer(chat, question) == value


def test_question_offers_an_officer_after_repeated_failures() -> None:
    chat = chat_at("surname").says("1", "2")
    assert not chat.shows(screens.ASK_AGAIN)
    chat.says("3")
    assert chat.shows(screens.ASK_AGAIN)
    chat.says("TESTOVA", "4")
    assert not chat.shows(screens.ASK_AGAIN)


# Answers with personal data


def test_sensitive_answer_is_deleted_from_the_chat_and_not_repeated() -> None:
    chat = chat_at("surname").says("TESTOVA")
    assert chat.last_effects == (DeleteInput(),)
    assert not chat.shows(screens.SAVED)


@pytest.mark.row(49)
def test_phone_question_accepts_a_shared_contact_of_the_sender() -> None:
    chat = chat_at("phone", **PHONE)
    assert f"{chat.nonce}:@" in [each.payload for each in chat.last_messages[0].buttons]
    chat.takes(Shared("+77010000000", own=True))
    assert stored_answer(chat, "phone") == "+77010000000"
    assert chat.last_effects == (DeleteInput(),)


@pytest.mark.requirement("S-22")
def test_phone_question_refuses_a_contact_of_another_person() -> None:
    chat = chat_at("phone", **PHONE).takes(Shared("+77010000000", own=False))
    assert chat.shows(REFUSALS[Refusal.NOT_YOURS])
    assert chat.question_key == "phone"
    assert stored_answer(chat, "phone") is None
    assert chat.last_effects == (DeleteInput(),)


def test_unexpected_contact_is_deleted_from_the_chat() -> None:
    chat = chat_at("purpose").takes(Shared("+77010000000", own=True))
    assert chat.last_effects == (DeleteInput(),)
    assert chat.shows(screens.CANNOT_READ)
    assert chat.question_key == "purpose"


# Files, voice messages and other content than text


@pytest.mark.parametrize(
    ("kind", "answer", "deleted"),
    [
        ("location", screens.NO_LOCATION, True),
        ("photo", screens.NO_PICTURES, True),
        ("document", screens.NO_PICTURES, True),
        ("voice", screens.CANNOT_HEAR, False),
        *((kind, screens.CANNOT_READ, False)
          for kind in ("sticker", "poll", "dice", "game", "story", "video_note", "payment")),
    ],
)  # fmt: skip
@pytest.mark.requirement("S-22")
@pytest.mark.row(51, 52, 53)
def test_question_explains_which_message_kinds_it_cannot_read(
    kind: str, answer: Text, deleted: bool
) -> None:
    chat = chat_at("purpose")
    answers_before = chat.stored_answers()
    chat.takes(Unreadable(kind))
    assert chat.shows(answer)
    assert chat.question_key == "purpose"
    assert chat.stored_answers() == answers_before
    assert (DeleteInput() in chat.last_effects) is deleted


def test_voice_message_reply_offers_an_officer_unless_one_is_assigned() -> None:
    assert chat_at("purpose").takes(Unreadable("voice")).shows(screens.OR_A_PERSON)
    chat = Chat.start("ru", "officer").until("words").says("Testova asks")
    chat.takes(Unreadable("voice"))
    assert chat.shows(screens.CANNOT_HEAR)
    assert not chat.shows(screens.OR_A_PERSON)


@pytest.mark.requirement("S-40")
@pytest.mark.row(54)
def test_edited_message_changes_no_answer() -> None:
    chat = chat_at("purpose").takes(Edited())
    assert chat.shows(screens.NO_EDITS)
    assert chat.question_key == "purpose"


@pytest.mark.parametrize("typed", ["/unknown", "/DELETE_ME", "/start@other_bot x y", "/settings"])
@pytest.mark.row(61)
def test_unknown_command_is_not_stored_as_an_answer(typed: str) -> None:
    chat = chat_at("name_kk").says(typed)
    assert stored_answer(chat, "name_kk") is None
    assert chat.question_key in ("name_kk", screens.MENU)


# Reserved words: commands that are never stored as answers

SAFE = sorted(
    {
        (phrase, word)
        for word, forms in RESERVED.items()
        if word in SAFETY
        for line in forms.values()
        for phrase in line.split(", ")
    }
)
OTHERS = sorted(
    {
        phrase
        for word, forms in RESERVED.items()
        if word not in SAFETY
        for line in forms.values()
        for phrase in line.split(", ")
    }
)


def chats_at_every_step() -> list[Chat]:
    """Return a chat for every question of the registration form, with this question open."""
    found: dict[str, Chat] = {}
    for answers in (
        {"applying": "family", "location": "kazakhstan", "stay_ends": "yes", "contact": "phone"},
        {"applying": "other", "adult": "no", "passport": "none", "former_citizen": "yes",
         "ethnicity_papers": "no", "trouble": "money", "ethnic_kazakh": "no"},
    ):  # fmt: skip
        chat = Chat.start("ru", FORM)
        for _turn in range(60):
            if chat.question_key == screens.MENU:
                break
            found.setdefault(chat.name, Chat("ru", conversation=chat.conversation))
            chat.answers(answers.get(chat.name) or default_answer(chat.name))
    member = chat_at("family", applying="family").presses("add")
    for value in ("spouse", "adult", "no", "go_on"):
        found.setdefault(member.name, Chat("ru", conversation=member.conversation))
        member.presses(value)
    return list(found.values())


STEPS = chats_at_every_step()
# All questions of one type parse text in the same way. Therefore only one question of each type is
# tested with every phrase, and the others with the first phrase of each reserved word per language.
FIRST = {line.partition(", ")[0] for forms in RESERVED.values() for line in forms.values()}
FULLY_TESTED = {type(PREREGISTRATION.find(chat.name)): chat.name for chat in STEPS}.values()


def is_tested(chat: Chat, phrase: str) -> bool:
    return phrase in FIRST or chat.name in FULLY_TESTED


def test_typed_answer_tests_cover_every_question_of_the_registration() -> None:
    names = {chat.name for chat in STEPS}
    assert names == {item.name for item in PREREGISTRATION.questions()}
    assert any(isinstance(item, RepeatingGroup) for item in PREREGISTRATION.items)


@pytest.mark.no_cover
@pytest.mark.parametrize("chat", STEPS, ids=lambda chat: chat.name)
@pytest.mark.row(63)
def test_safety_words_in_any_language_have_the_same_effect_at_each_step(chat: Chat) -> None:
    outcomes: dict[str, object] = {}
    for phrase, word in SAFE:
        if not is_tested(chat, phrase):
            continue
        tried = chat.try_text(phrase)
        outcome = (tried.last_effects, tried.question_key, tried.stored_answers())
        assert outcomes.setdefault(word, outcome) == outcome, phrase
        assert tried.stored_answers() in ({}, chat.stored_answers()), phrase
    assert len(set(map(str, outcomes.values()))) == len(SAFETY)


@pytest.mark.no_cover
@pytest.mark.parametrize("chat", STEPS, ids=lambda chat: chat.name)
def test_reserved_word_is_never_stored_as_an_answer(chat: Chat) -> None:
    skippable = PREREGISTRATION.find(chat.name).skippable  # type: ignore[union-attr]
    before = chat.stored_answers()
    for phrase in OTHERS:
        if not is_tested(chat, phrase):
            continue
        answers = chat.try_text(phrase).stored_answers()
        added = {key: value for key, value in answers.items() if key not in before}
        assert added == {} or (skippable and added == {chat.question_key: None}), phrase


def test_delete_command_needs_no_confirmation_before_consent() -> None:
    assert Forget() in chat_at("purpose").says("/delete").last_effects


def typed_label_equals_press(language: str, label: str, sign: str) -> bool:
    chat = chat_at("residence_region", language)
    if label == "Keep this answer":
        chat.says("Testland").presses("<")
    typed = Chat(language, conversation=chat.conversation)
    typed.says(WORDS.render(button(label), language))
    pressed = Chat(
        language, conversation=chat.conversation, last_messages=chat.last_messages
    ).presses(sign)
    return typed.conversation == pressed.conversation


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("label", "sign"), [("Back", "<"), ("Skip", "-"), ("Help", "!help")])
def test_label_of_a_control_button_can_be_typed(language: str, label: str, sign: str) -> None:
    assert typed_label_equals_press(language, label, sign)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("label", "sign"), [("Close and clear", "!exit"), ("Keep this answer", "=")]
)
def test_labels_of_the_exit_and_keep_answer_buttons_can_be_typed(
    language: str, label: str, sign: str
) -> None:
    assert typed_label_equals_press(language, label, sign)


@pytest.mark.parametrize("language", ["kk", "ru", "zh_Hans"])
def test_officer_button_label_can_be_typed(language: str) -> None:
    assert typed_label_equals_press(language, "Talk to a person", "!person")


def test_officer_button_label_can_be_typed_in_uzbek() -> None:
    assert typed_label_equals_press("uz", "Talk to a person", "!person")


def test_danger_option_can_be_chosen_by_typing_its_label() -> None:
    chat = chat_at("trouble", "uz")
    chat.says(WORDS.render(TROUBLE.options[-1].label, "uz"))
    assert stored_answer(chat, "trouble") == "danger"


@pytest.mark.parametrize(
    ("language", "typed"),
    [
        ("ru", "не пишите мне"),
        ("kk", "маған жазбаңыз"),
        ("kk_Arab", "ماعان جازباڭىز"),
        ("uz", "menga yozmang"),
        ("uz_Cyrl", "менга ёзманг"),
        ("zh_Hans", "不要联系我"),
    ],
)
def test_do_not_write_to_me_stops_messages_but_not_the_form_that_asks(
    language: str, typed: str
) -> None:
    asked = chat_at("write_first", language).says(typed)
    assert asked.stored_answers()["write_first"] == "no"
    assert asked.conversation.flow == "preregistration"
    assert Stopped() in chat_at("purpose", language).says(typed).last_effects


def test_stop_at_the_question_about_messages_still_stops() -> None:
    assert Stopped() in chat_at("write_first").says("стоп").last_effects
