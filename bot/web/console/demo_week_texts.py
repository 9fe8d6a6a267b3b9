"""Texts of the demo's week: invented people with their questions, and an announcement."""

from collections.abc import Mapping
from dataclasses import dataclass

TOPIC = "events"
ANNOUNCEMENT: Mapping[str, str] = {
    "kk": "Ашық есік күні\nСенбіде сағат 10:00-ден 16:00-ге дейін мамандар құжаттар туралы"
    " сұрақтарға жауап береді. Кіру тегін.",
    "ru": "День открытых дверей\nВ субботу с 10:00 до 16:00 специалисты ответят на вопросы о"
    " документах. Вход свободный.",
    "zh_Hans": "开放日\n星期六10:00至16:00，工作人员解答有关文件的问题。免费入场。",
    "uz": "Ochiq eshiklar kuni\nShanba kuni soat 10:00 dan 16:00 gacha mutaxassislar hujjatlar"
    " haqidagi savollarga javob beradi. Kirish bepul.",
}

# People's questions to officers, by topic and by written form (a language in one script).
QUESTIONS: Mapping[str, Mapping[str, str]] = {
    "registration": {
        "kk": "Сәлеметсіз бе! Алдын ала тіркелдім, енді не істеуім керек?",
        "kk_Arab": "سالەمەتسىز بە! الدىن الا تىركەلدىم، ەندى نە ىستەۋىم كەرەك؟",
        "ru": "Здравствуйте! Я прошёл предварительную регистрацию. Что делать дальше?",
        "zh_Hans": "您好！我已完成预登记，接下来该怎么办？",
        "uz": "Assalomu alaykum! Oldindan roʻyxatdan oʻtdim. Endi nima qilishim kerak?",
        "uz_Cyrl": "Ассалому алайкум! Олдиндан рўйхатдан ўтдим. Энди нима қилишим керак?",
    },
    "no_papers": {
        "kk": "Құжатымда ұлтым жазылмаған. Қазақ екенімді қалай дәлелдеймін?",
        "kk_Arab": "قۇجاتىمدا ۇلتىم جازىلماعان. قازاق ەكەنىمدى قالاي دالەلدەيمىن؟",
        "ru": "В моих документах не указана национальность. Чем её подтвердить?",
        "zh_Hans": "我的证件上没有写民族，怎样证明我是哈萨克族？",
        "uz": "Hujjatlarimda millatim yozilmagan. Uni qanday tasdiqlayman?",
        "uz_Cyrl": "Ҳужжатларимда миллатим ёзилмаган. Уни қандай тасдиқлайман?",
    },
    "spouse": {
        "kk": "Жұбайым менімен бірге өтініш бере ала ма?",
        "kk_Arab": "جۇبايىم مەنىمەن بىرگە ءوتىنىش بەرە الا ما؟",
        "ru": "Может ли жена подать заявление вместе со мной?",
        "zh_Hans": "我的妻子可以和我一起申请吗？",
        "uz": "Xotinim men bilan birga ariza bera oladimi?",
        "uz_Cyrl": "Хотиним мен билан бирга ариза бера оладими?",
    },
    "stay_ends": {
        "kk": "Визамның мерзімі екі аптадан кейін бітеді. Ұзартуға бола ма?",
        "kk_Arab": "ۆيزامنىڭ مەرزىمى ەكى اپتادان كەيىن بىتەدى. ۇزارتۋعا بولا ما؟",
        "ru": "Виза заканчивается через две недели. Можно ли её продлить?",
        "zh_Hans": "我的签证两周后到期，可以延期吗？",
        "uz": "Vizam ikki haftadan keyin tugaydi. Uni uzaytirsa boʻladimi?",
        "uz_Cyrl": "Визам икки ҳафтадан кейин тугайди. Уни узайтирса бўладими?",
    },
    "general": {
        "kk": "Құжаттарды аудару қанша тұрады және қайда аударамын?",
        "kk_Arab": "قۇجاتتاردى اۋدارۋ قانشا تۇرادى جانە قايدا اۋدارامىن؟",
        "ru": "Где перевести документы и сколько это стоит?",
        "zh_Hans": "在哪里翻译文件？费用是多少？",
        "uz": "Hujjatlarni qayerda tarjima qilaman va bu qancha turadi?",
        "uz_Cyrl": "Ҳужжатларни қаерда таржима қиламан ва бу қанча туради?",
    },
}
ANSWERS = ("documents-today", "photo-again")


@dataclass(frozen=True, slots=True)
class Visit:
    """A visit of an invented person, who opens a case or begins a registration.

    `hours_ago` is the time since the visit began. `answered` and `closed` are the minutes from then
    until the case is answered or closed; 0 means never. `rating` is the person's rating of the
    officer's help. `typed` are the answers in the registration.
    """

    hours_ago: float
    language: str
    topic: str = ""
    answered: int = 0
    closed: int = 0
    rating: str = ""
    typed: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        return QUESTIONS[self.topic][self.language]


_FORMS = ("kk", "ru", "zh_Hans", "kk_Arab", "uz", "kk", "ru", "uz_Cyrl")
_TOPICS = tuple(QUESTIONS)
_CLOSED = tuple(
    Visit(
        hours_ago=128 - number * 3.9,
        language=_FORMS[number % len(_FORMS)],
        topic=_TOPICS[number * 3 % len(_TOPICS)],
        answered=6 + number * 17 % 55,
        closed=75 + number * 53 % 400,
        rating=("yes", "yes", "partly", "yes", "")[number % 5],
    )
    for number in range(30)
)
_OPEN = (
    Visit(9.5, "kk", "registration", answered=12),
    Visit(5.0, "ru", "spouse", answered=25),
    Visit(2.2, "zh_Hans", "no_papers"),
    Visit(1.4, "uz", "stay_ends"),
    Visit(0.8, "kk_Arab", "general"),
    Visit(0.3, "kk", "stay_ends"),
)
PEOPLE = _CLOSED + _OPEN
FORMS = tuple(
    Visit(3.0 + number, ("kk", "ru")[number % 2], typed=("TESTOVA", "GULNAR")[: number % 3])
    for number in range(6)
)
# The demo's announcement was sent this many hours ago.
DUE = 27.0
