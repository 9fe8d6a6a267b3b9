"""Cuts greetings, thanks and other courtesies off the start and the end of a message.

Courtesies are not part of the question but can outweigh a short one: “Hello! My husband beats me.
Thank you!” was recognized as thanks. A message that consists only of courtesies, or of courtesies
and words like “brother”, is not cut.
"""

import re
from collections.abc import Sequence
from functools import cache

from bot.understanding import skeleton
from bot.understanding.skeleton import IS_HAN, Skeleton

# Courtesies at the start of a message, in any script. None of them asks for anything. None
# addresses a person, since a word like “brother” may also be the start of the message itself.
OPENINGS = (
    "здравствуйте, здраствуйте, здравствуй, добрый день, доброе утро, добрый вечер, доброй ночи",
    "доброго дня, доброго времени суток, приветствую, привет, салам, салам алейкум, уважаемые",
    "подскажите, подскажите пожалуйста, скажите, скажите пожалуйста, пожалуйста, пж, пжл, алло",
    "будьте добры, будьте любезны, извините, извините за беспокойство, простите, прошу прощения",
    "у меня вопрос, у меня такой вопрос, такой вопрос, есть вопрос, можно вопрос, можно спросить",
    "хочу спросить, хотел спросить, хотела спросить, хотел узнать, хотела узнать, вопрос",
    "сәлем, сәлеметсіз бе, сәлеметсіздер ме, саламатсыз ба, саламатсыздар ма, ассалаумағалейкум",
    "ассалам алейкум, ассаламу алейкум, армысыз, армысыздар, қайырлы күн, қайырлы таң, қайырлы кеш",
    "қайырлы түн, құрметті, айтыңызшы, айтып жіберіңізші, айтып беріңізші, айтшы, айтып жіберші",
    "өтінемін, өтінем, кешіріңіз, кешіріңізші, сұрағым бар еді, сұрағым бар, бір сұрағым бар еді",
    "бір сұрағым бар, бір сұрақ, сұрайын деп едім, сұрақ",
    "assalomu alaykum, assalom alaykum, assalom, salom, vaalaykum assalom, xayrli kun, xayrli tong",
    "xayrli kech, xayrli oqshom, hurmatli, aytib bering, ayting, aytingchi, aytib yuboring",
    "kechirasiz, uzr, savolim bor, savolim bor edi, bir savol, bir savolim bor edi, savol",
    "soramoqchi edim, bilmoqchi edim, iltimos",
    "hello, hi, hey, good morning, good day, good evening, please, excuse me, sorry",
    "merhaba, selam, сайн байна уу",
)
THANKS = (
    "спасибо, спасибо большое, большое спасибо, спасибо вам, спасибо заранее, заранее спасибо, спс",
    "благодарю, заранее благодарю, благодарю вас, рақмет, рахмет, рақмет сізге, рахмет сізге",
    "көп рақмет, көп рахмет, үлкен рахмет, алдын ала рақмет, алдын ала рахмет, рахмет үлкен",
    "рахмет сізге үлкен, рақмет көп, рахмет көп, спасибо огромное, огромное спасибо",
    "rahmat, katta rahmat, oldindan rahmat, sizga rahmat, rahmat sizga, raxmat, katta raxmat",
    "rahmat katta, raxmat katta",
    "thanks, thank you, thank you very much, thanks a lot, teşekkürler, баярлалаа",
)
CLOSINGS = (
    "пожалуйста, с уважением, всего доброго, всего хорошего, до свидания, хорошего дня, удачи вам",
    "жду ответа, буду благодарен, буду благодарна, сау болыңыз, сау болыңыздар, көріскенше",
    "аман болыңыз, жауап күтемін, өтінемін, xayr, sogʻ boʻling, salomat boʻling, hurmat bilan",
    "javob kutaman, koʻrishguncha, iltimos, please, bye",
)
# Words that address a person. A message of courtesies and such words only, such as “thank you,
# dear”, is not cut, because the rest alone has no meaning.
ADDRESSES = (
    "бауырым, бауыр, бауырлар, айналайын, қарағым, шырағым, қалқам, балам, қызым, ұлым, інім, аға",
    "ағай, ағатай, апа, апай, апатай, әпке, тәте, көке, жан, достым, достар, ағайын, туғандар",
    "брат, братан, братишка, братья, сестра, сестрёнка, дорогой, дорогая, дорогие, родные, друзья",
    "aka, akajon, opa, opajon, oka, uka, ukam, singlim, jon, birodar, birodarlar, doʻstim",
    "doʻstlar, bolam, oʻgʻlim, qizim, aziz, azizlar, brother, sister, dear, friend, friends",
)
# Words that accept an answer. A message of courtesies and such words only, such as “all right,
# goodbye”, is not cut.
ACCEPTANCES = (
    "ладно, хорошо, понятно, ясно, ок, окей, ага, всё, договорились, понял, поняла, отлично",
    "жарайды, жақсы, түсінікті, болды, мақұл, түсіндім, ұқтым, иә",
    "xoʻp, hop, mayli, yaxshi, tushunarli, boʻldi, tushundim, ha, ok, okay, jaraydi",
    "好, 好的, 好吧, 好了, 行, 行了, 嗯, 知道了, 明白了, 懂了, 没事, 没事了, 先这样, 先这样吧",
)
# Chinese has no spaces between words, so that a courtesy is cut off the first or the last word of a
# message.
OPENS_HAN = re.compile(
    "^(?:你好|您好|大家好|早上好|上午好|下午好|晚上好|早安|嗨|哈喽|在吗|有人吗|请问一下|请问下|请问|麻烦问一下|我想问一下|想问一下|问一下|"
    "我想问|想问|想咨询一下|咨询一下|打扰一下|打扰了|不好意思|麻烦您|麻烦你|谢谢|萨拉木|色俩目)+"
)
CLOSES_HAN = re.compile(
    "(?:提前谢谢|非常感谢|先谢谢|谢谢|先谢|谢|多谢|感谢|您|你|啦|了|辛苦了|再见|拜拜|等您回复|等你回复)*"
    "(?:谢谢|感谢|多谢|谢了|谢啦|谢谢您|谢谢你|辛苦了|再见|拜拜|等您回复|等你回复)(?:您|你|啦|了)*$"
)
MAX_WORDS = 5
# Minimum letters that must remain, because a single letter or Chinese character is no question.
MIN_LETTERS = 2

