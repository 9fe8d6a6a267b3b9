"""The decision on a recognised text: answer one or two intents, offer several, warn of danger."""

import math
from dataclasses import replace

import pytest

from bot.understanding.decision import (
    DANGER_CARD,
    MIN_OFFERED,
    SURE,
    Certainty,
    DangerLevel,
    danger_level,
    decide,
)
from bot.understanding.engine_adapter import EngineRecognizer
from bot.understanding.recognition import Candidate, Part, Recognition
from bot.understanding.recognizer import Message, Recognizer
from bot.understanding.sharing import MAX_DANGER, may_leave
from flows.engine.recognition import Confidence, Danger
from flows.knowledge.intents import BY_ID, Kind


def recognition(confidence: float, none: float = 0.0, *parts: Part) -> Recognition:
    return Recognition(
        "life.pension",
        confidence,
        (Candidate("life.benefits", 0.01), Candidate("none.noise", none)),
        danger=0.0,
        danger_intent="danger.child",
        none_mass=none,
        familiarity=1.0,
        is_short=False,
        blank=False,
        wrong_layout=False,
        parts=parts,
    )


def part(intent: str, confidence: float = 0.95, *, asks: bool = True) -> Part:
    return Part(intent, confidence, none_mass=0.0, familiarity=1.0, is_short=False, asks=asks)


@pytest.mark.parametrize(
    ("confidence", "none", "certainty"),
    [
        (0.99, 0.0, Certainty.SURE),
        (0.60, 0.3, Certainty.UNSURE),
        (0.30, 0.0, Certainty.UNSURE),
        (0.02, 0.0, Certainty.UNKNOWN),
    ],
)
def test_intent_decision_depends_on_the_confidence(
    confidence: float, none: float, certainty: Certainty
) -> None:
    found = decide(recognition(confidence, none))
    assert found.certainty is certainty
    assert all(BY_ID[each.intent].kind is not Kind.NONE for each in found.options)


def test_intent_decision_is_unsure_for_unfamiliar_messages() -> None:
    found = decide(replace(recognition(0.99), familiarity=0.3))
    assert found.certainty is Certainty.UNSURE


def test_intent_decision_needs_a_higher_confidence_for_short_messages() -> None:
    assert decide(replace(recognition(0.95), is_short=True)).certainty is Certainty.UNSURE
    assert decide(replace(recognition(0.995), is_short=True)).certainty is Certainty.SURE


def test_intent_decision_ignores_clauses_that_disagree_with_the_message() -> None:
    found = recognition(0.9, 0.0, part("life.school"), part("life.health"))
    assert [each.intent for each in decide(found).options] == ["life.pension"]


@pytest.mark.parametrize(
    ("second", "offered"),
    [
        (part("life.school", 0.6), "life.school"),
        (part("life.school", 0.4), ""),
        (part("life.pension", 0.6), ""),
        (part("talk.thanks", 0.99), ""),
        (part("danger.child", 0.99), ""),
    ],
)
def test_message_with_two_likely_questions_gets_an_offer_for_the_second(
    second: Part, offered: str
) -> None:
    decision = decide(recognition(0.95, 0.0, part("life.pension"), second))
    assert [each.intent for each in decision.options] == ["life.pension"]
    assert decision.also == offered


def test_small_talk_message_gets_no_offer_for_a_second_question() -> None:
    found = replace(recognition(0.95, 0.0, part("life.school", 0.6)), intent="talk.thanks")
    assert decide(found).also == ""


@pytest.mark.parametrize(
    ("intent", "likeliest", "offered"),
    [
        ("documents.missing", 0.19, "documents.missing"),
        ("documents.missing", 0.09, ""),
        ("none.other_topic", 0.19, ""),
        ("talk.hello", 0.19, ""),
        ("danger.child", 0.19, ""),
    ],
)
def test_intent_decision_offers_a_topic_below_the_safety_answer(
    intent: str, likeliest: float, offered: str
) -> None:
    found = replace(
        recognition(0.65),
        intent="danger.violence",
        danger=0.9,
        alternatives=(Candidate(intent, likeliest),),
    )
    assert decide(found).also == offered
    assert decide(replace(found, danger=0.2)).also == ""


