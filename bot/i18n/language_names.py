"""Recognizes the name of an offered language, as people type it at the question for the language.

The labels of the buttons are recognized elsewhere.
"""

import re
from functools import cache

from bot.i18n import normalization

# Whole answers. Names that leave the script open, such as the Chinese name of Kazakh, are left out.
# check: a native speaker must check each line
NAMES_OF_LANGUAGES = {
    "kk": "қазақша, қазақ, қазақ тілі, қазақ тілінде, қазақша жазыңыз, қазақша сөйлейік, қаз, kk,"
    " kz, kaz, qaz, qazaqsha, qazaqşa, kazaksha, kazakhsha, qazaq tili, kazakh, казахский,"
    " казахский язык, на казахском, на казахском языке, по казахски, можно на казахском, qozoqcha,"
    " қозоқча",
    "kk_Arab": "قازاق ءتىلى, قازاق تىلى, قازاق تىلىندە, توتە, توتە جازۋ, төте, төте жазу,"
    " төте жазумен, төтеше, tote jazu, арабша, араб әрпімен",
    "ru": "русский язык, на русском, на русском языке, по русски, рус, русс, русски, рускии,"
    " можно по русски, давайте по русски, можно на русском, давайте на русском, ru, rus, russkiy,"
    " russkij, russki, po russki, na russkom, russian, орысша, орыс тілі, орыс тілінде, oryssha,"
    " orıssha, ruscha, rus tili, rus tilida, русча, рус тили, 俄语, 俄文",
    "zh_Hans": "汉语, 漢語, 汉文, 普通话, 国语, 國語, 中国话, 中国语, 简体, 简体中文, 繁体中文,"
    " 繁體中文, 说中文, 用中文, 讲中文, 请用中文, 中文吧, 汉字, zh, cn, zhongwen, hanyu, chinese,"
    " китайский, китайский язык, на китайском, по китайски, қытайша, қытай тілі, xitoycha, хитойча,"
    " xitoy tili",
    "uz": "uzbekcha, ozbekcha, oʻzbek, uzbek, oʻzbek tili, oʻzbek tilida, uzbek tili, uzbek tilida,"
    " oʻzbekcha yozing, oʻzbekcha gaplashaylik, oʻzbekcha lotin, lotin, lotincha, uz, uzb",
    "uz_Cyrl": "узбекча, ўзбек тили, узбек тили, ўзбек тилида, узбек тилида, ўзбекча ёзинг,"
    " узбекча кирилл, кирилл, кириллча, узб, узбекский, узбекский язык, на узбекском, по узбекски",
}


def named(typed: str) -> str | None:
    """Return the code of the language that a whole text names, or None."""
    return _codes().get(normalization.bare(typed))


@cache
def _codes() -> dict[str, str]:
    return {
        normalization.bare(name): code
        for code, names in NAMES_OF_LANGUAGES.items()
        for name in re.split(", ", names)
    }
