"""Words that translations must use, and words that they must not use, each with the reason."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Term:
    """A rule for translations of English sentences that contain `english` but not `unless`.

    `words` has at most one regular expression per language, for words that are required or
    forbidden. All expressions ignore case. `english` and `unless` match at the start of a word.
    """

    english: str
    words: Mapping[str, str]
    reason: str
    unless: str = "(?!)"


# Terms of the glossary that occur in sentences of the catalogues. The reason of each rule is the
# glossary's note on the term.
GLOSSARY = (
    Term(
        "kandas",
        {"kk": "қандас", "ru": "кандас", "zh_Hans": "坎达斯", "uz": "qandas"},
        "the legal name of the status, and of nobody else",
    ),
    Term(
        "kandas status",
        {"kk": "мәртебе", "ru": "статус", "zh_Hans": "身份", "uz": "maqom"},
        "a legal standing, not the state of an application",
    ),
    Term(
        "ethnic Kazakh",
        {"kk": "этникалық қазақ", "ru": "этническ", "zh_Hans": "哈萨克族", "uz": "etnik qozoq"},
        "the word of the law, for citizens of any country",
    ),
    Term(
        "ethnicity",
        {"kk": r"\bұлт", "ru": r"национальност|нац\.", "zh_Hans": "民族|哈萨克族", "uz": "millat"},
        "in the papers nationality means ethnicity",
    ),
    Term(
        "citizenship",
        {"kk": "азамат", "ru": "граждан", "zh_Hans": "国籍", "uz": "fuqaro"},
        "belonging to a state, not to a people",
    ),
    Term(
        r"citizens?\b",
        {"kk": "азамат", "ru": "граждан", "zh_Hans": "公民|国籍", "uz": "fuqaro"},
        "belonging to a state, not to a people",
    ),
    Term(
        "pre-regist",
        {
            "kk": "алдын ала тіркел",
            "ru": "предварительн[а-я]+ регистрац|предрегистрац",
            "zh_Hans": "预登记",
            "uz": "oldindan (?:roʻyxat|yozil)",
        },
        "it must not sound like the application itself",
    ),
    Term(
        "registry",
        {"kk": "тізілім", "ru": "реестр", "zh_Hans": "登记册", "uz": "reyestr"},
        "one name for the one register, all the way",
    ),
    Term(
        "consent",
        {"kk": "келіс", "ru": "соглас", "zh_Hans": "同意", "uz": "rozi"},
        "the word of the law on personal data",
    ),
    Term(
        "officer",
        {"kk": "маман", "ru": "специалист", "zh_Hans": "工作人员", "uz": "mutaxassis"},
        "one name for whoever answers, without a rank",
    ),
    Term(
        "missions?",
        {
            "kk": "мекеме|елшілі|консулды",
            "ru": "загранучрежден|посольств|консульств",
            "zh_Hans": "驻外机构|使领馆|大使馆|领事馆",
            "uz": "vakolatxona|elchixona|konsulxona|konsullik",
        },
        "an embassy or consulate, never a mission of faith",
    ),
    Term(
        "commission",
        {"kk": "комиссия", "ru": "комисси", "zh_Hans": "委员会", "uz": "komissiya"},
        "the body that gives a recommendation",
    ),
    Term(
        r"applications?\b",
        {"kk": "өтініш", "ru": "заявлени", "zh_Hans": "申请", "uz": "ariza"},
        "the paper of the procedure",
    ),
    Term(
        "migration service",
        {
            "kk": "көші-қон қызмет",
            "ru": "миграционн[а-я]+ служб",
            "zh_Hans": "移民管理",
            "uz": "migratsiya xizmat",
        },
        "the name of the body",
    ),
    Term(
        "State Corporation",
        {
            "kk": "мемлекеттік корпорация",
            "ru": "государственн[а-я]+ корпораци",
            "zh_Hans": "国家公司",
            "uz": "davlat korporatsiya",
        },
        "the name of the body",
        unless="State Corporation offices?",
    ),
    Term(
        "State Corporation offices?",
        {
            "kk": "ХҚКО",
            "ru": "ЦОН",
            "zh_Hans": "公民服务中心",
            "uz": "Qozogʻiston davlat xizmatlari",
        },
        "its offices by the name that people know; Uzbekistan has some of its own",
    ),
    Term(
        "Otandastar",
        {"kk": "отандастар", "ru": "отандастар", "zh_Hans": "Otandastar", "uz": "Otandastar"},
        "the name of the fund is kept in every language",
    ),
)
FORBIDDEN = (
    Term(
        "",
        {
            "kk": "оралман|репатриант",
            "ru": "оралман|репатриант",
            "zh_Hans": "回归者",
            "uz": "oralman|repatriant",
            "en": "oralman|repatriate",
        },
        "the old word for kandas",
    ),
    Term(
        "",
        {
            "kk": "қоныс аударушы",
            "ru": "переселен(?:ец|ц)",
            "zh_Hans": "国内移民",
            "uz": "koʻchib keluvchi",
            "en": "resettler",
        },
        "since 2026 only migrants within Kazakhstan",
    ),
    Term("", {"uz": "vatandosh"}, "Uzbekistan's own term for its own compatriots"),
    Term("", {"en": "nationality"}, "say citizenship or ethnicity: the word means either"),
    Term(
        "ethnic",
        {"kk": "азаматты", "ru": "гражданств", "zh_Hans": "国籍", "uz": "fuqarolik"},
        "ethnicity is not citizenship",
        unless="citizen",
    ),
    Term(
        "citizen",
        {"kk": r"\bұлт", "ru": "национальност", "zh_Hans": "民族", "uz": "millat"},
        "citizenship is not ethnicity",
        unless="ethnic",
    ),
    Term(
        "status",
        {"zh_Hans": "身份", "uz": "maqom"},
        "the state of an application is not the kandas status",
        unless="kandas",
    ),
)
# Patterns of the familiar form of address. The Kazakh ending -дың is also a genitive, so it counts
# only before a question particle.
FAMILIAR = {
    "kk": r"\b(?:сен|сені|сенің|саған|сенен|сенімен|сендер)\b|\w(?:сың|сің)\b"
    r"|\w[дт][ыі]ң [бмп][ае]\b|\w{2}[ыі]ң(?:д[ыі]|[ае]|н[ае]н|д[ае]р)\b"
    r"|\b(?:жаз|таңда|жібер|күт|тексер)[.!]",
    "ru": r"\b(?:ты|тебя|тебе|тобой|тво(?:[йяеёию]|его|ему|ей|ём|их|ими?))\b"
    r"|\b(?!лишь\b)\w+[еёи]шь(?:ся)?\b"
    r"|\b(?:напиши|нажми|выбери|отправь|введи|укажи|подожди|проверь)\b",
    "uz": r"\b(?:sen|seni|sening|senga|senda|sendan)\b|(?:[ay]|ib|gan|mi|mas)san\b"
    r"|\wding\b|\wing(?:ni|ga|dan)\b|\b(?:yoz|bos|tanla|yubor|kut|tekshir)[.!]",
    "zh_Hans": "[你妳]",
}
POLITE = {"kk": "Сіз", "ru": "Вы", "uz": "siz", "zh_Hans": "您"}
# Polite pronouns in lower case, which are an error: Kazakh and Russian texts here write these with
# a capital.
SMALL_POLITE = {
    "kk": r"\b(?:сіз|сізді|сіздің|сізге|сізден|сізбен)\b",
    "ru": r"\b(?:вы|вас|вам|вами|ваш\w*)\b",
}