type Words = tuple[str, ...]


def core(line: Skeleton) -> Skeleton:
    """Return a text without courtesies at its ends; the whole text if too little would remain."""
    if not _may_have_courtesies(line.words):
        return line
    words = list(line.words)
    start = _open(words)
    end = _close(words, start)
    inner = tuple(words[start:end])
    if inner == line.words or not _has_meaning(inner):
        return line
    return Skeleton(inner, _within(line.sentences, start, end), _within(line.clauses, start, end))


def _has_meaning(words: Words) -> bool:
    """Return False if words have too few letters, or only address a person or accept an answer."""
    letters = [word for word in words if word.isalnum()]
    empty = _fold_phrases(ADDRESSES + ACCEPTANCES)
    is_empty = all((word,) in empty for word in letters)
    return sum(map(len, letters)) >= MIN_LETTERS and not is_empty


def _may_have_courtesies(words: Words) -> bool:
    """Return False if the ends of a text have no courtesies, and True if they may have some.

    This is ten times faster than searching for courtesies.
    """
    if not words:
        return False
    first, last = words[0], words[-1]
    first_words, last_words = _edges()
    return (
        first in first_words
        or last in last_words
        or bool(IS_HAN.match(first) or IS_HAN.match(last))
    )


def _open(words: list[str]) -> int:
    """Return how many words at the start of a text belong to courtesies (such as greetings).

    If a Chinese word there begins with a courtesy, the word is shortened in `words`.
    """
    at, phrases = 0, _fold_phrases(OPENINGS + THANKS)
    while at < len(words):
        if IS_HAN.match(words[at]):
            rest = OPENS_HAN.sub("", words[at])
            if rest:
                words[at] = rest
                break
            at += 1
        elif length := _length(words[at : at + MAX_WORDS], phrases):
            at += length
        elif at and not words[at].isalnum():
            at += 1
        else:
            break
    return at


def _close(words: list[str], start: int) -> int:
    """Return the index of the word at which the courtesies at the end of a text begin.

    If a Chinese word there ends with a courtesy, the word is shortened in `words`.
    """
    end, phrases = len(words), _fold_phrases(THANKS + CLOSINGS)
    while end > start:
        marks = end - 1 if set(words[end - 1]) == {"!"} and end - 1 > start else end
        if IS_HAN.match(words[marks - 1]):
            rest = CLOSES_HAN.sub("", words[marks - 1])
            if rest == words[marks - 1]:
                break
            words[marks - 1], end = rest, marks if rest else marks - 1
            if rest:
                break
        elif length := _length(words[max(start, marks - MAX_WORDS) : marks][::-1], phrases, -1):
            end = marks - length
        else:
            break
    return end


def _length(words: Sequence[str], phrases: frozenset[Words], step: int = 1) -> int:
    """Return the number of words of the longest courtesy at the start of `words`; 0 for none.

    With a `step` of -1, `words` are in reverse order, so that the end of a line is searched.
    """
    lengths = range(len(words), 0, -1)
    return next((length for length in lengths if tuple(words[:length][::step]) in phrases), 0)


def _within(places: Sequence[int], start: int, end: int) -> tuple[int, ...]:
    return tuple(place - start for place in places if start < place <= end)


@cache
def _fold_phrases(lines: Sequence[str]) -> frozenset[Words]:
    return frozenset(skeleton.fold(each).words for line in lines for each in line.split(", "))


@cache
def _edges() -> tuple[frozenset[str], frozenset[str]]:
    """Return the first words of courtesies at the start, and the last words of those at the end."""
    first_words = frozenset(words[0] for words in _fold_phrases(OPENINGS + THANKS))
    last_words = frozenset(words[-1] for words in _fold_phrases(THANKS + CLOSINGS))
    # An exclamation mark counts as the last word of a courtesy, because it may follow a courtesy.
    return first_words, last_words | {"!"}
