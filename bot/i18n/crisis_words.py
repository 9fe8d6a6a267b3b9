"""Phrases in a message that suggest that the writer is in danger and soon needs an officer."""

import re
from functools import cache
from itertools import groupby

from bot.i18n import (
    crisis_patterns,
    foreign_crisis_words,
    kazakh_arabic,
    normalization,
    uzbek_cyrillic,
)

# The phrases are long, because short ones match names and places. A native speaker must check
# each line.
PHRASES = (
    "өміріме қауіп, қауіп төніп тұр, қорқытып жатыр, қамауға алды, ұстап алып кетті",
    "қауіптемін, қауіптеміз, қауіп төніп, қауіп төнді, қатер төніп, өміріме қатер, өмірім қауіпте",
    "өмірім қатерде, өміріміз қауіпте, қауіпсіз емеспін, мені ұстап алды, бізді ұстап алды",
    "мені ұстап жатыр, мені ұстап отыр, қамап қойды, қамап тастады, өлтіремін деп",
    "мені қорқытып, бізді қорқытып, өмірімізге қауіп, өмірімізге қатер, өміріміз қатерде",
    "өмірім қауіп астында, өміріміз қауіп астында",
    "мне угрожают, я в опасности, меня задержали, нас задержали, меня арестовали, боюсь за жизнь",
    "нам угрожают, мы в опасности, жизнь в опасности, боюсь за свою жизнь, грозит опасность",
    "мне грозят, мне грозит арест, мне грозит тюрьма, меня забрали в, нас забрали в, меня посадили",
    "меня удерживают, меня заперли, меня преследуют, меня хотят убить, меня избили, за мной пришли",
    "我有危险, 我很危险, 威胁我, 被抓走, 被拘留, 被逮捕, 救命",
    "我们有危险, 生命危险, 处境危险, 被带走, 被抓了, 被抓起来, 被关押, 被关起来, 要抓我, 抓了我",
    "我害怕他们",
    # Chinese in Latin letters (pinyin). No phrase is a name (Jiabao) or part of an Uzbek word.
    "zhangfu da wo, laogong da wo, lao gong da wo, zhang fu da wo, bei jiabao, jia bao wo",
    "bei zhua zou, bei zhuazou, bei zhua le, bei dai zou, bei daizou, bei juliu, bei ju liu",
    "bei daibu, bei dai bu, bei guan qilai, bei guanqilai, yao zhua wo, zhua le wo",
    "you ren weixie wo, weixie wo, wo you weixian, you shengming weixian, bu xiang huo le",
    "bei qiangjian, xiang zisha, jiuming a, jiu ming a, jiu jiu wo, yao zisha, zai jia bao",
    "xavf ostidaman, hayotim xavf ostida, qoʻrqitishyapti, hibsga olishdi, ushlab ketishdi",
    "xavf ostidamiz, hayotim xavfda, hayotimga xavf, hayotimdan qoʻrqaman, tahdid qilishyapti",
    "tahdid qilyapti, meni ushlab, meni olib ketishdi, qamab qoʻyishdi, qamab qoʻydi",
    "qamoqqa olishdi, meni oʻldir, hayotimiz xavf ostida, hayotimiz xavfda, hayotimizga xavf",
    "pohitili, душит, dushit, 绑架, tahdid",
    "консулдыққа баруға қорқ, елшілікке баруға қорқ, консулдыққа барсам ұста",
    "елшілікке барсам ұста",
    "полиция күнде кел, сақшы күнде кел, сақшылар күнде кел, қайтсам қамай, барсам қамай",
    "күш көрсетеді, күш көрсетіп жатыр, құжатымды тартып ал, құжаттарымды тартып ал",
    "паспортымды тартып ал, балаларыммен далада, балалармен далада қал, суықта қалдық",
    "боюсь идти в посольство, боюсь идти в консульство, боюсь пойти в посольство",
    "боюсь пойти в консульство, страшно идти в посольство, страшно идти в консульство",
    "полиция хочет забрать, полиция хочет меня забрать, отдать меня за старика",
    "хочет отдать меня замуж, хотят отдать меня замуж, без зарплаты не отпуска",
    "мне некуда идти, нам некуда идти, нам нечего есть, мы голодаем, хочу умиреть",
    "муж издевается, свекровь издевается, издевается муж, издевается свекровь",
    "издевается надо мной, надо мной издевается, домогается, домогаются, маған тиіседі",
    "тиіседі маған, маған тиісіп, далада қалдым бала, паспортымды алып қойды",
    "куйеум урат, qaytsam qama",
    "oʻzimni oʻldir, меня зарежет, меня зарежут, нас зарежут, себе что нибудь сделаю",
    "с собой что нибудь сделаю, что нибудь с собой сделаю, что то с собой сделаю",
    "тірліктің мәні жоқ, өмірдің мәні жоқ, өмір сүргім келмейді",
    "konsulxonaga borishga qoʻrqa, konsulxonaga borishga qoʻrqy, elchixonaga borishga qoʻrqa",
    "elchixonaga borishga qoʻrqy, bolalarim bilan koʻchada qol",
    "har kuni militsiya kel, militsiya har kuni kel, politsiya har kuni kel",
    "паспортым полицияда, паспортымды полиция ал, құжатым полицияда",
    "паспорт у полиции, паспорт забрала полиция, полиция забрала паспорт",
    "документы у полиции, документы забрала полиция, полиция забрала документы",
    "pasportim politsiyada, pasportimni politsiya ol, hujjatim politsiyada",
    "护照在警察那, 护照在警察手, 护照被警察, 证件在警察那, 警察拿走了护照, 警察没收了护照",
    "不敢去领事馆, 不敢去大使馆, 怕去领事馆, 怕去大使馆, 被逼结婚, 被迫结婚, 逼我结婚, 逼我嫁人",
    "还扣护照, 护照被学校收, 护照在派出所不给, 护照在公安局不还, 回去会坐牢, 回去就坐牢",
    "丈夫打我, 老公打我, 丈夫又打我, 老公又打我, 婆婆打我, 被家暴, 家暴我",
    "меня разыскивает китай, китай меня разыскивает, депортируют в китай, депортируют в синьцзян",
    "нас вышлют в китай, меня вышлют в китай, выдадут меня китаю, выдадут китаю",
    "нас вышлют в синьцзян, меня вышлют в синьцзян, қытайға қайтарып жібере ме деп",
    "қытайға қайтарып жібереді, қытайға ұстап бер, xitoyga qaytarib yuborishadi",
    "xitoyga qaytarib yuborishmoqchi",
)
# A detention that has ended, in Chinese: 过 after the verb, or “formerly” before it. Most of these
# messages ask if the past matters, so the model decides if they are about danger. Words
# that begin with 过 (such as 过年, “at New Year”) are excluded.
ENDED = re.compile(
    "被(?:拘留|逮捕|关押)过(?![年节夜冬程来去了])"
    "|(?:以前|曾经?|小时候|年轻时|年轻的时候)被(?:拘留|逮捕|关押)"
    r"|\bbei (?:ju ?liu|dai ?bu) ?guo\b"
)