def test_intent_decision_offers_a_second_question_when_danger_is_certain() -> None:
    found = replace(recognition(0.99, 0.0, part("life.school")), intent="danger.violence")
    assert decide(replace(found, danger=0.99)).also == "life.school"
    weak = replace(found, danger=0.99, parts=(part("life.school", 0.4),))
    assert decide(weak).also == ""


def test_danger_level_depends_on_the_probability() -> None:
    levels = [danger_level(mass, "danger.child", 0.0) for mass in (0.0, 0.3, 0.9)]
    assert levels == [DangerLevel.NONE, DangerLevel.CARD, DangerLevel.FIRST]


@pytest.mark.parametrize(
    ("intent", "lead", "level"),
    [
        ("danger.child", 0.3, DangerLevel.FIRST),
        ("none.other_topic", 0.3, DangerLevel.FIRST),
        ("documents.missing", 0.09, DangerLevel.FIRST),
        ("documents.missing", 0.10, DangerLevel.URGENT_CARD),
        ("talk.bye", 0.10, DangerLevel.URGENT_CARD),
    ],
)
def test_danger_less_likely_than_a_question_gets_an_urgent_safety_card(
    intent: str, lead: float, level: DangerLevel
) -> None:
    found = replace(recognition(0.5), intent=intent, danger=0.8, question_lead=lead)
    assert decide(found).danger is level
    assert decide(replace(found, has_crisis_phrase=True)).danger is DangerLevel.FIRST


def test_stolen_passport_before_a_flight_is_recognized_as_danger_and_topic() -> None:
    text = "pasportimni oʻgʻirlab ketishdi ertaga samolyotim bor nima qilay"
    reading = EngineRecognizer.load().read(text, "uz")
    assert reading.danger is reading.recognition.danger
    assert reading.danger is not Danger.NONE
    assert "documents.missing" in reading.recognition.intents


@pytest.mark.parametrize("text", ["спасите", "спасите, пожалуйста!", "qutqaring", "救命啊"])
def test_cry_for_help_of_one_word_gets_the_safety_answer(text: str) -> None:
    assert decide(Recognizer.load().recognize(text)).danger is DangerLevel.FIRST
    assert decide(Recognizer.load().recognize("спасибо")).danger is DangerLevel.NONE


@pytest.mark.parametrize(
    ("collected", "taken"),
    [
        ("забрал паспорт из ЦОНа", "хозяин забрал паспорт"),
        ("паспортымды ХҚКО-дан алдым", "қожайын паспортымды алып қойды"),
        ("pasportimni IIBdan oldim", "xo'jayin pasportimni olib qo'ydi"),
        ("护照取回来了", "护照被收走了"),
    ],
)
def test_passport_that_its_owner_collected_gets_no_safety_answer(
    collected: str, taken: str
) -> None:
    assert decide(Recognizer.load().recognize(collected)).danger < DangerLevel.FIRST
    assert decide(Recognizer.load().recognize(taken)).danger is DangerLevel.FIRST


def test_past_detention_in_a_chinese_question_gets_the_answer() -> None:
    found = decide(Recognizer.load().recognize("我以前被拘留过 会影响申请吗"))
    assert (found.certainty, found.danger) == (Certainty.SURE, DangerLevel.NONE)
    assert decide(Recognizer.load().recognize("我爸被拘留了")).danger is DangerLevel.FIRST


