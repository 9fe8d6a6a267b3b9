"""Short plain answers to a form's questions are not taken for danger; clear danger is noticed."""

import pytest

from flows.engine import safety, screens
from flows.engine.events import DeleteInput
from flows.engine.recognition import Confidence, Danger, Recognition
from flows.replies import understanding
from tests.flows.chat import Chat, chat_at
from tests.flows.recognizer import REAL, FakeReading, FakeRecognizer, danger, recognizing_chat_at


@pytest.mark.parametrize(
    ("question", "language", "typed", "answer"),
    [
        ("relation", "ru", "сын", "child"),
        ("relation", "ru", "Дочь", "child"),
        ("relation", "ru", "муж", "spouse"),
        ("relation", "kk", "анам", "parent"),
        ("relation", "uz", "ota", "parent"),
        ("relation", "zh_Hans", "丈夫", "spouse"),
        ("age_band", "ru", "12 лет", "under14"),
        ("age_band", "uz", "5 yoshda", "under14"),
        ("applying", "kk", "мен", "self"),
        ("applying", "zh_Hans", "自己", "self"),
        ("applying", "zh_Hans", "我", "self"),
        ("applying", "ru", "маму", "other"),
        ("adult", "ru", "мне 30 лет", "yes"),
        ("adult", "zh_Hans", "我30岁", "yes"),
        ("adult", "uz", "16 yoshdaman", "no"),
        ("adult", "kk", "толды", "yes"),
        ("purpose", "ru", "жить", "move"),
        ("purpose", "uz", "koʻchmoqchiman", "move"),
        ("purpose", "uz_Cyrl", "кўчмоқчиман", "move"),
        ("purpose", "kk_Arab", "كوشۋ", "move"),
        ("purpose", "zh_Hans", "移居", "move"),
        ("citizenship", "ru", "нет гражданства", "stateless"),
        ("location", "uz", "boshqa davlatda", "elsewhere"),
        ("location", "uz", "Qozogʻiston", "kazakhstan"),
        ("former_citizen", "kk", "болмадым", "no"),
        ("former_citizen", "uz", "ha, boʻlganman", "yes"),
        ("ethnicity_papers", "ru", "Есть", "yes"),
        ("ethnicity_papers", "kk", "бар", "yes"),
        ("ethnicity_papers", "zh_Hans", "有", "yes"),
        ("trouble", "ru", "Нет", "none"),
        ("trouble", "kk", "жоқ", "none"),
        ("target_region", "ru", "не решил", "undecided"),
        ("contact", "ru", "сам напишу", "self"),
        ("applying", "ru", "Второй вариант", "family"),
        ("applying", "zh_Hans", "最后一个", "other"),
        ("purpose", "kk", "екіншісі", "study"),
        ("citizenship", "uz", "ikkinchisi", "CN"),
        ("location", "ru", "в другой стране", "elsewhere"),
        ("location", "ru", "Китай", "origin"),
        ("location", "zh_Hans", "土耳其", "elsewhere"),
        ("trouble", "ru", "нет всё хорошо", "none"),
        ("adult", "kk", "иә толды", "yes"),
        ("ethnic_kazakh", "uz", "ha qozoq", "yes"),
        ("former_citizen", "ru", "нет никогда", "no"),
        ("purpose", "ru", "да учиться", "study"),
        ("passport", "ru", "просрочен", "expired"),
        ("passport", "kk", "мерзімі өтіп кетті", "expired"),
        ("passport", "uz", "muddati oʻtgan", "expired"),
        ("passport", "zh_Hans", "过期了", "expired"),
        ("target_region", "ru", "Семей", "abai"),
        ("target_region", "ru", "последний", "zhambyl"),
        ("kazakh_level", "kk", "ана тілім", "speaks"),
    ],
)
def test_plain_answer_that_fits_is_stored(
    question: str, language: str, typed: str, answer: str
) -> None:
    chat = recognizing_chat_at(question, language)
    asked = chat.question_key
    chat.says(typed)
    assert chat.stored_answers()[asked] == answer
    assert not chat.shows(safety.ONE_SENTENCE)


