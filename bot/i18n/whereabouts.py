"""Reads where a person is, as in "I am in Almaty" or "мен Қытайдамын": the country of the place."""

import re
from functools import cache

from bot.i18n import countries, normalization, region_capitals
from bot.i18n.word_lists import bare_words, in_all_scripts

# check: a native speaker must check each line
# The first line of each is Kazakh, the second one is Uzbek; each also matches in its other script.
# The cities that `region_capitals` lacks, because there they are labels.
CITIES = (
    "Алматы, Астана, Нұр Сұлтан, Түркістан қаласы",
    "Olmaota, Ostona, Nur Sulton, Almati, Astana",
    "Алматы, Астана, Нур Султан",
    "阿拉木图, 阿斯塔纳, 努尔苏丹",
    "Almaty, Nur Sultan",
)
# Names that places in other countries have, too: the Ural, a city on Kamchatka.
SHARED = ("Орал", "Oral", "Петропавловск", "Petropavlovsk", "彼得罗巴甫洛夫斯克")
# Words before and after the place.
BEFORE = (
    "мен біз қазір әзір",
    "men biz hozir hozircha",
    "я мы сейчас пока живу живём нахожусь находимся в во городе",
)
AFTER = (
    "тұрамын тұрамыз тұрып жатырмын жатырмыз жүрмін жүрміз қазір",
    "yashayman yashaymiz turaman turamiz yuribman hozir",
    "живу живём нахожусь находимся сейчас пока",
)
IN_CHINESE = re.compile("(?:我们?)?(?:现在|目前|人)*住?在(.+?)(?:呢|了|这里|这边)?")
# The person in the ending of a place, as `normalization.bare` spells it: "Қытайдамын".
PERSON = re.compile(
    "(?<=[дт][ае])(?:мин|миз)$|(?<=да)ман$|(?<=da)(?:man|miz)$|(?<=[دت][اە])مي[نز]$"
)


def country(typed: str, language: str) -> str | tuple[str, ...]:
    """Return the country where the person surely is, or else the countries that are possible."""
    text = normalization.bare(typed)
    place = _place(text)
    if place in _cities() or any(stem in _cities() for stem in countries.stems(place)):
        return "KZ"
    return countries.identify(typed if place == text else place, language)


def _place(text: str) -> str:
    """Return the place in a text without the words for "I am now in"."""
    if found := IN_CHINESE.fullmatch(text):
        return found[1]
    words = text.split()
    while len(words) > 1 and words[0] in bare_words(BEFORE):
        del words[0]
    while len(words) > 1 and words[-1] in bare_words(AFTER):
        del words[-1]
    return PERSON.sub("", " ".join(words))


@cache
def _cities() -> frozenset[str]:
    """Return the names of the cities of Kazakhstan, also without endings that Russian replaces."""
    lines = (*region_capitals.REGION_CAPITALS.values(), CITIES)
    every = {
        normalization.bare(name)
        for each in lines
        for line in in_all_scripts(each)
        for name in line.split(", ")
    }
    names = every - set(map(normalization.bare, in_all_scripts(SHARED)))
    return frozenset(names | {name.removesuffix("а").removesuffix("и") for name in names})
