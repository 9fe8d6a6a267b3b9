"""Recognizes yes, no and the reserved words (such as "stop"), in every language and script."""

import re
from functools import cache

from bot.i18n import kazakh_arabic, normalization, uzbek_cyrillic
from flows.engine.language_protocol import SAFETY, Reserved

YES = (
    "иә, ия, ие, иа, дұрыс, дурыс, жарайды, болады, келісемін, мақұл, растаймын",
    "ءيا, يا, ءىيا, ءييا, دۇرىس, جارايدى, بولادى, كەلىسەمىن, ماقۇل",
    "iä, ia, iya, ie, durys, dūrys",
    "да, ага, угу, верно, правильно, хорошо, подтверждаю, согласен, согласна, ок",
    "是, 是的, 对, 对的, 好, 好的, 可以, 行, 嗯, 没错, 正确, 确认, 同意",
    "ha, xa, toʻgʻri, mayli, boʻladi, albatta",
    "ҳа, ха, тўғри, майли, бўлади, албатта",
    "yes, y, ok, 1",
)
NO = (
    "жоқ, жок, жох, емес, қате, дұрыс емес",
    "جوق, ەمەس, قاتە",
    "joq, jok, zhoq, zhok",
    "нет, не, неа, неверно, неправильно",
    "不, 不是, 不对, 否, 没有, 没, 不行, 不可以, 错, 错了, 不同意",
    "yoʻq, yoq, notoʻgʻri",
    "йўқ, йук, йок, йўк, нотўғри",
    "no, n, 2",
)
# Answers besides "no" that mean "there is none", to a question that may be skipped.
NOTHING = (
    "жоқ қой, әкесінің аты жоқ, әкемнің аты жоқ",
    "нету, отсутствует, не имеется, нет отчества, без отчества, отчества нет",
    "yoʻq ekan, otasining ismi yoʻq, йўқ экан, отасининг исми йўқ",
    "无, 無, 沒有, 没有父名, 没有中间名",
    "none, nothing",
)
# Words for yes and no before the rest of an answer. "Not" before a word denies this word.
LEADING = (
    "иә ия да ага ha xa ҳа يا ءيا",
    "жоқ жок нет yoʻq yoq йўқ йук joq jok جوق",
)
YES_SIGNS = frozenset("+✅✔☑👍")
NO_SIGNS = frozenset("-−–❌✖👎")
SKIN_TONES = frozenset("🏻🏼🏽🏾🏿")
QUESTION_MARKS = frozenset("?？؟")
# `HAN_LEADING` matches a Chinese yes or no, of which `HAN_NO` are no, and the rest of a text.
# `NOT_IN_KAZAKH` has Russian words for yes and no that mean "and" and "what?" in Kazakh.
# `BEFORE_A_SIGN` matches one or two words, a comma or another sign, and the rest of a text.
BEFORE_A_SIGN = re.compile(r"([^\W\d]+(?: [^\W\d]+)?)[,.!;:，。、！；：،]+\s*(\S.*)", re.DOTALL)
HAN_LEADING = re.compile(
    "(?:(是的?|对的?|好的?|没错|不是?|没有?)[,.!;: 。、]+|(是的|对的)(?=我))(.+)"
)
HAN_NO = ("不", "不是", "没", "没有")
NOT_IN_KAZAKH = frozenset({"да", "не"})