# Denied phrases: "I am not afraid to go to the consulate", "no one forces me to marry", "the police
# do not come". Also words with two meanings: Kazakh "is it due to me?" and "harasses me" have the
# same verb, and so have Russian "demands a bribe" and "harasses".
DENIED = re.compile(
    r"\bне (?:боюсь|страшно) (?:идти|пойти) в (?:посольство|консульство)"
    "|(?:不用?|没有?|别|別)害?怕去(?:领事馆|大使馆)"
    "|(?:(?<!是)不是|没有?|未)被[逼迫]结婚|没有?人逼我(?:结婚|嫁人)"
    "|(?:丈夫|老公|婆婆)又?打我的?(?:电话|手机|微信|語音|语音|電話|手機)"
    r"|маған тиіседі ме\b|ماعان تيىسەدى مە\b|\bдомога[ею]тся (?:взятк|ден[её]?г|плат)"
    "|(?:har kuni (?:mil|pol)itsiya|(?:mil|pol)itsiya har kuni) kelma"
    "|(?:ҳар куни (?:мил|пол)иция|(?:мил|пол)иция ҳар куни) келма"
)


def danger(typed: str) -> bool:
    """Return True if a text contains a phrase of danger, in any offered language or five others."""
    return crisis_patterns.intent(typed) is not None or _has_phrase(typed)


def _has_phrase(typed: str) -> bool:
    # Phrases of languages that are not offered begin with a space, so that they match only where a
    # word begins.
    text = DENIED.sub(" ", ENDED.sub(" ", f" {normalization.fold(typed)}"))
    by_pair = _phrases()
    pairs = {text[at : at + 2] for at in range(len(text) - 1)} & by_pair.keys()
    return any(phrase in text for pair in pairs for phrase in by_pair[pair])


@cache
def _phrases() -> dict[str, tuple[str, ...]]:
    """Map the first two letters of phrases to the phrases, so that only a few must be compared."""
    # Every phrase is converted to Arabic and to Uzbek Cyrillic letters. Phrases in another script
    # stay unchanged.
    spellings = (str, kazakh_arabic.to_arabic, uzbek_cyrillic.to_cyrillic)
    phrases = [phrase for line in PHRASES for phrase in line.split(", ")]
    folded = {normalization.fold(spelt(each)) for each in phrases for spelt in spellings}
    found = sorted(folded | foreign_crisis_words.phrases())
    return {pair: tuple(same) for pair, same in groupby(found, lambda phrase: phrase[:2])}
