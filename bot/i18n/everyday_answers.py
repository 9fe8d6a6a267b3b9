"""Recognizes short everyday answers: "my son", "myself", "at home", "not decided", half of a label.

The recognizer of danger knows words such as "son" mostly from messages about danger.
"""

import re
from functools import cache

from bot.i18n import normalization
from bot.i18n.word_lists import bare_words, in_all_scripts
from flows.engine.word_count import count_words

# "Or" between two names for one option, as in "Son or daughter". The Kazakh word means "not" in
# Russian.
OR = {
    "kk": re.compile(r"\s(?:немесе|не)\s"),
    "kk_Arab": re.compile(r"\s(?:نەمەسە|نە)\s"),
    "ru": re.compile(r"\sили\s"),
    "zh_Hans": re.compile("或"),
    "uz": re.compile(r"\syoki\s"),
    "uz_Cyrl": re.compile(r"\sёки\s"),
}

# check: a native speaker must check each line
# Words of which an answer to "Who?" may consist. The first line of each is Kazakh, the second one
# is Uzbek; each also matches in its other script.
KIN = (
    "ұл ұлым ұлымды ұлыммен қыз қызым қызымды қызыммен бала балам баламды баламмен балалар"
    " балаларым балаларымды балаларыммен күйеу күйеуім күйеуіммен жұбай жұбайым жұбайыммен әйел"
    " әйелім әйеліммен ана анам анамды анаммен әке әкем әкемді әкеммен ата атам әже әжем апа апам"
    " аға ағам ағамды іні інім бауыр бауырым бауырымды қарындас қарындасым әпке әпкем немере"
    " немерем сәби отбасы отбасым өзім өзімді ғана тек емес және мен пен"
    " бен",
    "oʻgʻil oʻgʻlim oʻgʻlimni qiz qizim qizimni bola bolam bolamni bolalar bolalarim bolalarimni"
    " er erim erimni xotin xotinim ayol ayolim ona onam onamni ota otam otamni buvi buvim bobo"
    " bobom aka akam akamni uka ukam ukamni opa opam singil singlim nevara nevaram chaqaloq oila"
    " oilam oilamni oʻzim oʻzimni faqat emas va bilan",
    "сын сына сыном дочь дочка дочку дочерью муж мужа мужем жена жену женой мать мама маму мамой"
    " отец отца отцом папа папу папой бабушка бабушку дедушка брат брата братом сестра сестру"
    " сестрой внук внука внучка внучку племянник племянница тёща тесть свекровь свёкор ребёнок"
    " ребёнка ребёнком дети детей детьми младенец семья семью семьёй меня себя я мы сам сама свою"
    " только не и с со",
    "我 我们 自己 本人 我自己 就 只 我的 儿子 女儿 孩子 孩子们 小孩 婴儿 大人 老公 丈夫 老婆 妻子"
    " 爱人 太太 先生"
    " 爸爸 妈妈 爸 妈 父亲 母亲 爷爷 奶奶 哥哥 弟弟 姐姐 妹妹 孙子 孙女 家人 全家 和 跟 与 不是",
)
# Words of KIN for "not", "only", "I" and "we", which do not say who lives with the person.
NOT_KIN = ("тек емес ғана", "faqat emas", "я мы только не")
# Words of a text that says with which relatives a person lives. None means "alone" or "not",
# and "I" is missing, so that the age in the text is that of somebody else.
WITH_ME = (
    "өз менімен бізбен бірге тұрады тұрамын тұрамыз бар қолымда қасымда жаста жасар",
    "birga yashaydi yashayman yashaymiz bor yonimda yoshda yoshli yashar",
    "живёт живут живу живём вместе со мной мной нами у есть рядом лет год года",
)
# Whole answers, as in KIN.
ANSWERS = (
    "үйде, үйдемін, шешпедім, әлі шешпедім, ойланып жүрмін, болмадым, болмағанмын, болған жоқпын,"
    " тұрғым келеді, менің ойымша иә, менің ойымша жоқ",
    "uyda, uydaman, hal qilmadim, hali hal qilmadim, qaror qilmadim, hali qaror qilmadim,"
    " oʻylayapman, boʻlmaganman, yashamoqchiman, ha deb oʻylayman, yoʻq deb oʻylayman",
    "дома, я дома, у себя, у себя дома, не решил, не решила, ещё не решил, ещё не решила,"
    " пока не решил, пока не решила, думаю да, думаю нет, думаю что да, думаю что нет, пока думаю,"
    " жить, хочу жить, жить там, больше никого, никого больше, все больше никого",
    "在家, 家里, 在家里, 我在家, 还没决定, 没决定, 还没想好, 没想好, 在考虑, 快了,"
    " 应该是, 应该不是, 没人了, 没有别人了",
)

# Whole texts of a person who is tired of a form, as in ANSWERS. They may also be about danger.
TIRED = (
    "шаршадым, мен шаршадым, өте шаршадым, қатты шаршадым, шаршап кеттім",
    "charchadim, men charchadim, juda charchadim, charchab ketdim",
    "устал, устала, я устал, я устала, очень устал, очень устала, уже устал, уже устала",
    "累了, 我累了, 好累, 太累了, 很累, 我很累",
)


def is_tired(typed: str) -> bool:
    """Return True if the whole text says that the person is tired, and of what is not said."""
    return normalization.bare(typed) in _phrases(TIRED)


def is_everyday(typed: str) -> bool:
    """Return True if the whole text is an everyday answer and mentions nothing else."""
    text = normalization.bare(typed)
    if text in _phrases(ANSWERS):
        return True
    words = text.split()
    return bool(words) and (
        all(word in bare_words(KIN) or _kin_in_han().fullmatch(word) for word in words)
        or _lives_with(words)
    )


def _lives_with(words: list[str]) -> bool:
    """Return True if words only say which relative, of which age, lives with the person."""
    kin, beside = bare_words(KIN) - bare_words(NOT_KIN), bare_words(WITH_ME)
    others = [word for word in words if word not in kin]
    is_plain = all(word in beside or word.isdecimal() for word in others)
    return is_plain and len(others) < len(words) and bool(beside & set(others))


def is_half(typed: str, shown: str, language: str) -> bool:
    """Return True if a text is one of the two names in a label such as "Son or daughter".

    Names of different lengths do not count, because they may share a word, as in "Visa or permitted
    stay ends".
    """
    halves = OR[language].split(shown) if language in OR else []
    is_pair = len(halves) == 2 and count_words(halves[0]) == count_words(halves[1])
    return is_pair and normalization.fold(typed) in map(normalization.fold, halves)


@cache
def _phrases(lines: tuple[str, ...]) -> frozenset[str]:
    return frozenset(
        normalization.bare(each) for line in in_all_scripts(lines) for each in line.split(", ")
    )


@cache
def _kin_in_han() -> re.Pattern[str]:
    """Return a pattern for Chinese words of KIN, which no spaces separate."""
    return re.compile(f"(?:{'|'.join(KIN[-1].split())})+")