@pytest.mark.parametrize(
    ("language", "typed"),
    [("ru", "в России"), ("kk", "Қытайда"), ("zh_Hans", "新疆"), ("uz", "Rossiyada")],
)
def test_country_as_whereabouts_leaves_two_options_without_citizenship(
    language: str, typed: str
) -> None:
    chat = chat_at("location", language, citizenship="stateless")
    chat.understanding = REAL
    chat.says(typed)
    assert [key for key in chat.keys if key.isidentifier()] == ["origin", "elsewhere"]
    assert not chat.shows(safety.ONE_SENTENCE)


@pytest.mark.parametrize(
    ("language", "typed", "offered"),
    [("ru", "в России", "elsewhere"), ("kk", "Қытайда", "origin"), ("zh_Hans", "新疆", "origin")],
)
def test_country_as_whereabouts_is_compared_with_the_citizenship(
    language: str, typed: str, offered: str
) -> None:
    chat = recognizing_chat_at("location", language).says(typed)
    assert [key for key in chat.keys if key.isidentifier()] == [offered]
    assert "location" not in chat.stored_answers()


@pytest.mark.parametrize(
    ("question", "language", "typed", "offered"),
    [
        ("passport", "ru", "5 лет", "long"),
        ("passport", "kk", "алты ай", "short"),
        ("passport", "zh_Hans", "三个星期", "very_short"),
        ("passport", "uz", "5 yil", "long"),
        ("timeframe", "ru", "через полгода", "half_year"),
        ("timeframe", "kk", "екі жылдан кейін", "later"),
    ],
)
def test_period_is_proposed_and_stored_after_yes(
    question: str, language: str, typed: str, offered: str
) -> None:
    chat = recognizing_chat_at(question, language).says(typed)
    assert [key for key in chat.keys if key.isidentifier()] == [offered]
    assert question not in chat.stored_answers()
    assert chat.says("yes").stored_answers()[question] == offered


@pytest.mark.parametrize(
    ("question", "language", "typed", "offered"),
    [
        ("trouble", "ru", "нет проблем?", "none"),
        ("passport", "ru", "просрочен?", "expired"),
        ("location", "ru", "китай?", "origin"),
        ("applying", "zh_Hans", "自己?", "self"),
        ("purpose", "kk", "көшу?", "move"),
    ],
)
def test_answer_with_a_question_mark_is_only_proposed(
    question: str, language: str, typed: str, offered: str
) -> None:
    chat = recognizing_chat_at(question, language).says(typed)
    assert [key for key in chat.keys if key.isidentifier()] == [offered]
    assert question not in chat.stored_answers()


@pytest.mark.parametrize(
    ("question", "typed", "offered"),
    [
        ("applying", "нет мужа", "other"),
        ("applying", "нет всю семью", "family"),
        ("purpose", "нет учиться", "study"),
    ],
)
def test_answer_after_no_is_proposed_and_stored_after_yes(
    question: str, typed: str, offered: str
) -> None:
    chat = recognizing_chat_at(question).says(typed)
    assert question not in chat.stored_answers()
    assert [key for key in chat.keys if key.isidentifier()] == [offered]
    assert chat.says("да").stored_answers()[question] == offered


@pytest.mark.parametrize("question", ["passport", "timeframe"])
@pytest.mark.parametrize(("language", "typed"), [("zh_Hans", "27年"), ("ru", "27 год")])
def test_year_of_two_digits_is_proposed_as_no_period(
    question: str, language: str, typed: str
) -> None:
    chat = recognizing_chat_at(question, language).says(typed)
    assert len([key for key in chat.keys if key.isidentifier()]) > 1


def test_position_on_a_later_page_is_not_stored() -> None:
    chat = recognizing_chat_at("target_region").presses(">").says("второй")
    assert "target_region" not in chat.stored_answers()


