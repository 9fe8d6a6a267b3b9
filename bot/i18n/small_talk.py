"""Recognizes refusals, greetings, thanks, doubt and "no more questions"."""

from functools import cache

from bot.i18n import normalization
from bot.i18n.reserved_words import fold_phrases
from bot.i18n.word_lists import bare_words, in_all_scripts

# Whole messages of people who do not want what Kosh asks for. The recognizer suspects a danger to
# life in them, because "I do not want to live" begins with the same words. Messages that may mean
# this are left out: "I do not want any more", "I want nothing", "I am not needed".
# check: a native speaker must check each line
DECLINED = (
    "қаламаймын, керек емес, қажет емес, керегі жоқ, қажеті жоқ, мен қаламаймын, істемеймін,"
    " жоқ керек емес, мен істемеймін, маған керек емес, маған қажет емес, маған керегі жоқ,"
    " маған қажеті жоқ,"
    " қалағым келмейді, менің қалағым келмейді, қазір қаламаймын, мен қазір қаламаймын,"
    " әзірше қаламаймын, айтқым келмейді, жауап бергім келмейді, айтпаймын, мен айтпаймын",
    "не хочу, не хочется, не буду, не желаю, не надо, не нужно, я не хочу, я не буду, я не желаю,"
    " мне не хочется, мне не надо, мне не нужно, мне это не надо, мне это не нужно, это не нужно,"
    " не надо уже,"
    " пока не хочу, я пока не хочу, сейчас не хочу, я сейчас не хочу, не хочу сейчас,"
    " не хочу отвечать, я не хочу отвечать, не буду отвечать, не хочу говорить, я не хочу говорить,"
    " не хочу писать, я не хочу писать, не скажу, я не скажу",
    "قالامايمىن, كەرەك ەمەس, قاجەت ەمەس, كەرەگى جوق",
    "xohlamayman, istamayman, kerak emas, kerakmas, shart emas, men xohlamayman, men istamayman,"
    " menga kerak emas, menga kerakmas, menga shart emas, xohlamayapman, men xohlamayapman,"
    " xohlamiman, men xohlamiman, hozir xohlamayman, men hozir xohlamayman, hozircha xohlamayman,"
    " aytgim kelmayapti, aytgim kelmaydi, gapirgim kelmaydi, aytmayman,"
    " men aytmayman, aytishni xohlamayman,"
    " javob berishni xohlamayman",
    "хоҳламайман, истамайман, керак эмас, шарт эмас",
    "不想, 不想要, 不要, 不愿意, 不需要, 不用, 不用了, 不必, 不必了, 不想说, 不想回答, 不想写,"
    " 不想填, 不愿意说, 不方便说, 不说, 保密,"
    " 我不想, 我不想要, 我不要, 我不愿意, 我不需要, 我不用, 我不想说, 我不想回答,"
    " 我不想写, 我不想填, 我不愿意说, 现在不想, 我现在不想, 暂时不想, 我暂时不想",
    "i do not want, i donʼt want, i do not want to, i donʼt want to",
)
# Greetings, thanks, expressions of doubt and remarks about the form. None is accepted as a name.
# The form asks for a name in Latin letters, so most of these remarks are in Latin letters.
SMALL_TALK = (
    "сәлеметсіз бе, сәлеметсіздер ме, ассалаумағалейкум, көп рахмет, рақмет, жақсы, түсінікті,"
    " білмеймін, сау болыңыз, қайырлы күн",
    "salemetsiz be, bilmeimin, bilmeymin",
    "привет, здравствуйте, здравствуй, добрый день, добрый вечер, доброе утро, спасибо, понятно,"
    " спасибо большое, большое спасибо, благодарю, понял, поняла, ясно, хорошо, ладно, ок, окей,"
    " не знаю, не помню, пока, до свидания, как дела",
    "你好, 您好, 谢谢, 多谢, 好的, 知道了, 明白了, 不知道, 再见",
    "assalomu alaykum, katta rahmat, xoʻp, xop, tushunarli, bilmayman, yaxshi,"
    " yoʻq, yoq, joq, zhoq",
    "rahmat aka, rahmat opa, rahmat bolam, xato yozdim, xato qildim, notoʻgʻri yozdim, adashdim,"
    " aytmayman, keyinroq, esimda yoʻq,"
    " eslay olmayman, oʻqiy olmayman, yoza olmayman, yozolmayman, odam chaqiring, yordam bering,"
    " yordam kerak, qoʻngʻiroq qiling, menga qoʻngʻiroq qiling, nega, nima uchun, ruscha,"
    " qozoqcha, oʻzbekcha, xitoycha, lotincha, kirillcha",
    "qate jazdym, qate jazdim, qatelestim, aitpaimyn, aytpaymyn, kerek emes, esimde joq,"
    " jaza almaimyn, oqi almaimyn, oryssha, orıssha, qazaqsha, ózbekshe, ozbekshe",
    "ne znayu, ne pomnyu, ne skazhu, ne hochu, ya oshibsya, ya oshiblas, po russki, po kazahski",
    "bu zhidao, wo bu zhidao, bu xiang shuo, wo bu xiang shuo, xie cuo le, wo xie cuo le",
    "ассалому алайкум, катта раҳмат, хўп, тушунарли, билмайман, яхши",
    "hello, hi, thanks, thank you, okay, bye, i donʼt know,"
    " i do not know, i made a mistake, help me, call me, please call me",
)
# Whole messages that are sure to be a greeting. The recognizer doubts some short ones.
# check: a native speaker must check each line
GREETINGS = (
    "сәлем, сәлеметсіз бе, сәлеметсіздер ме, ассалаумағалейкум, ассалам алейкум, салам алейкум",
    "salom, salom alaykum, assalom alaykum, assalomu alaykum, assalomu aleykum, salom aleykum",
    "здравствуйте, здравствуй, привет, добрый день, добрый вечер, доброе утро",
    "你好, 您好, 大家好",
)
# Whole messages after an answer, besides "yes" and "no", of people who ask for nothing more.
# check: a native speaker must check each line
ENOUGH = (
    "маман керек емес, маған маман керек емес, қажет емес рақмет, ештеңені өшірмеңіз,"
    " деректерімді өшірмеңіз, жақсы, жарайды онда,"
    " сұрағым жоқ, сұрақ жоқ, басқа сұрақ жоқ, басқа сұрағым жоқ, болды рақмет",
    "специалист не нужен, мне не нужен специалист, не нужен специалист, не удаляйте,"
    " ничего не удаляйте, не удаляйте мои данные, не надо удалять,"
    " ладно, окей, ясно, вопросов нет, нет вопросов, больше нет, больше вопросов нет, нет спасибо",
    "جاقسى, سۇراعىم جوق, سۇراق جوق",
    "mutaxassis kerak emas, menga mutaxassis kerak emas, hech narsani oʻchirmang,"
    " maʼlumotlarimni oʻchirmang,"
    " yaxshi, xoʻp, xop, hop, okey, savol yoʻq, savolim yoʻq, boshqa savol yoʻq,"
    " boshqa savolim yoʻq",
    "мутахассис керак эмас, менга мутахассис керак эмас, ҳеч нарсани ўчирманг,"
    " маълумотларимни ўчирманг, яхши, хўп, савол йўқ, саволим йўқ",
    "不需要人工, 我不要人工, 不要人工, 不用人工, 不要删除, 别删除, 不要删除我的信息, 别删我的信息,"
    " 没有了, 没了, 没事了, 好吧, 好滴, 嗯嗯, 哦, 没问题, 没有问题, 没有问题了, 没有别的问题",
    "okay, fine, good, no more questions",
)
# Whole messages that deny a danger, in which the recognizer finds the words of danger. The first
# line is Kazakh, the second one Uzbek; each also matches in its other script.
# check: a native speaker must check each line
NO_DANGER = (
    "қауіп жоқ, маған қауіп жоқ, бізге қауіп жоқ, ешқандай қауіп жоқ, ешкім мені ұрған жоқ,"
    " мені ешкім ұрған жоқ, ешкім ұрған жоқ, ешкім мені қорқытқан жоқ, мені ешкім қорқытқан жоқ,"
    " бәрі жақсы, бізде бәрі жақсы, менде бәрі жақсы, ешкім жоғалған жоқ, ешкім ұсталған жоқ,"
    " мені ұстаған жоқ",
    "hech kim meni urmadi, meni hech kim urmadi, hech kim urmadi, hech kim tahdid qilmayapti,"
    " menga hech kim tahdid qilmayapti, xavf yoʻq, menga xavf yoʻq, hammasi yaxshi,"
    " bizda hammasi yaxshi, hech kim yoʻqolgani yoʻq, meni ushlashgani yoʻq",
    "мне никто не угрожает, никто мне не угрожает, никто не угрожает, мне ничего не угрожает,"
    " никто меня не бьёт, никто меня не бил, меня никто не бьёт, меня никто не бил, меня не бьют,"
    " меня не задерживали, меня никто не задерживал, никого не задержали, никто не пропал,"
    " у нас никто не пропал, опасности нет, я в безопасности, мы в безопасности, всё в порядке,"
    " у меня всё хорошо, у нас всё хорошо, у меня всё в порядке, я не в опасности",
    "我没有危险, 没有危险, 我没事, 我很安全, 我们很安全, 没有人威胁我, 没人威胁我, 没有人打我,"
    " 没人打我, 我没有被打, 没有被家暴, 我没有被家暴, 没有人被抓, 没人被抓, 没有人失踪",
    "i am safe, we are safe, no one threatens me, i am not in danger",
)
# Whole messages that ask for the next step, after the advice for people in danger. The first line
# is Kazakh, the second one Uzbek; each also matches in its other script.
# check: a native speaker must check each line
NEXT_STEP = (
    "не істеймін, не істеуім керек, не істесем болады, енді не істеймін, маған не істеу керек,"
    " қайда барамын, қайда барам, қайда хабарласамын, кімге айтамын, кімге барамын, кімге"
    " хабарласамын, кім көмектеседі, көмектесіңіз, көмектесіңізші, көмек керек,"
    " қайда қоңырау шаламын",
    "nima qilay, nima qilaman, nima qilishim kerak, endi nima qilay, endi nima qilaman, qayerga"
    " boraman, qayerga boray, qayerga murojaat qilaman, kimga aytaman, kimga murojaat qilaman, kim"
    " yordam beradi, yordam bering, yordam kerak, qayerga qoʻngʻiroq qilaman",
    "что делать, что мне делать, и что мне делать, и что делать, что же делать, что теперь делать,"
    " что мне теперь делать, как быть, как мне быть, куда идти, куда мне идти, куда обратиться,"
    " куда обращаться, куда звонить, кому звонить, к кому обратиться, кто поможет, кто мне поможет,"
    " помогите, помогите мне, нужна помощь, а дальше что, и что дальше",
    "怎么办, 我怎么办, 我该怎么办, 那怎么办, 现在怎么办, 该怎么办, 去哪里, 我去哪里, 找谁, 我找谁,"
    " 该找谁, 打给谁, 谁能帮我, 帮帮我, 帮我",
    "what should i do, what can i do, where should i go, who can help me, help me",
)
# Whole messages of people who did not understand an answer or want it repeated. The first line is
# Kazakh, the second one Uzbek; each also matches in its other script.
# check: a native speaker must check each line
REPEAT = (
    "қайталаңыз, қайталаңызшы, қайталап жіберіңіз, қайталап жіберіңізші, қайталап айтыңыз,"
    " қайталап айтыңызшы, тағы бір рет айтыңыз, тағы бір рет айтыңызшы, тағы айтыңызшы, не дедіңіз,"
    " сіз не дедіңіз, не дейсіз, не деп тұрсыз, не айттыңыз, түсінбедім, мен түсінбедім,"
    " түсінбеймін, түсінбей тұрмын, жақсы түсінбедім, ештеңе түсінбедім, жауабыңызды түсінбедім,"
    " түсініксіз, түсіндіріңіз, түсіндіріңізші, түсіндіріп беріңіз, түсіндіріп беріңізші,"
    " қарапайым тілмен айтыңыз, қарапайым тілмен айтыңызшы, оңай тілмен айтыңызшы,"
    " оңайырақ айтыңызшы, қайталашы, қайталап айтшы, тағы бір айтшы",
    "qaytaring, qaytarib yuboring, yana qaytaring, qaytadan ayting, yana bir marta ayting,"
    " yana bir bor ayting, yana ayting, nima dedingiz, siz nima dedingiz, nima deyapsiz,"
    " tushunmadim, men tushunmadim, yaxshi tushunmadim, hech narsa tushunmadim, tushunmayapman,"
    " tushunmayman, javobingizni tushunmadim, tushunarsiz, tushuntiring, tushuntirib bering,"
    " soddaroq ayting, oddiyroq ayting, sodda qilib ayting, sodda tilda ayting",
    "повторите, повторите ещё раз, повтори, скажите ещё раз, ещё раз скажите, ещё раз,"
    " можно ещё раз, что вы сказали, что вы написали, что вы говорите,"
    " не понял, не поняла, я не понял, я не поняла, не понимаю,"
    " я не понимаю, ничего не понимаю, ничего не понял, ничего не поняла, не понял вас,"
    " не поняла вас, я вас не понял, я вас не поняла, не понял ответ, не поняла ответ,"
    " я не понял ваш ответ, я не поняла ваш ответ, непонятно, не понятно, мне непонятно,"
    " мне не понятно, ничего не понятно, объясните, объясните ещё раз,"
    " объясните проще, объясните попроще, скажите проще, скажите попроще, поясните,"
    " простыми словами, можно проще",
    "再说一遍, 请再说一遍, 再说一次, 请再说一次, 重复一遍, 请重复, 重复一下, 你说什么, 您说什么,"
    " 你刚才说什么, 没听懂, 我没听懂, 听不懂, 我听不懂, 没看懂, 我没看懂, 看不懂, 我看不懂, 不懂,"
    " 我不懂, 不明白, 我不明白, 没明白, 我没明白, 不理解, 我不理解, 什么意思, 这是什么意思,"
    " 解释一下, 请解释一下, 再解释一下, 说简单点, 说得简单点, 简单点说, 能说简单点吗, 能简单点吗",
    "repeat, say it again, say that again, what did you say, i donʼt understand,"
    " i do not understand, explain, explain it more simply",
)
# Whole messages that ask whether an answer is true. The first line is Kazakh, the second one Uzbek;
# each also matches in its other script.
# check: a native speaker must check each line
DOUBT = (
    "рас па, бұл рас па, мұның рас па, мұныңыз рас па, айтқаныңыз рас па, шын ба, бұл шын ба,"
    " шынымен бе, шынымен солай ма, солай ма, анық па, бұл анық па, нақты ма, сенімдісіз бе,"
    " сенуге бола ма, бұған сенуге бола ма, сізге сенуге бола ма, қайдан білесіз,"
    " оны қайдан білесіз,"
    " кім айтты, мұны кім айтты, қайда жазылған, бұл қайда жазылған",
    "rostmi, bu rostmi, shu rostmi, rostdanmi, rostdan ham shundaymi, shundaymi, aniqmi, bu aniqmi,"
    " ishonchingiz komilmi, ishonsa boʻladimi, bunga ishonsa boʻladimi, sizga ishonsa boʻladimi,"
    " qayerdan bilasiz, buni qayerdan bilasiz, kim aytdi, buni kim aytdi, qayerda yozilgan,"
    " bu qayerda yozilgan",
    "правда, это правда, неужели правда, точно, это точно, а это точно, вы уверены,"
    " а вы уверены, вы точно знаете,"
    " это проверено, откуда вы знаете, откуда вы это знаете, откуда вам известно,"
    " откуда эта информация, откуда информация, кто это сказал, где это написано,"
    " а где это написано,"
    " можно ли вам верить, можно вам верить, можно ли этому верить, можно ли доверять,"
    " это достоверно",
    "真的吗, 是真的吗, 这是真的吗, 真的假的, 确定吗, 你确定吗, 您确定吗, 可信吗, 这可信吗, 可靠吗,"
    " 准吗, 准确吗, 你说的准吗, 你怎么知道的, 您怎么知道的, 谁说的, 这是谁说的, 哪里写的,"
    " 有依据吗, 有根据吗",
    "is it true, is this true, really, are you sure, how do you know, who says so,"
    " where is it written, can i trust you",
)
# Courtesies and words of address that may be anywhere in these messages. The first line is
# Kazakh, the second one Uzbek.
# check: a native speaker must check each line
COURTESIES = (
    "өтінемін өтінем айналайын балам қызым ұлым інім бауырым аға апа",
    "iltimos aka opa uka ukam singlim bolam",
    "пожалуйста дочка сынок",
    "please",
)
# Greetings and thanks that are names if written with a capital letter.
TALK_IN_SMALL_LETTERS = frozenset(
    {
        "сәлем",
        "салем",
        "салам",
        "рахмет",
        "раҳмат",
        "рахмат",
        "салом",
        "salem",
        "salam",
        "salom",
        "ok",
        "rahmet",
        "rahmat",
        "raxmat",
    }
)


