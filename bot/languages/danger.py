"""Words that speak of danger to the person, so that an officer should see them soon."""

from functools import cache

from bot.languages import normal, tote, uzbek

# Whole phrases, so that a name or a place is not taken for one; a speaker must check each line.
PHRASES = (
    "өміріме қауіп, қауіп төніп тұр, қорқытып жатыр, қамауға алды, ұстап алып кетті",
    "мне угрожают, я в опасности, меня задержали, нас задержали, меня арестовали, боюсь за жизнь",
    "我有危险, 我很危险, 威胁我, 被抓走, 被拘留, 被逮捕, 救命",
    "xavf ostidaman, hayotim xavf ostida, qoʻrqitishyapti, hibsga olishdi, ushlab ketishdi",
    "i am in danger, they threaten me, i was arrested, i was detained",
)


def danger(typed: str) -> bool:
    text = normal.fold(typed)
    return any(phrase in text for phrase in _phrases())


@cache
def _phrases() -> tuple[str, ...]:
    # The script that a line is not in leaves it as it is.
    spellings = (str, tote.to_arabic, uzbek.to_cyrillic)
    phrases = [phrase for line in PHRASES for phrase in line.split(", ")]
    return tuple({normal.fold(spelt(phrase)) for phrase in phrases for spelt in spellings})