@pytest.mark.parametrize(("typed", "answer"), [("нет мне 17", "no"), ("да мне 19", "yes")])
def test_age_after_yes_or_no_is_stored_if_both_agree(typed: str, answer: str) -> None:
    assert recognizing_chat_at("adult").says(typed).stored_answers()["adult"] == answer


@pytest.mark.parametrize(
    ("question", "typed"),
    [
        *[("adult", each) for each in ("нет 19", "да нет", "нет мне 20", "да мне 17", "первый")],
        *[("former_citizen", each) for each in ("нет был", "да никогда", "второе")],
        *[("consent_registration", each) for each in ("первое", "да даю согласие", "второе")],
        *[("review", each) for each in ("первое", "да, но не отправляйте", "последнее")],
        *[("passport", each) for each in ("2", "нет 5 лет", "не 5 лет")],
        *[("target_region", each) for each in ("десятый", "нет не знаю точно")],
        *[("purpose", each) for each in ("не учиться", "да", "нет")],
        *[("surname", each) for each in ("Yoq", "Yoʻq", "joq")],
    ],
)
def test_words_that_may_mean_something_else_are_not_stored(question: str, typed: str) -> None:
    assert question not in recognizing_chat_at(question).says(typed).stored_answers()


OF_COURSE = {"ru": "конечно", "kk": "әрине", "uz": "albatta", "zh_Hans": "当然"}
NO = {"ru": "нет", "kk": "жоқ", "uz": "yoʻq", "zh_Hans": "不"}


@pytest.mark.parametrize("language", OF_COURSE)
def test_of_course_gives_no_consent(language: str) -> None:
    for typed in (OF_COURSE[language], f"{NO[language]}, {OF_COURSE[language]}"):
        chat = recognizing_chat_at("consent_registration", language).says(typed)
        assert "consent_registration" not in chat.stored_answers()
        assert chat.question_key == "consent_registration"


@pytest.mark.parametrize("question", ["adult", "ethnic_kazakh", "former_citizen"])
@pytest.mark.parametrize("language", OF_COURSE)
def test_no_of_course_is_never_stored_as_yes(question: str, language: str) -> None:
    for typed in (
        f"{NO[language]}, {OF_COURSE[language]}",
        f"{OF_COURSE[language]} {NO[language]}",
    ):
        stored = recognizing_chat_at(question, language).says(typed).stored_answers()
        assert stored.get(question) != "yes", typed


@pytest.mark.parametrize(
    ("language", "typed"),
    [
        ("ru", "за границей"),
        ("kk", "шетелде"),
        ("kk", "өз елімде"),
        ("uz", "chet elda"),
        ("zh_Hans", "国外"),
    ],
)
def test_abroad_is_stored_as_no_place(language: str, typed: str) -> None:
    # A citizen of China who is in Kazakhstan is abroad, too.
    chat = recognizing_chat_at("location", language).says(typed)
    assert "location" not in chat.stored_answers()


def test_uncertain_name_of_kazakhstan_offers_kazakhstan() -> None:
    chat = recognizing_chat_at("location", "zh_Hans").says("哈萨克")
    assert "kazakhstan" in chat.keys or chat.stored_answers().get("location") == "kazakhstan"


@pytest.mark.parametrize(
    ("language", "typed"),
    [
        ("kk", "балам 5 жаста"),
        ("ru", "ребёнку 10 лет"),
        ("uz", "bolam 5 yosh"),
        ("ru", "я одна"),
        ("kk", "бір"),
    ],
)
def test_age_of_a_child_is_not_the_persons_own(language: str, typed: str) -> None:
    assert "adult" not in recognizing_chat_at("adult", language).says(typed).stored_answers()


def test_going_back_to_a_country_is_no_move_to_kazakhstan() -> None:
    assert "purpose" not in recognizing_chat_at("purpose", "zh_Hans").says("回国").stored_answers()


