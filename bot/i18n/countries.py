"""Finds countries by a typed name in any language, also if it is misspelled or abbreviated."""

from functools import cache

from babel.core import get_global

from bot.i18n import (
    formats,
    kazakh_arabic,
    normalization,
    reserved_words,
    uzbek_cyrillic,
)

MAX_FOUND = 6
# The beginning of a name is sure from this number of letters on. A name with one wrong letter is
# sure only if it is longer.
MIN_SURE = 5

LOCALES = ("kk", "kk_Arab", "ru", "zh_Hans", "uz", "uz_Cyrl", "en")
# All current codes of ISO 3166-1 alpha-2.
IN_FORCE = (
    "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ "
    "BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM "
    "DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS "
    "GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN "
    "KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ "
    "MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM "
    "PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV "
    "SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI "
    "VN VU WF WS YE YT ZA ZM ZW"
)
CODES: tuple[str, ...] = tuple(IN_FORCE.split())

# Names that Babel lacks: short and official names, abbreviations, names used in neighboring
# countries.
ALIASES: dict[str, str] = {
    "AE": "ОАЭ, БАӘ, UAE, Emirates, Эмираты, Әмірліктер, 阿联酋, BAA",
    "AZ": "Әзербайжан, Ozarbayjon",
    "BY": "Белоруссия, Белорусия, Belorussiya",
    "CD": "Конго, Congo, Kongo, 刚果, ДРК",
    "CG": "Конго, Congo, Kongo, 刚果",
    "CI": "Ivory Coast, Берег Слоновой Кости",
    "CN": "ҚХР, КНР, ҚХӨ, PRC, PR China, Қытай Халық Республикасы, Жұңго, جۇڭگو, جۇڭحۋا,"
    " Китайская Народная Республика, Peopleʼs Republic of China, 中华人民共和国, 中國, 中国大陆,"
    " Xitoy Xalq Respublikasi, Хитой Халқ Республикаси, XXR, ХХР, Qytay, Qıtay, Kitay",
    "CZ": "Czech Republic, Чешская Республика",
    "DE": "ГФР, ФРГ, Алмания, Olmoniya",
    "GB": "UK, Great Britain, Britain, England, Англия, Британия, Ұлыбритания, Angliya, Britaniya,"
    " 英格兰, Соединенное Королевство",
    "GE": "Гүржістан, Gurjiston",
    "HK": "Hong Kong, Гонконг, 香港, Гон Конг, Gonkong",
    "IR": "Иран Ислам Республикасы, Исламская Республика Иран",
    "KG": "Кыргызстан, Кыргызская Республика, Kirgizistan, Kirgiziya, Қырғыз Республикасы",
    "KP": "КХДР, КНДР, DPRK, 北朝鲜, Корея, Korea, Koreya, كورەيا, Северная Корея",
    "KR": "Корея, Korea, Koreya, كورەيا, Южная Корея, Republic of Korea, 大韩民国, 南韩",
    "KZ": "ҚР, РК, Қазақ елі, قازاقستان, Qazaqstan, Kazakstan, 哈国, Казакстан, Qozogiston",
    "MD": "Молдавия, Moldavia, Moldaviya",
    "MK": "Македония, Macedonia, Makedoniya",
    "MM": "Мьянма, Бирма, Myanmar, Burma",
    "MN": "Монғолия, مونعوليا, 蒙古国, Моңғол елі, Mo‘g‘uliston, Мўғулистон, Mongoliya, МНР",
    "MO": "Macau, Macao, Макао, 澳门",
    "NL": "Голландия, Holland, Gollandiya",
    "PS": "Палестина, Palestine, 巴勒斯坦, Falastin",
    "RU": "РФ, Ресей Федерациясы, رەسەي, Российская Федерация, Рассия, Rossiya Federatsiyasi,"
    " Russian Federation, 俄国, 俄罗斯联邦, Resey, Reseı, Rasiya",
    "TM": "Туркмения, Түркменстан, Turkmaniston",
    "TR": "Türkiye, Turkey, Turkiye, Turkiya, Turtsiya, Турция, Түркия",
    "TW": "中国台湾, 臺灣",
    "US": "АҚШ, США, USA, U.S.A., United States of America, America, Америка, اقش, امەريكا,"
    " Соединённые Штаты Америки, AQSH, Amerika, 美利坚合众国, 美國",
    "UZ": "Узбекистон, Ozbekiston, Uzbekiston, 乌兹别克",
    "VA": "Vatican, Holy See",
    "ZA": "ЮАР, ОАР, South African Republic",
}
# Regions and towns that resemble the name of a country, and regions and towns abroad where many
# Kazakhs live. None of them is recorded as a country: the person is asked whether the country is
# meant.
PLACES: dict[str, str] = {
    "CN": "Шыңжаң, Шинжаң, Шынжаң, Синьцзян, Xinjiang, Shinjon, 新疆,"
    " Урумчи, Үрімжі, Urumchi, Ürümqi, 乌鲁木齐, Құлжа, Кульджа, 伊宁, Алтай аймағы, 阿勒泰,"
    " Пекин, Бейжің, Pekin, Beijing, 北京,"
    " 内蒙古, 内蒙, 特克斯, 伊犁, Внутренняя Монголия, Ішкі Моңғолия, Inner Mongolia",
    "KZ": "Түркістан, Түркестан, Туркестан, Туркистан, Тюркестан, Turkiston, Turkistan,"
    " Turkestan, Сырым",
    "MN": "Улан-Батор, Ұланбатыр, Ulan-Bator, Ulaanbaatar, 乌兰巴托, Өлгий, Улгий,"
    " Баян-Өлгий, Баян-Өлгей, Баян-Улгий, Баян-Өлке, Bayan-Ulgii, Bayan-Olgii, 巴彦乌列盖",
    "RU": "Москва, Мәскеу, Moskva, 莫斯科, Омск, Omsk, Тува, Тыва, Tuva, Tyva, 图瓦, Саха,"
    " Дагестан, Дағыстан, Dogʻiston, Мордовия, Қалмақия, Қалмақстан, Татарстан,"
    " Сибирь, Siberia, Sibir",
    "TR": "Стамбул, Ыстамбұл, Istanbul, Анкара, Ankara, Кония, Конья, Konya",
    "UZ": "Ташкент, Тәшкент, Toshkent, Tashkent, 塔什干,"
    " Нукус, Нөкіс, Nukus, 努库斯, Самарканд, Самарқанд,"
    " Samarqand, Навои, Науаи, Navoiy, Қарақалпақстан, Каракалпакстан, Каракалпакия,"
    " Qoraqalpogʻiston, Qaraqalpaqstan, Karakalpakstan, Гулистан, Гүлістан, Guliston",
}
# Names of the Kazakh people, as `normalization.bare` spells them, and the countries to propose.
# They begin names of Kazakhstan, but an ethnic Kazakh abroad who types one is no citizen of
# Kazakhstan. In Chinese, the name is also a short name of the state.
KAZAKHS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("казак", "казах", "kazak", "kazakh", "qazaq", "قازاق"), ()),
    "哈萨克": ("KZ",),
    "哈薩克": ("KZ",),
}
# Words such as "republic" in official names, and "in", as `normalization.bare` spells them. A
# country is also found without them.
STATE_WORDS = (
    "республика республикаси respublika respublikasi رەسپۋبليكاسي republic the of в во из in from"
)
# Endings of the cases of a place, as `normalization.bare` spells them: "in", "from" and "to".
CASES = (
    *("да", "де", "та", "те", "дан", "ден", "тан", "тен", "нан", "нен", "га", "ге", "ка", "ке"),
    *("دا", "دە", "تا", "تە", "دان", "دەن", "تان", "تەن", "نان", "نەن", "عا", "گە", "قا", "كە"),
    *("da", "dan", "ga", "е", "а", "у"),
)