# Messages that mean "do not write to me". They stop messages, but answer the question "May we write
# first?" (`option_words`).
# check: a native speaker must check each line
DO_NOT_WRITE = {
    "kk": "маған жазбаңыз, маған жазбаңыздар, маған енді жазбаңыз, маған хабарласпаңыз,"
    " маған хабарласпаңыздар, маған қоңырау шалмаңыз, маған қоңырау шалмаңыздар,"
    " хабарлама жібермеңіз, маған хабарлама жібермеңіз",
    "uz": "menga yozmang, menga boshqa yozmang, menga qoʻngʻiroq qilmang,"
    " men bilan bogʻlanmang, menga xabar yubormang",
    "ru": "не пишите мне, не пишите мне больше, больше не пишите мне, не пиши мне,"
    " не звоните мне, не звоните мне больше, не присылайте мне сообщения,"
    " не присылайте мне ничего",
    "zh_Hans": "不要联系我, 别联系我, 不要给我发消息, 别给我发消息, 别给我发消息了,"
    " 不要给我打电话, 别给我打电话, 别再联系我",
}
# A reserved word must not be a possible answer to a question. Two words would be one: "адам" is a
# man's name, and "қызметкер" is an occupation. Therefore these two occur only within phrases.
RESERVED: dict[Reserved, dict[str, str]] = {
    Reserved.STOP: {
        "kk": f"тоқта, тоқтат, тоқтату, токта, токтат, стоп, {DO_NOT_WRITE['kk']}",
        "kk_Arab": "توقتا, توقتات, توقتاتۋ",
        "kk_Latn": "toqta, toqtat, tokta, toktat",
        "ru": f"стоп, остановить, остановись, хватит, отписаться, {DO_NOT_WRITE['ru']}",
        "zh_Hans": f"停止, 停, 停下, 退订, {DO_NOT_WRITE['zh_Hans']}",
        "uz": f"toʻxta, toʻxtat, toʻxtatish, toxta, toxtat, stop, {DO_NOT_WRITE['uz']}",
        "uz_Cyrl": "тўхта, тўхтат, тўхтатиш, тухта, стоп",
        "en": "stop, unsubscribe, do not write to me, do not contact me, do not call me",
    },
    Reserved.EXIT: {
        "kk": "шығу, шыгу",
        "kk_Arab": "شىعۋ",
        "kk_Latn": "shyǵu, shygu, shyghu",
        "ru": "выход, выйти",
        "zh_Hans": "退出, 离开",
        "uz": "chiqish",
        "uz_Cyrl": "чиқиш, чикиш",
        "en": "exit, quit, quick exit",
    },
    Reserved.DELETE: {
        "kk": "жою, өшіру, деректерімді өшір, деректерімді жой, оширу",
        "kk_Arab": "جويۋ, ءوشىرۋ, دەرەكتەرىمدى ءوشىر, دەرەكتەرىمدى جوي",
        "kk_Latn": "joıu, joiu, óshiru, oshiru",
        "ru": "удалить, удали, стереть, удалить мои данные, удалите мои данные",
        "zh_Hans": "删除, 删除我的数据, 删除数据",
        "uz": "oʻchirish, oʻchir, ochirish, maʼlumotlarimni oʻchirish",
        "uz_Cyrl": "ўчириш, ўчир, учириш, маълумотларимни ўчириш",
        "en": "delete, erase, delete my data, erase my data",
    },
    Reserved.PERSON: {
        "kk": "кісі, адамға, адаммен сөйлесу, адам керек, тірі адам, маман, маман керек,"
        " оператор, оператор керек, операторға, кеңесші, кеңесші керек, консультант",
        "kk_Arab": "كىسى, ادامعا, ادام كەرەك, اداممەن سويلەسۋ, مامان, مامان كەرەك, وپەراتور,"
        " وپەراتور كەرەك, كەڭەسشى, كەڭەسشى كەرەك",
        "kk_Latn": "kisi, adamǵa, adam kerek, maman kerek, keńesshi, kenesshi",
        "ru": "человек, живой человек, нужен человек, позовите человека,"
        " оператор, нужен оператор, позовите оператора, специалист, нужен специалист,"
        " консультант, нужен консультант, сотрудник",
        "zh_Hans": "人工, 真人, 客服, 咨询员, 人工客服, 人工服务, 转人工, 找人工, 工作人员,"
        " 联系工作人员, 找工作人员",
        "uz": "odam, odam kerak, jonli odam, odam bilan gaplashish, operator, operator kerak,"
        " odamdan yordam olish, mutaxassis, mutaxassis kerak, maslahatchi,"
        " maslahatchi kerak, konsultant",
        "uz_Cyrl": "одам, одам керак, жонли одам, одам билан гаплашиш, оператор керак,"
        " одамдан ёрдам олиш, мутахассис, мутахассис керак, маслаҳатчи,"
        " маслаҳатчи керак",
        "en": "person, human, a person, a person please, talk to a person, real person, agent,"
        " consultant, officer,"
        " officers",
    },
    Reserved.MENU: {
        "kk": "мәзір, бас мәзір, басты мәзір, меню, мазир",
        "kk_Arab": "ءمازىر, باس ءمازىر, باستى ءمازىر",
        "kk_Latn": "mázir, mäzir, mazir",
        "ru": "меню, главное меню, в меню, в главное меню",
        "zh_Hans": "菜单, 主菜单, 回到主菜单, 返回菜单, 回到菜单",
        "uz": "menyu, bosh menyu",
        "uz_Cyrl": "меню, бош меню",
        "en": "menu, main menu",
    },
    Reserved.HELP: {
        "kk": "көмек, комек,"
        " түсінбеймін, түсінбедім, түсінбей тұрмын, түсініксіз, ештеңе түсінбедім,"
        " мұнда не жазылған, не жазуым керек, не жазу керек, не жазайын, қалай жазамын,"
        " түсіндіріңіз, түсіндіріп беріңіз, оқып беріңіз, оқып беріңізші, дауыстап оқып беріңіз,"
        " дауыстап оқып беріңізші",
        "kk_Arab": "كومەك",
        "kk_Latn": "kómek, kömek, komek,"
        " túsinbeımin, tüsinbeimin, tusinbeimin, tusinbeymin, túsinbedim, tüsinbedim, tusinbedim",
        "ru": "помощь, помогите, pomogite,"
        " не понимаю, я не понимаю, ничего не понимаю, не понял, не поняла, я не понял,"
        " я не поняла, непонятно, не понятно, мне непонятно, ничего не понятно,"
        " что тут написано, что здесь написано, что писать, что мне писать, что тут писать,"
        " что здесь писать, как писать, объясните, поясните, прочитайте вслух, прочитайте мне,"
        " ne ponimayu, ya ne ponimayu",
        "zh_Hans": "帮助, 帮忙, 求助,"
        " 不懂, 我不懂, 看不懂, 我看不懂, 不明白, 我不明白, 没看懂, 没明白, 什么意思, 这是什么意思,"
        " 写什么, 填什么, 怎么写, 怎么填, 这里写的是什么, 这里写什么, 念给我听, 读给我听,"
        " 能念给我听吗, bu dong",
        "uz": "yordam,"
        " tushunmadim, tushunmayapman, hech narsa tushunmadim, tushunarsiz,"
        " bu yerda nima yozilgan, nima yozay, nima yozaman, nima yozish kerak,"
        " nima yozishim kerak, qanday yozaman, tushuntiring, tushuntirib bering, oʻqib bering,"
        " ovoz chiqarib oʻqib bering",
        "uz_Cyrl": "ёрдам",
        "en": "help,"
        " i donʼt understand, i do not understand, what does it say, what should i write,"
        " read it to me, read it aloud",
    },
    Reserved.BACK: {
        "kk": "артқа, артка, кері",
        "kk_Arab": "ارتقا, كەرى",
        "kk_Latn": "artqa, artka, keri",
        "ru": "назад, обратно, вернуться, nazad",
        "zh_Hans": "返回, 上一步, 后退",
        "uz": "orqaga, ortga",
        "uz_Cyrl": "орқага, оркага, ортга",
        "en": "back, go back",
    },
    Reserved.CANCEL: {
        "kk": "бас тарту, болдырмау, болдырма, ойымды өзгерттім, ойымнан қайттым",
        "kk_Arab": "باس تارتۋ, بولدىرماۋ, بولدىرما",
        "kk_Latn": "bas tartu, boldyrmau, boldyrma",
        "ru": "отмена, отменить, отмени, отмените, otmena, передумал, передумала, я передумал,"
        " я передумала",
        "zh_Hans": "取消, 算了, 我改主意了",
        "uz": "bekor qilish, bekor qil, bekor qiling, fikrimdan qaytdim",
        "uz_Cyrl": "бекор қилиш, бекор килиш, бекор қил, бекор қилинг, бекор килинг,"
        " фикримдан қайтдим",
        "en": "cancel",
    },
    Reserved.SKIP: {
        "kk": "өткізу, өткізіп жіберу, өткіз, откизу",
        "kk_Arab": "وتكىزۋ, وتكىزىپ جىبەرۋ, وتكىز",
        "kk_Latn": "ótkizu, ötkizu, otkizu",
        "ru": "пропустить, пропусти, пропустите",
        "zh_Hans": "跳过, 略过",
        "uz": "oʻtkazib yuborish, oʻtkazish, otkazib yuborish",
        "uz_Cyrl": "ўтказиб юбориш, ўтказиш, утказиб юбориш",
        "en": "skip",
    },
    Reserved.LANGUAGE: {
        "kk": "тіл, тілді өзгерту, тил",
        "kk_Arab": "ءتىل, ءتىلدى وزگەرتۋ",
        "kk_Latn": "til",
        "ru": "язык, сменить язык",
        "zh_Hans": "语言, 换语言, 切换语言",
        "uz": "til, tilni oʻzgartirish",
        "uz_Cyrl": "тил, тилни ўзгартириш",
        "en": "language, change language",
    },
    Reserved.STATUS: {
        "kk": "мәртебе, өтінімнің мәртебесі, статус",
        "kk_Arab": "مارتەبە, ءوتىنىمنىڭ مارتەبەسى",
        "kk_Latn": "mártebe, märtebe, martebe",
        "ru": "статус, статус заявки",
        "zh_Hans": "状态, 进度, 查询状态",
        "uz": "holat, ariza holati, status",
        "uz_Cyrl": "ҳолат, ариза ҳолати, статус",
        "en": "status",
    },
    Reserved.NEWS: {
        "kk": "хабарландырулар, хабарландыру, жаңалықтар, жаналыктар",
        "kk_Arab": "حابارلاندىرۋلار, جاڭالىقتار",
        "kk_Latn": "habarlandyrular, jańalyqtar, janalyktar",
        "ru": "объявления, новости",
        "zh_Hans": "公告, 新闻, 通知",
        "uz": "eʼlonlar, yangiliklar, elonlar",
        "uz_Cyrl": "эълонлар, янгиликлар, элонлар",
        "en": "news, announcements",
    },
    Reserved.MYDATA: {
        "kk": "деректерім, менің деректерім",
        "kk_Arab": "دەرەكتەرىم, مەنىڭ دەرەكتەرىم",
        "kk_Latn": "derekterim, meniń derekterim",
        "ru": "мои данные",
        "zh_Hans": "我的数据, 我的资料",
        "uz": "maʼlumotlarim, mening maʼlumotlarim",
        "uz_Cyrl": "маълумотларим, менинг маълумотларим",
        "en": "mydata, my data",
    },
    Reserved.WORDING: {
        "kk": "аудармасы қате, сөйлем қате",
        "kk_Arab": "اۋدارماسى قاتە, سويلەم قاتە",
        "kk_Latn": "audarmasy qate, sóılem qate",
        "ru": "звучит неправильно, ошибка в переводе",
        "zh_Hans": "这句话不对, 翻译错了",
        "uz": "tarjima xato, gap notoʻgʻri tuzilgan",
        "uz_Cyrl": "таржима хато, гап нотўғри тузилган",
        "en": "wording, sounds wrong",
    },
    # The English word "link" alone is a surname.
    Reserved.LINK: {
        "kk": "жаңа сілтеме, сілтеме, жана силтеме",
        "kk_Arab": "جاڭا سىلتەمە, سىلتەمە",
        "kk_Latn": "jańa silteme, jana silteme, silteme",
        "ru": "новая ссылка, ссылка, новую ссылку, novaya ssylka, ssylka",
        "zh_Hans": "新链接, 链接",
        "uz": "yangi havola, havola",
        "uz_Cyrl": "янги ҳавола, ҳавола, янги хавола",
        "en": "new link, a new link",
    },
}