@pytest.mark.parametrize("typed", ["құжатым жоқ", "құжаты жоқ"])
def test_urgent_matters_are_never_narrowed_to_one(typed: str) -> None:
    chat = recognizing_chat_at("trouble", "kk").says(typed)
    assert len([key for key in chat.keys if key.isidentifier()]) > 1


@pytest.mark.parametrize("typed", ["pohitili", "dushit", "pomogite", "tahdid"])
def test_one_word_of_danger_is_not_stored_as_a_name(typed: str) -> None:
    assert "surname" not in recognizing_chat_at("surname", "ru").says(typed).stored_answers()


@pytest.mark.parametrize(
    ("question", "language", "typed"),
    [
        ("location", "zh_Hans", "在家"),
        ("location", "kk", "үйдемін"),
        ("location", "uz", "uydaman"),
        ("applying", "kk", "өзімді емес"),
        ("applying", "uz", "oʻzimni emas"),
        ("applying", "uz_Cyrl", "ўзимни эмас"),
        ("applying", "zh_Hans", "不是我自己"),
        ("timeframe", "zh_Hans", "快了"),
        ("ethnic_kazakh", "ru", "думаю, что да"),
        ("former_citizen", "ru", "думаю, что нет"),
        ("former_citizen", "uz", "yoʻq deb oʻylayman"),
        ("residence_country", "ru", "Синьцзян"),
        ("occupation", "ru", "торговля"),
        ("family", "ru", "больше никого"),
        ("family", "ru", "Все, больше никого."),
        ("family", "zh_Hans", "没人了"),
        ("citizenship", "kk", "қазақ"),
        ("citizenship", "ru", "казах"),
        ("residence_country", "uz", "qazaq"),
        ("age_band", "ru", "8 лет, 10 лет"),
        ("age_band", "kk", "қызыма 8 жас, ұлыма 10 жас"),
        ("age_band", "uz", "8 yosh, 10 yosh"),
        ("age_band", "zh_Hans", "8岁，10岁"),
    ],
)
def test_plain_answer_that_does_not_fit_repeats_the_question(
    question: str, language: str, typed: str
) -> None:
    chat = recognizing_chat_at(question, language).says(typed)
    assert not chat.shows(safety.READ_ALONE)
    assert chat.name == question
    assert "!person" in chat.keys


@pytest.mark.parametrize(
    "question",
    ["applying", "citizenship", "location", "relation", "age_band", "family", "target_region",
     "birth_year", "consent_registration", "details"],
)  # fmt: skip
@pytest.mark.parametrize(
    "typed",
    ["меня бьют", "мой муж бьёт", "боюсь мужа", "муж избил", "мужа забрали", "ребёнок один",
     "не хочу жить", "помогите мне", "мне угрожают", "күйеуім ұрады", "erim uradi", "老公打我"],
)  # fmt: skip
def test_clear_danger_at_a_question_gets_the_safety_answer(question: str, typed: str) -> None:
    assert recognizing_chat_at(question).says(typed).shows(safety.READ_ALONE)


def test_call_for_help_at_a_question_shows_the_safety_sentence() -> None:
    chat = chat_at("target_region", "ru")
    likely = danger("danger.violence", Danger.LIKELY)
    chat.understanding = understanding(FakeRecognizer({"помогите": likely}))
    assert chat.says("помогите").shows(safety.ONE_SENTENCE)
    assert chat.shows(screens.HELP)
    assert not chat.says("что писать").shows(safety.ONE_SENTENCE)


class _Uncertain(FakeRecognizer):
    """A fake recogniser whose danger is not certain."""

    def read(self, text: str, language: str) -> "_UncertainReading":
        found = super().read(text, language)
        assert isinstance(found, FakeReading)
        return _UncertainReading(found.recognition)


class _UncertainReading(FakeReading):
    @property
    def is_certain_danger(self) -> bool:
        return False


UNCLEAR = danger("danger.violence")


