"""A recogniser that knows a few sentences by heart, and is strict about how it is asked."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.i18n import kazakh_arabic, uzbek_cyrillic
from flows.engine.recognition import Confidence, Danger, Reading, Recognition
from flows.engine.replies import Understanding
from flows.replies import understanding
from tests.flows.chat import LANGUAGES

NOTHING = Recognition(Confidence.UNKNOWN)
MAX_LENGTH = 5000


@dataclass(frozen=True)
class Known(Recognition):
    """A recognition with the values that its text names."""

    entities: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class FakeReading:
    """The reading of a text whose recognition is known."""

    recognition: Recognition

    @property
    def danger(self) -> Danger:
        return self.recognition.danger


@dataclass(frozen=True)
class FakeRecognizer:
    """Recognises just the texts of a table; every other text is unknown to it."""

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


# Sentences of each language and their meaning; the other scripts follow by rule.
SENTENCES: Mapping[str, tuple[Recognition, Mapping[str, str]]] = {
    "mission": (
        sure("where.mission", country_of_residence="CN"),
        {
            "kk": "Қытайдағы елшілік қайда?",
            "ru": "Где посольство в Китае?",
            "zh_Hans": "在中国的大使馆在哪里？",
            "uz": "Xitoydagi elchixona qayerda?",
        },
    ),
    "papers": (
        sure("kandas.documents", country_of_origin="MN", children="2"),
        {
            "kk": "Моңғолиядан екі баламен көшеміз, қандас үшін қандай құжат керек",
            "ru": "Мы из Монголии с двумя детьми, какие документы нужны на кандаса",
            "zh_Hans": "我们从蒙古来，有两个孩子，办坎达斯要什么材料",
            "uz": "Moʻgʻulistondan ikki bola bilan koʻchamiz, qandas uchun qanday hujjat kerak",
        },
    ),
    "cost_and_term": (
        sure("kandas.cost", "kandas.term"),
        {
            "kk": "Қанша тұрады және қанша күтеміз?",
            "ru": "Сколько это стоит и сколько ждать?",
            "zh_Hans": "多少钱，要等多久？",
            "uz": "Qancha turadi va qancha kutamiz?",
        },
    ),
    "money": (
        unsure("support.money", "kandas.cost", "fraud.money"),
        {"kk": "ақша туралы", "ru": "насчёт денег", "zh_Hans": "钱的事", "uz": "pul haqida"},
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
            danger_intent="danger.deported",
        ),
        {
            "kk": "визам бітті, қуып жіберме деп қорқамын",
            "ru": "виза кончилась, боюсь, что выгонят",
            "zh_Hans": "签证过期了，我怕被赶走",
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
        {"kk": "сау тұрыңыз", "ru": "ну всё, пока", "zh_Hans": "那再见吧", "uz": "mayli, xayr"},
    ),
    "anger": (
        sure("talk.insult"),
        {
            "kk": "сен түкке тұрмайсың",
            "ru": "ты бесполезный",
            "zh_Hans": "你真没用",
            "uz": "sen foydasizsan",
        },
    ),
    "forget": (
        sure("privacy.delete"),
        {
            "kk": "мен туралы бәрін өшіріп тастаңыз",
            "ru": "сотрите всё, что обо мне знаете",
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
    """Return a sentence as it is written in a language."""
    written = SENTENCES[name][1]
    match language:
        case "kk_Arab":
            return kazakh_arabic.to_arabic(written["kk"])
        case "uz_Cyrl":
            return uzbek_cyrillic.to_cyrillic(written["uz"])
        case _:
            return written[language]


RECOGNIZER = FakeRecognizer(
    {
        sentence(name, language): recognition
        for name, (recognition, _written) in SENTENCES.items()
        for language in LANGUAGES
    }
)
UNDERSTANDING: Understanding = understanding(RECOGNIZER)