def yes_no(typed: str, language: str) -> bool | None:
    """Return True for yes and False for no, in any language; None for any other text.

    A question counts as any other text. "да" and "не" do not count if the conversation's `language`
    is Kazakh.
    """
    text = normalization.fold(typed)
    signs = set(text) - SKIN_TONES
    if QUESTION_MARKS & set(typed):
        return None
    if text in NOT_IN_KAZAKH and language.startswith("kk"):
        return None
    if text in fold_phrases(YES) or (signs and signs <= YES_SIGNS):
        return True
    if text in fold_phrases(NO) or (signs and signs <= NO_SIGNS):
        return False
    return None


def after_no(typed: str, language: str) -> str:
    """Return the text after "no" and a comma or other sign, such as "1987" in "no, 1987", or ""."""
    found = BEFORE_A_SIGN.fullmatch(normalization.apostrophes(typed.strip()))
    return found[2] if found and yes_no(found[1], language) is False else ""


def after_yes_or_no(typed: str, language: str) -> tuple[bool, str] | None:
    """Return True for yes or False for no at the start of a text, and the rest; None if neither.

    In Chinese, a sign or the word "I" follows them, because there are no spaces.
    """
    if found := HAN_LEADING.fullmatch(normalization.fold(typed)):
        return found[1] not in HAN_NO, found[3]
    first, _space, rest = normalization.clean(typed).partition(" ")
    is_yes = yes_no(first, language) if normalization.fold(first) in _leading() else None
    return (is_yes, rest) if is_yes is not None and rest else None