@pytest.mark.parametrize("text", ["kredit berasizlarmi", "кредит дадите?", "несие бересіз бе"])
def test_request_for_a_loan_gets_no_answer_about_stored_data(text: str) -> None:
    found = decide(Recognizer.load().recognize(text))
    kinds = {BY_ID[each.intent].kind for each in found.options}
    assert found.certainty is not Certainty.SURE or kinds <= {Kind.NONE}


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("не вижу список", "bot.broken"),
        ("看不见", "bot.broken"),
        ("我怀孕了", "life.health"),
        ("homiladorman", "life.health"),
        ("жена беременна", "life.health"),
        ("что дальше?", "way.which"),
        ("ary qarai ne isteimin", "way.which"),
        ("ещё вопрос", "talk.thanks"),
        ("yana savolim bor", "talk.thanks"),
        ("我还有问题", "talk.thanks"),
        ("у меня уже есть справка", "kandas.documents"),
        ("какие документы нужны для внж", "permit.residence"),
        ("ықтиярхатқа қандай құжат керек", "permit.residence"),
    ],
)
def test_short_message_gets_its_answer_and_no_safety_answer(text: str, intent: str) -> None:
    found = decide(Recognizer.load().recognize(text))
    assert (found.certainty, found.danger) == (Certainty.SURE, DangerLevel.NONE)
    assert [each.intent for each in found.options] == [intent]


@pytest.mark.parametrize(
    "text",
    [
        "не вижу выхода", "впереди ничего не вижу", "看不到未来", "никому я не нужна", "убивают",
        "никому не говорите где я", "сын в опасности", "我怀孕了 老公打我", "мне 14, меня бьют",
    ],
)  # fmt: skip
def test_danger_that_resembles_a_short_question_gets_the_safety_answer(text: str) -> None:
    assert decide(Recognizer.load().recognize(text)).danger is DangerLevel.FIRST


@pytest.mark.parametrize(
    "text",
    ["мне двадцать пять лет", "Мен Навоийданман 68 ёшдаман", "men 27 yoshdaman, uylanganman"],
)
def test_age_in_words_gets_no_safety_answer(text: str) -> None:
    assert decide(Recognizer.load().recognize(text)).danger < DangerLevel.FIRST


@pytest.mark.parametrize("text", ["мне 30 лет", "我30岁", "16 yoshdaman", "30 жас"])
def test_message_that_is_only_an_age_is_no_danger(text: str) -> None:
    reading = EngineRecognizer.load().read(text, "ru")
    assert (reading.danger, reading.recognition.confidence) == (Danger.NONE, Confidence.UNKNOWN)
    assert EngineRecognizer.load().read(f"{text}, помогите, меня бьют", "ru").danger.is_urgent


def test_message_with_a_crisis_phrase_gets_the_safety_answer_first() -> None:
    found = Recognizer.load().recognize("мне угрожают, какие документы нужны на кандаса?")
    assert found.has_crisis_phrase
    assert decide(found).danger is DangerLevel.FIRST


def test_intent_decision_answers_at_most_two_questions() -> None:
    parts = [part(intent) for intent in ("life.pension", "life.school", "life.health")]
    decision = decide(recognition(0.6, 0.0, *parts))
    assert decision.options == (Candidate("life.pension", 0.95), Candidate("life.school", 0.95))


@pytest.mark.parametrize(
    ("confidence", "certainty"),
    [(0.9, Certainty.SURE), (SURE, Certainty.SURE), (0.1, Certainty.UNSURE)],
)
def test_intent_decision_for_an_out_of_scope_line_uses_only_confidence(
    confidence: float, certainty: Certainty
) -> None:
    found = replace(
        recognition(confidence, 0.9),
        intent="none.other_topic",
        alternatives=(Candidate("life.school", MIN_OFFERED),),
    )
    assert decide(found).certainty is certainty


def test_intent_decision_offers_no_topic_below_the_minimum_probability() -> None:
    likely = Candidate("life.school", MIN_OFFERED)
    unlikely = Candidate("life.health", math.nextafter(MIN_OFFERED, 0))
    found = replace(recognition(0.5), alternatives=(likely, unlikely))
    assert [each.intent for each in decide(found).options] == ["life.pension", "life.school"]
    ambiguous = replace(found, is_ambiguous=True)
    assert decide(ambiguous).options[2] == unlikely


