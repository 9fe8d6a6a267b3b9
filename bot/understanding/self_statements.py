"""Recognizes messages that only say where a person lives or comes from.

They ask nothing, and the recognizer suspects danger in some of them, such as "I am from China".
"""

import re

from bot.understanding import entities, skeleton
from bot.understanding.entity_stems import CHINESE_COUNTRIES, CHINESE_REGIONS, REGIONS

MAX_WORDS = 8
# Words beside the names of places, in the coarse spelling of the module `skeleton`.
# check: a native speaker must check each line
_SELF = frozenset(
    {
        *("мен", "биз", "казирги", "казир", "озим", "баиан"),
        *("ман", "меним", "бизлар", "хозир"),
        *("иа", "ми", "сам", "сама", "из", "ис", "в", "во", "сеичас", "родом", "и", "город"),
    }
)
# Beginnings of words for "live", "come", "was born", "work", "Kazakh".
_ABOUT_SELF = (
    *(
        "турам",
        "турати",
        "жатирм",
        "келд",
        "келг",
        "кошип",
        "туилган",
        "туган",
        "болам",
        "казак",
        "азамат",
    ),
    *("иашаи", "турибм", "келам", "келдим", "тугилган", "козок", "ишлаиап", "фукаро"),
    *(
        "жив",
        "прожива",
        "приехал",
        "казах",
        "казаш",
        "етническ",
        "родил",
        "работа",
        "нахожус",
        "граждан",
    ),
)
_PLACES = "|".join(name for name, _code in (*CHINESE_COUNTRIES, *CHINESE_REGIONS))
_IN_CHINESE = re.compile(
    "(?:我们?|本人)?(?:现在|目前)?(?:人?在|住在?|是|来自|从|生活在)"
    f"(?:{_PLACES})+(?:维吾尔自治区|哈萨克自治州|自治区|地区|州|市|省|县)*"
    "(?:这边|那边|里)?(?:住|生活|工作|来的|过来的|的|人|哈萨克族|哈萨克人|哈萨克|哈族|公民|国籍|籍)*"
)


def says_only_where(text: str) -> bool:
    """Return True if a message only says where the person lives, works or comes from."""
    words = skeleton.fold(text).words
    if not 1 <= len(words) <= MAX_WORDS or "?" in text or "？" in text:
        return False
    if any(skeleton.IS_HAN.match(word) for word in words):
        return _IN_CHINESE.fullmatch("".join(words)) is not None
    places = [word for word in words if _is_place(word)]
    others = [word for word in words if word not in places and word not in _SELF]
    is_about_self = len(words) > 1 or entities.is_origin(words[0])
    return bool(places) and is_about_self and all(each.startswith(_ABOUT_SELF) for each in others)


def _is_place(word: str) -> bool:
    return entities.is_place(word) or any(word.startswith(stem) for stem, _region in REGIONS)
