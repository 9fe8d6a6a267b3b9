"""A fake recogniser of intents: a table of sentences with what is recognized in each.

The fake also checks the arguments of each call. tests/flows/test_sentences.py compares the table
with the shipped model.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.i18n import kazakh_arabic, uzbek_cyrillic
from bot.understanding.engine_adapter import EngineRecognizer
from flows.engine.recognition import Confidence, Danger, Reading, Recognition
from flows.engine.replies import Understanding
from flows.replies import understanding
from tests.flows.chat import LANGUAGES, Chat, chat_at

NOTHING = Recognition(Confidence.UNKNOWN)
MAX_LENGTH = 5000


@dataclass(frozen=True)
class Known(Recognition):
    """A recognition together with the entities (countries, numbers, …) found in its text."""

    entities: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class FakeReading:
    """The reading that FakeRecognizer returns for a text."""

    recognition: Recognition

    @property
    def danger(self) -> Danger:
        return self.recognition.danger

    @property
    def is_certain_danger(self) -> bool:
        return self.recognition.danger is Danger.CLEAR

    @property
    def is_sure(self) -> bool:
        return self.recognition.confidence is Confidence.SURE


@dataclass(frozen=True)
class FakeRecognizer:
    """A recogniser for the texts in a table; every other text has an unknown intent."""

    known: Mapping[str, Recognition]

    def read(self, text: str, language: str) -> Reading:
        assert language in ("", *LANGUAGES)
        assert len(text) <= MAX_LENGTH
        return FakeReading(self.known.get(text, NOTHING))

    def entities(self, text: str) -> Mapping[str, str]:
        found = self.known.get(text, NOTHING)
        return found.entities if isinstance(found, Known) else {}


def sure(*intents: str, **entities: str) -> Recognition:
    return Known(Confidence.SURE, intents, entities=entities)


def unsure(*intents: str) -> Recognition:
    return Recognition(Confidence.UNSURE, intents)


def danger(kind: str, level: Danger = Danger.CLEAR) -> Recognition:
    return Recognition(Confidence.SURE, (kind,), danger=level, danger_intent=kind)


# Sentences by name: the intents that are recognized in one, and its text in each language. Other
# scripts are transliterated. An unsure recognition lists only the intents that the shipped model
# finds in every language. Danger.SUSPECTED means that the model finds danger of any level.
SENTENCES: Mapping[str, tuple[Recognition, Mapping[str, str]]] = {
    "mission": (
        sure("where.mission", country_of_residence="CN"),
        {
            "kk": "Қытайда тұрамын, елшілік қайда?",
            "ru": "Живу в Китае, где посольство Казахстана?",
            "zh_Hans": "我在中国生活，大使馆在哪里？",
            "uz": "Xitoyda yashayman, elchixona qayerda?",
        },
    ),
    "papers": (
        sure("kandas.documents", country_of_origin="MN"),
        {
            "kk": "Моңғолияданбыз, екі баламыз бар, қандас алуға қандай құжаттар керек?",
            "ru": "Мы из Монголии с двумя детьми, какие документы нужны на кандаса",
            "zh_Hans": "我们从蒙古来，有两个孩子，办坎达斯要什么材料",
            "uz": "Moʻgʻulistondanmiz, ikki bolamiz bor, qandas uchun qanday hujjatlar kerak?",
        },
    ),
    "cost_and_term": (
        sure("kandas.cost", "kandas.term"),
        {
            "kk": "Қандас қанша тұрады? Қанша күтеміз?",
            "ru": "Сколько стоит кандас? И сколько ждать?",
            "zh_Hans": "办坎达斯多少钱？要等多久？",
            "uz": "Qandas qancha turadi? Qancha kutamiz?",
        },
    ),
    "money": (
        unsure("support.money", "fraud.money"),
        {"kk": "ақша туралы", "ru": "вопрос про деньги", "zh_Hans": "钱的事", "uz": "pul masalasi"},
    ),
    "passport": (
        sure("documents.missing"),
        {
            "kk": "менің төлқұжатымның мерзімі өтіп кеткен",
            "ru": "мой паспорт просрочен",
            "zh_Hans": "我的护照过期了",
            "uz": "pasportimning muddati oʻtgan",
        },
    ),
    "detained": (
        danger("danger.detained"),
        {
            "kk": "ағамды алып кетті, қайда екенін білмейміз",
            "ru": "моего брата забрали, мы не знаем, где он",
            "zh_Hans": "我哥哥被带走了，不知道在哪里",
            "uz": "akamni olib ketishdi, qayerdaligini bilmaymiz",
        },
    ),
    "afraid": (
        Recognition(
            Confidence.SURE,
            ("permit.expired",),
            danger=Danger.SUSPECTED,
            danger_intent="danger.violence",
        ),
        {
            "kk": "визам бітіп кеткен, қуып жібере ме деп қорқамын",
            "ru": "виза кончилась, боюсь, что меня заберут",
            "zh_Hans": "签证过期了，我怕被抓",
            "uz": "vizam tugadi, haydab yuborishadi deb qoʻrqaman",
        },
    ),
    "hello": (
        sure("talk.hello"),
        {
            "kk": "ассалаумағалайкум",
            "ru": "всем привет",
            "zh_Hans": "大家好",
            "uz": "salom alaykum",
        },
    ),
    "thanks": (
        sure("talk.thanks"),
        {"kk": "көп рақмет", "ru": "большое спасибо", "zh_Hans": "太感谢了", "uz": "katta rahmat"},
    ),
    "bye": (
        sure("talk.bye"),
        {
            "kk": "сау тұрыңыз",
            "ru": "ну всё, пока",
            "zh_Hans": "那再见吧",
            "uz": "xayr, sogʻ boʻling",
        },
    ),
    "anger": (
        sure("talk.insult"),
        {
            "kk": "сен түкке тұрмайсың",
            "ru": "ты бесполезный",
            "zh_Hans": "垃圾机器人",
            "uz": "sen foydasizsan",
        },
    ),
    "forget": (
        sure("privacy.delete"),
        {
            "kk": "мен туралы бәрін өшіріп тастаңыз",
            "ru": "сотрите все мои данные",
            "zh_Hans": "把我的资料都删掉",
            "uz": "men haqimdagi hamma narsani oʻchirib tashlang",
        },
    ),
    "somebody": (
        sure("person.wanted"),
        {
            "kk": "тірі адаммен сөйлескім келеді",
            "ru": "хочу поговорить с живым человеком",
            "zh_Hans": "我想跟真人说话",
            "uz": "tirik odam bilan gaplashmoqchiman",
        },
    ),
    "pension": (
        sure("life.pension"),
        {
            "kk": "Pension?",
            "ru": "Pension?",
            "zh_Hans": "Pension?",
            "uz": "Pension?",
        },
    ),
    "status": (
        sure("registry.status"),
        {
            "kk": "тіркелуім не болды?",
            "ru": "что с моей регистрацией?",
            "zh_Hans": "我的登记怎么样了？",
            "uz": "roʻyxatdan oʻtishim nima boʻldi?",
        },
    ),
    "which_way": (
        sure("way.which", country_of_origin="UZ"),
        {
            "kk": "Өзбекстаннан көшкім келеді, неден бастаймын",
            "ru": "хочу переехать из Узбекистана, с чего начать",
            "zh_Hans": "我想从乌兹别克斯坦搬过去，从哪里开始",
            "uz": "Oʻzbekistondan koʻchmoqchiman, nimadan boshlayman",
        },
    ),
}


def sentence(name: str, language: str) -> str:
    """Return the sentence with this name in SENTENCES, in the given language and script."""
    written = SENTENCES[name][1]
    match language:
        case "kk_Arab":
            return kazakh_arabic.to_arabic(written["kk"])
        case "uz_Cyrl":
            return uzbek_cyrillic.to_cyrillic(written["uz"])
        case _:
            return written[language]


def read_by_the_model(name: str, language: str) -> Known:
    """Return what the shipped model recognizes in a sentence, to show it in transcripts."""
    text = sentence(name, language)
    model = EngineRecognizer.load()
    found = model.read(text, language).recognition
    return Known(
        found.confidence,
        found.intents,
        found.danger,
        found.danger_intent,
        entities=model.entities(text),
    )


RECOGNIZER = FakeRecognizer(
    {
        sentence(name, language): read_by_the_model(name, language)
        for name in SENTENCES
        for language in LANGUAGES
    }
)
UNDERSTANDING: Understanding = understanding(RECOGNIZER)
# Replies to what the shipped model recognizes.
REAL: Understanding = understanding(EngineRecognizer.load())


def recognizing_chat_at(question: str, language: str = "ru") -> Chat:
    """Return a chat in which this question is open and the shipped model reads typed texts."""
    if question in ("family", "relation", "age_band"):
        chat = chat_at("family", language, applying="family")
        chat.presses(*{"relation": ["add"], "age_band": ["add", "child"]}.get(question, []))
    else:
        chat = chat_at(question, language)
    chat.understanding = REAL
    return chat
