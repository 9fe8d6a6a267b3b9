"""Recognizes texts that say that a relative writes or reads for the person.

The recognizer of danger knows words such as "grandchild" mostly from messages about danger.
"""

import re
from functools import cache

from bot.i18n import everyday_answers, normalization
from bot.i18n.word_lists import bare_words

# check: a native speaker must check each line
# Words that say that somebody helps. Negated forms are missing: "my son does not write" may be
# about danger.
_HELPS = (
    "көмектеседі көмектесіп көмектесуде жазады жазып жазысып",
    "yozadi yozib yozyapti yordamberadi yordamberyapti yordamberayapti"
    " yordamlashadi yordamlashyapti",
    "помогает помогают пишет пишут печатает печатают набирает",
)
# Words that may be beside them: the relative in other cases, how, for whom, and bad eyes.
_BESIDE = (
    "мен маған менің үшін орныма оқып оқиды беріп береді берді отыр жатыр тұр жазуға оқуға"
    " әжемін атамын көзім нашар көреді қартпын",
    "men menga mening uchun oʻrnimga oʻqib oʻqiydi yordamberib berib beradi beryapti berayapti"
    " turibdi yozishga oʻqishga buviman boboman nabira nabiram koʻzim yaxshi koʻrmaydi yomon"
    " koʻraman xira qariman",
    "мне за меня вместо писать печатать читать читает бабушке дедушке маме папе матери отцу"
    " плохо вижу видит видят глаза слабые старая старый стар стара",
)
# "Badly" counts only beside a word for "see": "I feel bad, my son writes" may be about danger.
_BADLY = ("нашар", "yomon", "плохо")
_SEES = ("көреді", "koʻraman koʻrmaydi", "вижу видит видят")
# Two Uzbek words for "help", joined, because "help me" and "gives" alone mean something else.
_GIVES_HELP = re.compile("(yordam|ердам) (?=ber|бер)")
# Chinese has no spaces. The braces are the place of the relative.
_IN_CHINESE = (
    "(?:我?是?(?:奶奶|爷爷|外婆|外公|老人|老人家)|我?眼睛不好|我?眼睛看不清|我?看不清|我?不会打字"
    "|我?不识字|我?年纪大了)?"
    "(?:是|由|我|我的)*{}(?:在)?[帮替给]我?(?:打字|写字|写|打|输入|发消息|发|念|读|看|回答)(?:的)?"
)


def has_helper(typed: str) -> bool:
    """Return True if the whole text only says that a relative writes or reads for the person."""
    text = _GIVES_HELP.sub(r"\1", normalization.bare(typed))
    words = set(text.split())
    if words & bare_words(_BADLY) and not words & bare_words(_SEES):
        return False
    if words & bare_words(_HELPS):
        kin = bare_words(everyday_answers.KIN) - _not_words()
        return words <= kin | bare_words(_HELPS) | bare_words(_BESIDE)
    return bool(_in_chinese().fullmatch(text.replace(" ", "")))


@cache
def _not_words() -> frozenset[str]:
    return frozenset(map(normalization.bare, ("емес", "emas", "эмас", "не", "不是")))


@cache
def _in_chinese() -> re.Pattern[str]:
    kin = "|".join(sorted(everyday_answers.KIN[-1].split(), key=len, reverse=True))
    return re.compile(_IN_CHINESE.format(f"(?:{kin})"))
