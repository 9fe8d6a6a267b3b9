"""Recognizes words beside a name, as in "my surname is Testova", and sentences without a name."""

import re

from bot.i18n import normalization, parsers
from bot.i18n.reserved_words import fold_phrases
from bot.i18n.word_lists import bare_words, in_all_scripts
from flows.engine.language_protocol import Letters, Refusal

# check: a native speaker must check each line
# Phrases before or after a name. In each constant below, the first line is Kazakh, the second one
# Uzbek. Each phrase is also recognized in the other script of its language.
INTRODUCING = (
    "тегім, менің тегім, фамилиям, менің фамилиям, атым, менің атым, есімім, менің есімім,"
    " аты жөнім, менің аты жөнім, әкемнің аты, менің әкемнің аты, деген, паспорттағыдай",
    "familiyam, mening familiyam, ismim, mening ismim, ism familiyam, otamning ismi,"
    " mening otamning ismi, sharifim, mening sharifim, pasportdagidek",
    "фамилия, моя фамилия, имя, моё имя, мое имя, меня зовут, зовут, отчество, моё отчество,"
    " мое отчество, отца зовут, моего отца зовут, отца звали, моего отца звали, папу зовут,"
    " папу звали, имя отца, как в паспорте, в паспорте, по паспорту",
    "surname, my surname is, name, my name is, my given name is",
)
INTRODUCING_HAN = re.compile(
    "(?:我的?)?(?:姓名是?|名字[是叫]|姓是)|我姓|我叫|(?:我的?)?(?:爸爸?|父亲)的?(?:名字)?[叫是]"
)
# Words about names and papers. Together with a word of ABSENT, they say that there is no name.
ABOUT = (
    "менің менде паспортымда паспортта төлқұжатымда төлқұжатта құжатымда құжатта аты атым есімі"
    " есімім тегі тегім фамилиям әке әкесінің әкемнің аты",
    "mening menda pasportimda pasportda hujjatimda hujjatda ismi ismim ism familiyam familiya"
    " otamning otasining sharifim sharif",
    "у меня нас в моём моем нашем китайском паспорте паспорту документах по имени имя отчества"
    " отчество отчеством фамилии фамилия никогда не было и вообще",
)
ABSENT = (
    "жоқ жазылмаған көрсетілмеген болмаған",
    "yoʻq yoq yozilmagan koʻrsatilmagan boʻlmagan",
    "нет нету прочерк отсутствует указано написано указывают пишут указывается пишется",
)
ABSENT_HAN = re.compile(
    "(?:我们?|的|护照|身份证|证件|[上里中]|哈萨克族?人?|名字)*"
    "(?:没有?写?|无|不写|不用)(?:[父名字姓称]|中间名)+的?了?|空"
)
# Words of sentences that are part of no name. Words of one or two letters are left out, because
# surnames of China have the same letters.
NO_NAME = (
    "менің маған менде паспортымда паспортта паспорттағыдай төлқұжатымда төлқұжатта әкемнің"
    " әкесінің әкем қайтыс жоқ жазылмаған көрсетілмеген ешқандай өйткені білмеймін алмаймын"
    " айтпаймын жазбаймын жазғым айтқым келмейді кейін керек емес",
    "mening menda menga pasportimda pasportda familiyam familiya ismim otamning otasining otam"
    " vafot yoʻq yozilmagan koʻrsatilmagan faqat bitta ism bilmayman olmayman aytmayman chunki"
    " ismimni familiyamni yozmayman yozgim aytgim kelmayapti kelmaydi keyin yozaman kerak emas",
    "меня мне моя моё мое мой моего нет нету паспорт паспорте паспорта документах отец отца"
    " отцу папа папу мама звали зовут умер умерла знаю помню умею пишу писать пишется написано"
    " указано потому что такое это как только один одно отчество отчества отчеством имя имени"
    " фамилия фамилии хочу могу буду скажу",
    "surname patronymic father",
    "jazbaimyn jazbaymyn jazgym kelmeidi kelmeydi keiin kerek emes",
    "hochu budu pisat nado skazhu familiyu boyus",
)
# "不" alone is part of names such as 李不凡.
NO_NAME_HAN = re.compile(
    "我|不(?:[知想会會是要能用写寫说說愿願记記清懂行]|$)|没有|什么|怎么|知道|护照|父[名亲称]|爸|[写叫]|名字|一样"
)
MAX_INTRODUCTION = 3
# Signs around a name, as at the end of a sentence; an apostrophe may belong to the name.
AROUND = ' .,;:!"«»“”„()…。，；：！（）《》'


def read_name(typed: str, letters: Letters) -> str | Refusal:
    """Return the name in a text, without an introduction such as "my surname is", or a refusal."""
    text = _without_introduction(typed)
    return Refusal.NOT_A_NAME if _is_sentence(text) else parsers.read_name(text, letters)


def is_absent(typed: str) -> bool:
    """Return True if a text says that there is no such name, as in "my passport has none"."""
    text = normalization.bare(typed)
    if ABSENT_HAN.fullmatch(text):
        return True
    words, absent = set(text.split()), bare_words(ABSENT)
    return bool(words & absent) and words <= absent | bare_words(ABOUT)


def _without_introduction(typed: str) -> str:
    text = typed.strip(AROUND)
    text = INTRODUCING_HAN.sub("", text, count=1) or text
    words, phrases = text.split(), fold_phrases(in_all_scripts(INTRODUCING))
    for count in range(min(len(words) - 1, MAX_INTRODUCTION), 0, -1):
        if normalization.fold(" ".join(words[:count])) in phrases:
            return " ".join(words[count:])
        if normalization.fold(" ".join(words[-count:])) in phrases:
            return " ".join(words[:-count])
    return text or typed


def _is_sentence(text: str) -> bool:
    bare = normalization.bare(text)
    return bool(NO_NAME_HAN.search(bare)) or not bare_words(NO_NAME).isdisjoint(bare.split())