def test_intent_decision_is_sure_of_a_line_that_suits_no_topic() -> None:
    unlikely = Candidate("life.health", math.nextafter(MIN_OFFERED, 0))
    found = replace(recognition(0.3, 0.9), intent="none.other_topic", alternatives=(unlikely,))
    assert decide(found).certainty is Certainty.SURE


def test_danger_of_exactly_the_minimum_probability_gets_a_safety_card() -> None:
    assert danger_level(DANGER_CARD, "danger.child", 0.0) is DangerLevel.CARD
    below = math.nextafter(DANGER_CARD, 0)
    assert danger_level(below, "danger.child", 0.0) is DangerLevel.NONE


@pytest.mark.parametrize(("danger", "may"), [(0.0, True), (MAX_DANGER, False)])
def test_external_model_gets_only_messages_below_the_danger_limit(danger: float, may: bool) -> None:
    found = replace(recognition(0.02), danger=danger)
    assert may_leave("what is it", found, decide(found)) is may


@pytest.mark.parametrize(("text", "kind"), [("мне угрожают убить", "danger"), ("пенсия", "")])
def test_recognition_has_a_danger_intent_only_for_a_dangerous_message(text: str, kind: str) -> None:
    found = EngineRecognizer.load().read(text, "ru").recognition
    assert found.danger_intent.partition(".")[0] == kind


@pytest.mark.parametrize(
    "line",
    [
        "Укам Афғонистонда толибонларнинг қамоғида, қозоқ, қутқарса бўладими?",
        "Jiyanim Rossiyada hibsda, qozoq yurtiga ko‘chmoqchi edi",
    ],
)
def test_recognizer_quick_certainty_check_excludes_a_line_about_danger(
    line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    recognized: list[Message] = []
    recognize = Message.recognize

    def counted(message: Message) -> Recognition:
        recognized.append(message)
        return recognize(message)

    monkeypatch.setattr(Message, "recognize", counted)
    assert not EngineRecognizer.load().read(line, "uz").is_sure
    assert recognized == []


@pytest.mark.parametrize(
    "text",
    [
        "не хочу",
        "Не надо.",
        "қаламаймын",
        "قالامايمىن",
        "xohlamayman",
        "хоҳламайман",
        "不想",
        "不要",
        "я не хочу",
        "Нет, не хочу!",
        "не хочу, спасибо",
        "ya ne hochu",
        "мен қаламаймын",
        "мен каламаймын",
        "مەن قالامايمىن",
        "жоқ, маған керек емес",
        "қалағым келмейді",
        "men xohlamayman",
        "hohlamayman",
        "Yo'q, xoxlamayman",
        "мен хохламайман",
        "我不想",
        "不，我不願意",
        "不用了，谢谢",
    ],
)
def test_message_i_do_not_want_is_recognized_as_no_danger_and_no_topic(text: str) -> None:
    reading = EngineRecognizer.load().read(text, "ru")
    assert reading.danger is Danger.NONE
    assert reading.recognition.danger is Danger.NONE
    assert reading.recognition.intents == ()


@pytest.mark.parametrize(
    "text",
    [
        "не хочу жить",
        "yashashni xohlamayman",
        "不想活了",
        "больше не хочу",
        "уже не хочу",
        "ничего не хочу",
        "я этого не хочу",
        "енді қаламаймын",
        "ештеңе қаламаймын",
        "endi xohlamayman",
        "hech narsa xohlamayman",
        "men kerak emasman",
        "我不想了",
    ],
)
def test_message_that_may_mean_not_to_live_is_recognized_as_danger(text: str) -> None:
    assert EngineRecognizer.load().read(text, "ru").danger is not Danger.NONE