def identify(typed: str, language: str) -> str | tuple[str, ...]:
    """Return the country that a text surely names, or else the countries that it may name.

    Countries are ISO 3166-1 alpha-2 codes, best first, at most six. A name with two other letters,
    or a short name with one, may be that of a region: "Түркістан" differs from "Гүржістан"
    (Georgia) in two letters, and "Тува" begins "Тувалу". The person must then be asked.
    """
    codes, is_sure = _search(typed, language)
    return codes[0] if is_sure and len(codes) == 1 else codes


def _search(typed: str, language: str) -> tuple[tuple[str, ...], bool]:
    """Return the countries that a text may name, and True if the text is no misspelt region.

    Five searches are tried in turn, until one finds a country: an equal name, alias or code in any
    language; an equal name of a place; names with a word that begins with the text, names in
    `language` first; names that differ in one or two letters; a name in the case of a place.
    Returns nothing if the text is a word for yes or no or the name of the Kazakh people, or if too
    many countries match.
    """
    if _is_reply(typed, language):
        return (), False
    name = normalization.bare(typed)
    if name in KAZAKHS:
        return KAZAKHS[name], False
    short = _without_state(name)
    where = name.removeprefix("在")
    if exact := _index().get(where) or _from_code(typed) or _index().get(short):
        return exact, True
    forms = [short, *stems(short)]
    if place := next((_places()[each] for each in (name, *forms) if each in _places()), ""):
        return (place,), False
    for found in (_with_prefix(short, language), _near(short, language)):
        if found[0]:
            return found
    return next((_index()[each] for each in forms if each in _index()), ()), False