@pytest.mark.parametrize(
    ("question", "typed", "is_answered"),
    [
        ("purpose", "два слова", False),
        ("purpose", "здесь целых четыре слова", True),
        ("trouble", "два слова", True),
        ("gate_papers", "два слова", True),
        ("given_name", "два слова", True),
        ("purpose", "мне угрожают", True),
    ],
)
def test_uncertain_danger_in_a_few_words_gets_one_sentence(
    question: str, typed: str, is_answered: bool
) -> None:
    chat = chat_at(question, ethnicity_papers="no")
    chat.understanding = understanding(_Uncertain({typed: UNCLEAR}))
    chat.says(typed)
    assert chat.shows(safety.READ_ALONE) is is_answered
    assert chat.shows(safety.ONE_SENTENCE) is not is_answered
    assert chat.name == question


@pytest.mark.parametrize("open_with", ["faq", "officer", ""])
def test_uncertain_danger_outside_of_a_form_gets_the_safety_answer(open_with: str) -> None:
    chat = Chat.start("ru", open_with)
    chat.understanding = understanding(_Uncertain({"два слова": UNCLEAR}))
    assert chat.says("два слова").shows(safety.READ_ALONE)


def test_valid_answer_with_suspected_danger_is_stored() -> None:
    certain = {"Китай": UNCLEAR, "да": Recognition(Confidence.UNKNOWN, danger=Danger.CLEAR)}
    chat = chat_at("adult")
    chat.understanding = understanding(FakeRecognizer(certain))
    assert chat.says("да").stored_answers()["adult"] == "yes"
    chat.presses("move").says("Китай")
    assert chat.stored_answers()["citizenship"] == "CN"


@pytest.mark.parametrize(
    ("language", "typed"), [("ru", "Понятно"), ("kk", "түсінікті"), ("zh_Hans", "好的")]
)
def test_word_of_understanding_goes_on_after_a_notice(language: str, typed: str) -> None:
    assert recognizing_chat_at("risk", language).says(typed).name == "consent_registration"


@pytest.mark.parametrize(
    ("flow", "before", "typed", "answer"),
    [
        ("checklist", (), "внж", {"programme": "prp"}),
        ("checklist", ("prp", "MN"), "с женой и детьми", {"family": "both"}),
        ("checklist", ("prp", "MN"), "с детьми", {"family": "children"}),
        ("support", (), "на юге", {"area": "south"}),
    ],
)
def test_plain_answer_is_stored_in_other_forms(
    flow: str, before: tuple[str, ...], typed: str, answer: dict[str, str]
) -> None:
    chat = Chat.start("ru", flow, understanding=REAL).presses(*before).says(typed)
    assert answer.items() <= chat.stored_answers(flow).items()


@pytest.mark.parametrize("name", ["Еркін", "Erkin"])
def test_name_that_resembles_danger_is_taken_as_a_name(name: str) -> None:
    assert not recognizing_chat_at("surname").says(name).shows(safety.READ_ALONE)
    assert recognizing_chat_at("patronymic").says(name).stored_answers()["patronymic"] == name


@pytest.mark.parametrize("typed", ["Спасите", "қорқамын", "меня бьют", "救命"])
def test_clear_danger_in_place_of_a_name_gets_the_safety_answer(typed: str) -> None:
    assert recognizing_chat_at("patronymic").says(typed).shows(safety.READ_ALONE)


@pytest.mark.parametrize("question", ["surname", "given_name"])
@pytest.mark.parametrize(
    "name", ["Ахметов", "Рахметова", "Салима", "Азамат", "Әділет", "Адам", "Садыков", "热合买提"]
)
def test_name_that_resembles_a_question_is_refused_and_deleted(question: str, name: str) -> None:
    chat = recognizing_chat_at(question).says(name)
    assert chat.name == question
    assert DeleteInput() in chat.last_effects
    assert not [key for key in chat.keys if key.startswith("?")]
    assert "латинск" in chat.text
