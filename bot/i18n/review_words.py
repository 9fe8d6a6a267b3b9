"""Recognizes "send", "everything is right" and "that is wrong" after a form's questions."""

from functools import cache

from bot.i18n import normalization
from bot.i18n.word_lists import in_all_scripts

# The first line of each is Kazakh, the second one is Uzbek; each also matches in its other script.
# check: a native speaker must check each line
# Words before the rest of an answer. Chinese writes them without a space.
YES = (
    "иә, ия, жарайды, дұрыс, иә дұрыс",
    "ha, xa, xoʻp, mayli, toʻgʻri, ha toʻgʻri",
    "да, ага, хорошо, ладно, верно, всё верно, да верно, да всё верно",
    "是的, 是, 对, 对的, 好, 好的, 可以, 没错",
)
NO = ("жоқ, жок", "yoʻq, yoq", "нет, неа", "不, 没有, 不是")
SEND = (
    "жіберіңіз, жібер, жібере беріңіз, жіберіңдер, жіберейік, жіберемін, жіберу, жіберіңізші",
    "yuboring, yubor, yuboravering, yuborish, yuboraman, yuboramiz, joʻnating, joʻnatish",
    "отправить, отправь, отправьте, отправляй, отправляйте, отправляю, отправляем, посылайте,"
    " отправьте пожалуйста, отправляйте пожалуйста, можно отправлять, можете отправлять",
    "提交, 请提交, 发送, 请发送, 提交吧, 发送吧, 可以提交, 可以发送, 确认提交, 现在提交, 请您提交",
)
RIGHT = (
    "бәрі дұрыс, барлығы дұрыс, бәрі де дұрыс, бәрі дұрыс жазылған, дұрыс, солай",
    "hammasi toʻgʻri, barchasi toʻgʻri, hammasi joyida, toʻgʻri, shunday",
    "всё верно, всё правильно, всё так, верно, правильно, так и есть, всё в порядке, всё хорошо,"
    " всё нормально, ошибок нет",
    "都对, 都是对的, 都正确, 全对, 全部正确, 全都对, 没有错, 没问题, 都没错, 没有问题",
)
WRONG = (
    "дұрыс емес, қате, олай емес, бұлай емес, қате бастым, қателесіп бастым",
    "notoʻgʻri, xato, unday emas, bunday emas, xato bosdim, adashib bosdim",
    "неправильно, неверно, не так, не верно, не правильно, это не так, это неправильно, ошибка,"
    " это ошибка, неправда, это неверно, не то нажал, не то нажала",
    "不对, 错了, 不是这样, 有错, 这不对, 按错了, 点错了, 弄错了, 不正确",
)


def _after(first: tuple[str, ...], then: tuple[str, ...]) -> tuple[str, ...]:
    """Return lines of the phrases `then`, alone and after each phrase of `first`."""

    def line(opening: str, rest: str, spaces: tuple[str, ...]) -> str:
        both = (
            each + space + phrase
            for each in opening.split(", ")
            for phrase in rest.split(", ")
            for space in spaces
        )
        return f"{rest}, {', '.join(both)}"

    *others, chinese = zip(first, then, strict=True)
    return (*(line(*each, (" ",)) for each in others), line(*chinese, ("", " ")))


# Whole answers, as in `option_words`.
OPTION_WORDS = {("review", "submit"): _after(YES, SEND)}


def confirms(typed: str) -> bool:
    """Return True if the whole text means "everything is right", also after "yes"."""
    return normalization.bare(typed) in _phrases(_after(YES, RIGHT))


def rejects(typed: str) -> bool:
    """Return True if the whole text means "that is wrong", also after "no"."""
    return normalization.bare(typed) in _phrases(_after(NO, WRONG))


@cache
def _phrases(lines: tuple[str, ...]) -> frozenset[str]:
    every = (phrase for line in in_all_scripts(lines) for phrase in line.split(", "))
    return frozenset(map(normalization.bare, every))
