"""A message between polite phrases is recognised as if it were written without them."""

import pytest

from bot.understanding import politeness, skeleton
from bot.understanding.decision import Certainty, DangerLevel, decide
from bot.understanding.recognizer import Recognizer

FRAMES = {
    "ru": ("Здравствуйте! ", " Спасибо большое!"),
    "kk": ("Сәлеметсіз бе! Айтыңызшы, ", ". Алдын ала рақмет"),
    "uz": ("Assalomu alaykum, iltimos, ", ". Oldindan rahmat!"),
    "zh_Hans": ("你好！请问", "，谢谢您！"),
}
DANGERS = {"ru": "муж бьёт", "kk": "күйеуім ұрады", "uz": "erim uradi", "zh_Hans": "有人跟踪我"}
QUESTIONS = {
    "ru": "как получить кандас",
    "kk": "қандас мәртебесін қалай аламын",
    "uz": "qandas maqomi nima",
    "zh_Hans": "怎么申请坎达斯身份",
}


@pytest.mark.parametrize("language", FRAMES)
def test_danger_is_recognized_between_polite_phrases(language: str) -> None:
    before, after = FRAMES[language]
    found = decide(Recognizer.load().recognize(before + DANGERS[language] + after))
    assert found.danger is DangerLevel.FIRST


@pytest.mark.parametrize("language", FRAMES)
def test_question_is_recognized_between_polite_phrases(language: str) -> None:
    before, after = FRAMES[language]
    unframed = decide(Recognizer.load().recognize(QUESTIONS[language]))
    framed = decide(Recognizer.load().recognize(before + QUESTIONS[language] + after))
    assert unframed.certainty is Certainty.SURE
    assert [each.intent for each in framed.options] == [each.intent for each in unframed.options]


def test_two_questions_are_recognized_between_polite_phrases() -> None:
    found = decide(Recognizer.load().recognize("你好！请问怎么申请坎达斯身份？要多久？谢谢"))
    assert found.certainty is Certainty.SURE
    assert found.options[0].intent.startswith("kandas.")


def test_two_questions_joined_by_a_comma_are_recognized_after_a_greeting() -> None:
    line = "Здравствуйте, подскажите: сколько стоит статус кандаса, сколько ждать решения? Спасибо!"
    found = decide(Recognizer.load().recognize(line))
    assert [each.intent for each in found.options] == ["kandas.cost", "kandas.term"]


@pytest.mark.parametrize(
    "line",
    [
        "Здравствуйте!",
        "спасибо большое",
        "rahmat! xayr",
        "谢谢你",
        "你好",
        "Сәлем, рахмет",
        "Сәлем бауырым",
        "рахмет айналайын!",
        "rahmat, aka",
        "rahmat katta",
        "ладно, до свидания",
        "жарайды, сау болыңыз",
        "好的再见",
        "Привет, а?",
        "?",
        "",
    ],
)
def test_polite_phrase_removal_keeps_a_line_that_has_only_polite_phrases(line: str) -> None:
    folded = skeleton.fold(line)
    assert politeness.core(folded) is folded


@pytest.mark.parametrize(
    ("line", "core"),
    [
        ("Добрый день, подскажите пожалуйста: где консульство? Спасибо", "где консульство?"),
        ("Салам, менде сұрақ бар", "менде сұрақ бар"),
        ("麻烦你帮我查一下", "帮我查一下"),
        ("办完了谢谢你！", "办完"),
        ("护照怎么办，谢谢", "护照怎么办"),
        ("где консульство, всего доброго", "где консульство"),
        ("亲戚被抓走了", "亲戚被抓走了"),
        ("亲戚被抓走了！", "亲戚被抓走了！"),
        ("брат пропал", "брат пропал"),
        ("жду ответа месяц", "жду ответа месяц"),
    ],
)
def test_polite_phrase_removal_leaves_other_words_unchanged(line: str, core: str) -> None:
    assert politeness.core(skeleton.fold(line)).words == skeleton.fold(core).words


def test_polite_phrase_removal_keeps_sentence_ends() -> None:
    found = politeness.core(skeleton.fold("Здравствуйте! Где консульство? Сколько стоит? Спасибо"))
    assert [found.words[:end][-2] for end in found.sentences] == ["консулство", "стоит"]


@pytest.mark.parametrize(
    ("line", "intent"),
    [
        ("Я живу в Ташкенте. Как получить статус кандаса? У меня двое детей.", "kandas.apply"),
        ("Men Toshkentda yashayman. Qandas maqomi nima? Ikkita bolam bor.", "kandas.what"),
        ("我住在乌鲁木齐。养老金怎么办？我有两个孩子。", "life.pension"),
    ],
)
def test_question_is_recognized_among_sentences_about_the_person(line: str, intent: str) -> None:
    found = decide(Recognizer.load().recognize(line))
    assert intent in [each.intent for each in found.options]


def test_normalized_text_keeps_sentence_ends_when_sentences_are_removed() -> None:
    line = skeleton.fold("Живу тут. Где, скажем, виза? Есть дети. Сколько стоит?")
    left = skeleton.without(line, {("живу", "тут"), ("ест", "дети")})
    assert left == skeleton.fold("Где, скажем, виза? Сколько стоит?")


def test_polite_phrase_before_an_exclamation_mark_is_removed() -> None:
    line = skeleton.fold("как получить кандас, спасибо!")
    assert politeness.core(line).words == skeleton.fold("как получить кандас").words