def is_greeting(typed: str) -> bool:
    """Return True if the whole message is a greeting."""
    return normalization.fold(typed).strip(" !.,") in _greetings()


def has_declined(typed: str) -> bool:
    """Return True if the whole message means "I do not want" and says no more."""
    return normalization.fold(typed) in fold_phrases(DECLINED)


def is_enough(typed: str) -> bool:
    """Return True if the whole message means "good", "no more questions" or "I am safe"."""
    return normalization.bare(typed) in _enough()


def asks_next_step(typed: str) -> bool:
    """Return True if the whole message means "what should I do now?" or "who can help me?"."""
    return normalization.bare(typed) in _next_steps()


def asks_to_repeat(typed: str) -> bool:
    """Return True if the whole message means "please repeat" or "I did not understand"."""
    return _without_courtesies(typed) in _repeats()


def doubts(typed: str) -> bool:
    """Return True if the whole message means "is it true?" or "how do you know?"."""
    return _without_courtesies(typed) in _doubts()


def _without_courtesies(typed: str) -> str:
    words = normalization.bare(typed).split()
    return " ".join(word for word in words if word not in _courtesies())


def is_small_talk(typed: str) -> bool:
    """Return True if the whole message is a greeting, thanks, a refusal or an expression of doubt.

    The question for the person's name rejects these messages.
    """
    is_talk = has_declined(typed) or normalization.fold(typed) in fold_phrases(SMALL_TALK)
    return is_talk or typed.strip(" !.,") in TALK_IN_SMALL_LETTERS


@cache
def _greetings() -> frozenset[str]:
    return fold_phrases(in_all_scripts(GREETINGS))


@cache
def _enough() -> frozenset[str]:
    return _bare_phrases((*ENOUGH, *in_all_scripts(NO_DANGER)))


@cache
def _next_steps() -> frozenset[str]:
    return _bare_phrases(in_all_scripts(NEXT_STEP))


@cache
def _courtesies() -> frozenset[str]:
    return bare_words(COURTESIES)


@cache
def _repeats() -> frozenset[str]:
    return _bare_phrases(in_all_scripts(REPEAT))


@cache
def _doubts() -> frozenset[str]:
    return _bare_phrases(in_all_scripts(DOUBT))


def _bare_phrases(lines: tuple[str, ...]) -> frozenset[str]:
    # People often omit the dots of "ё", the hamza, commas and soft signs.
    return frozenset(map(normalization.bare, fold_phrases(lines)))