def nothing(typed: str, language: str) -> bool:
    """Return True if the whole message means "there is none" or "no".

    Return False for any other text, and also for a number and for a question.
    """
    if typed.strip().isdecimal() or QUESTION_MARKS & set(typed):
        return False
    is_nothing = normalization.fold(typed) in fold_phrases(NOTHING)
    return is_nothing or yes_no(typed, language) is False


def safety_word(typed: str) -> Reserved | None:
    """Return the safety word (stop, exit, delete, person) that is the whole message, or None."""
    word = _reserved_phrases().get(normalization.fold(typed))
    return word if word in SAFETY else None


def reserved_word(typed: str) -> Reserved | None:
    """Return the reserved word that is the whole message.

    Returns None for any other text and for a safety word, which `safety_word` returns.
    """
    word = _reserved_phrases().get(normalization.fold(typed))
    return word if word not in SAFETY else None


def form(typed: str) -> str | None:
    """Return the language code, such as `uz_Cyrl`, if only one language has this reserved word.

    Returns None for every other text. The scripts of a language count as different languages.
    """
    forms = _forms().get(normalization.fold(typed), frozenset())
    return next(iter(forms)) if len(forms) == 1 else None


def phrases(word: Reserved) -> list[str]:
    """Return the words and phrases of all languages that have the meaning of `word`."""
    return [each for line in RESERVED[word].values() for each in line.split(", ")]


