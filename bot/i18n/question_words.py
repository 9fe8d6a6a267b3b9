"""Recognizes questions by their words and particles, in every language and script.

A question of the person must not be stored as an answer in free text. Question words that are also
common names (Ким, Кай) are left out.
"""

import re
from functools import cache

from bot.i18n import kazakh_arabic, normalization, uzbek_cyrillic
from bot.i18n.reserved_words import QUESTION_MARKS
from flows.engine.word_count import HAN

KAZAKH = (
    "қалай калай қалайша қайда кайда қайдан кайдан қайсы кайсы қанша канша қаншаға неше нешеде"
    " қашан кашан неге неліктен неликтен кімге кимге кімнен кимнен қандай кандай неден немен"
    " болама керекпе барма алама"
)
RUSSIAN = (
    "что чего как где куда откуда сколько когда почему зачем какой какая какие какое каких какую"
    " можно нельзя подскажите скажите объясните"
)
UZBEK = (
    "qanday qayerda qayerga qayerdan qaerda qancha qanchaga qachon nima nimaga nega nechta necha"
    " qaysi qanaqa kimga kimdan bormi kerakmi mumkinmi"
)
ENGLISH = "how what where when why"
KAZAKH_LATIN = "qalai qalay kalai kalay qaida qayda kaida kayda qansha kansha qashan kashan nege"
RUSSIAN_LATIN = "skolko gde kak kogda pochemu zachem mozhno mojno"
# These question particles are surnames too. A particle in LAST makes a question only as the last of
# several words, and the particle INSIDE only between two words.
LAST = "ма ме ба бе па пе"
INSIDE = "ли"
UZBEK_ENDINGS = ("dimi", "дими", "mikan", "микан")
WORD = re.compile(r"[^\W\d_]+(?:[ʻʼ][^\W\d_]+)*")
CHINESE = re.compile(
    "吗|呢$|什么|怎么|怎样|哪里|哪儿|哪个|哪些|多少|多久|多长时间|为什么|为何|如何|是否|请问|谁"
    "|有没有|能不能|可不可以|会不会|要不要|是不是|需不需要|几[个年天岁次]"
)


def asks(typed: str) -> bool:
    """Return True if a text has a question mark, a question word or a question particle."""
    if QUESTION_MARKS & set(typed) and any(map(str.isalpha, typed)):
        return True
    text = normalization.fold(typed)
    if HAN.search(text):
        return CHINESE.search(text) is not None
    if normalization.ARABIC.search(text):
        text = kazakh_arabic.to_cyrillic(text)
    words = WORD.findall(text)
    if not words:
        return False
    if len(words) > 1 and (words[-1] in LAST.split() or INSIDE in words[1:-1]):
        return True
    return any(word in _words() or word.endswith(UZBEK_ENDINGS) for word in words)


@cache
def _words() -> frozenset[str]:
    uzbek = uzbek_cyrillic.to_cyrillic(UZBEK)
    lines = (KAZAKH, RUSSIAN, UZBEK, uzbek, ENGLISH, KAZAKH_LATIN, RUSSIAN_LATIN)
    return frozenset(normalization.fold(word) for line in lines for word in line.split())
