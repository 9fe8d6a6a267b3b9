"""Recognizes messages that only say where a person lives or comes from.

They ask nothing, and the recognizer suspects danger in some of them, such as "I am from China".
"""

import re
from collections.abc import Sequence
from functools import cache

from bot.understanding import entities, politeness, skeleton
from bot.understanding.entity_stems import CHINESE_COUNTRIES, CHINESE_REGIONS, REGIONS

MAX_WORDS = 8
# Words that may be beside the names of places. Nouns such as "work" and "citizenship" are
# missing, because a message such as "work in Russia" asks something.
# check: a native speaker must check each line
_WORDS = (
    "мен біз қазір қазіргі өзім баян тұрамын тұрамыз тұратын жатырмын келдім келдік келген"
    " келгенмін көшіп туғанмын туылғанмын боламын қазақпын қазақпыз қазақ азаматымын азаматымыз"
    " азаматшасымын жазып отырмын тұрмын студентпін студентімін жоқ",
    "men biz hozir oʻzim yashayman yashaymiz yashayapman turibman turibmiz kelaman keldim keldik"
    " kelgan kelganman koʻchib tugʻilganman qozoqman qozoqmiz qozoq fuqarosiman ishlayapman"
    " yozyapman yozayapman talabaman talabasiman yoʻq",
    "я мы сам сама из в во и город сейчас родом живу живём жили проживаю проживаем приехал приехала"
    " приехали переехал переехала переехали родился родилась нахожусь находимся работаю работаем"
    " казах казашка казахи этнический этническая этнические гражданин гражданка граждане пишу"
    " студент студентка нет",
)
# "Citizenship" alone asks about it, but "I have the citizenship of" introduces the person.
_OWN = ("у меня гражданство", "у нас гражданство")
_PLACES = "|".join(name for name, _code in (*CHINESE_COUNTRIES, *CHINESE_REGIONS))
_IN_CHINESE = re.compile(
    "不?(?:(?:我们?|本人)(?:现在|目前)?(?:人?在|住在?|是|来自|从|生活在)|来自|是)"
    f"(?:{_PLACES})+(?:维吾尔自治区|哈萨克自治州|自治区|地区|州|市|省|县)*"
    "(?:这边|那边|里)?(?:住|生活|工作|来的|过来的|的|人|学生|留学生|哈萨克族|哈萨克人|哈萨克|哈族|公民|国籍|籍)*"
)


def says_only_where(text: str) -> bool:
    """Return True if a message only says where the person lives, works or comes from.

    A greeting before it and "no" are ignored: "no, I am a citizen of China" is a correction.
    """
    words = _without_own(politeness.core(skeleton.fold(text)).words)
    if not 1 <= len(words) <= MAX_WORDS or "?" in text or "？" in text:
        return False
    if any(skeleton.IS_HAN.match(word) for word in words):
        return _IN_CHINESE.fullmatch("".join(words)) is not None
    places = [word for word in words if _is_place(word)]
    others = set(words) - set(places)
    is_about_self = len(words) > 1 or entities.is_origin(words[0])
    return bool(places) and is_about_self and others <= _beside()


def _without_own(words: Sequence[str]) -> list[str]:
    text = " ".join(words)
    for phrase in _OWN:
        text = text.replace(" ".join(skeleton.fold(phrase).words), "")
    return text.split()


@cache
def _beside() -> frozenset[str]:
    return frozenset(word for line in _WORDS for word in skeleton.fold(line).words)


def _is_place(word: str) -> bool:
    return entities.is_place(word) or any(word.startswith(stem) for stem, _region in REGIONS)