def stems(name: str) -> list[str]:
    """Return a name without each of CASES that it may end with, if three letters are left."""
    found = [name.removesuffix(case) for case in CASES if name.endswith(case)]
    return [stem for stem in found if len(stem) >= 3]


def _is_reply(typed: str, language: str) -> bool:
    # "no" in lower case is the answer no, but "NO" in capitals is the code of Norway.
    return reserved_words.yes_no(typed, language) is not None and not typed.isupper()


def _from_code(typed: str) -> tuple[str, ...]:
    code = normalization.fold(typed).upper()
    if len(code) == 3 and code.isalpha():
        meant = get_global("territory_aliases").get(code, ())
        code = meant[0] if len(meant) == 1 else ""
    return (code,) if code in CODES else ()


def _with_prefix(name: str, language: str) -> tuple[tuple[str, ...], bool]:
    if len(name) < 3 and not _is_han(name):
        return (), False
    own = _names(language)
    hits = [known for known in _index() if f" {name}" in f" {known}"]
    hits.sort(key=lambda known: (not known.startswith(name), known not in own, len(known)))
    found = dict.fromkeys(code for known in hits for code in _index()[known])
    is_long = _is_han(name) or len(name) >= MIN_SURE
    is_sure = is_long and any(
        known.startswith(name) and len(known) <= 2 * len(name) for known in hits
    )
    # If more than MAX_FOUND countries match, any selection of them would be a guess.
    return (tuple(found), is_sure) if len(found) <= MAX_FOUND else ((), False)


def _near(name: str, language: str) -> tuple[tuple[str, ...], bool]:
    allowed = 2 if len(name) >= 8 else 1 if len(name) >= 5 else 0
    if not allowed:
        return (), False
    own, letters = _names(language), set(name)
    ranked = sorted(
        (distance, known not in own, code)
        for known, codes in _index().items()
        if abs(len(known) - len(name)) <= allowed and len(letters ^ set(known)) <= 2 * allowed
        if (distance := _distance(name, known)) <= allowed
        for code in codes
    )
    is_sure = len(name) > MIN_SURE and bool(ranked) and ranked[0][0] == 1
    return tuple(dict.fromkeys(code for _, _, code in ranked))[:MAX_FOUND], is_sure


def _distance(one: str, other: str) -> int:
    """Return the edit distance of two names: the fewest steps that change `one` to `other`.

    A step inserts, deletes or replaces a letter, or swaps two neighboring letters.
    """
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one):
        before, last, row = row, before, [i + 1]
        for j, known in enumerate(other):
            cost = min(before[j + 1] + 1, row[j] + 1, before[j] + (letter != known))
            if i and j and letter == other[j - 1] and one[i - 1] == known:
                cost = min(cost, last[j - 1] + 1)
            row.append(cost)
    return row[-1]


def _without_state(name: str) -> str:
    words = [word for word in name.split() if word not in STATE_WORDS.split()]
    return " ".join(words).removeprefix("在").removesuffix("国").removesuffix("共和")


def _is_han(name: str) -> bool:
    return "\u2e80" <= name[:1] <= "\u9fff"


@cache
def _index() -> dict[str, tuple[str, ...]]:
    """Map each known name, as `normalization.bare` spells it, to the codes of its countries."""
    pairs = [pair for language in LOCALES for pair in _names(language).items()]
    pairs += [
        (normalization.bare(alias), (code,))
        for code, names in ALIASES.items()
        for alias in names.split(", ")
    ]
    index: dict[str, tuple[str, ...]] = {}
    for name, codes in pairs:
        index[name] = tuple(dict.fromkeys(index.get(name, ()) + codes))
    return index


@cache
def _places() -> dict[str, str]:
    """Map each name of `PLACES`, as `normalization.bare` spells it, to the code of its country."""
    spellings = (str, kazakh_arabic.to_arabic, uzbek_cyrillic.to_cyrillic)
    return {
        normalization.bare(spelt(name)): code
        for code, names in PLACES.items()
        for name in names.split(", ")
        for spelt in spellings
    }


@cache
def _names(language: str) -> dict[str, tuple[str, ...]]:
    """Map each country name in one language to its code; empty for an unsupported language."""
    if language not in LOCALES:
        return {}
    # People may type a name of CLDR, or the corrected name that the assistant displays.
    sources = (formats.Names(language).countries, formats.names(language).countries)
    return {normalization.bare(names[code]): (code,) for names in sources for code in CODES}