@cache
def _leading() -> frozenset[str]:
    return frozenset(normalization.fold(word) for line in LEADING for word in line.split())


@cache
def _forms() -> dict[str, frozenset[str]]:
    """Map each reserved phrase to the codes, such as `uz_Cyrl`, of the languages that have it.

    Kazakh in Latin letters counts as `kk`.
    """
    found: dict[str, frozenset[str]] = {}
    for languages in RESERVED.values():
        for code, line in languages.items():
            for phrase in map(normalization.fold, line.split(", ")):
                written = "kk" if code == "kk_Latn" else code
                found[phrase] = found.get(phrase, frozenset()) | {written}
    return found


@cache
def fold_phrases(lines: tuple[str, ...]) -> frozenset[str]:
    """Return the normalized phrases of lines in which commas separate phrases.

    The first line is Kazakh in Cyrillic letters, so it is also added in Arabic script.
    """
    every = (*lines, kazakh_arabic.to_arabic(lines[0]).replace("،", ","))
    return frozenset(normalization.fold(word) for line in every for word in line.split(", "))


@cache
def _reserved_phrases() -> dict[str, Reserved]:
    return {
        normalization.fold(phrase): word
        for word, languages in RESERVED.items()
        for line in languages.values()
        for phrase in line.split(", ")
    } | {
        # A Kazakh or Uzbek phrase is also accepted in the other script of its language.
        normalization.fold(convert(phrase)): word
        for word, languages in RESERVED.items()
        for code, convert in (("kk", kazakh_arabic.to_arabic), ("uz", uzbek_cyrillic.to_cyrillic))
        for phrase in languages[code].split(", ")
    }
