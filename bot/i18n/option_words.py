"""Everyday words for the options of forms, such as "переезд" for "Move there to live".

People who type an answer rarely repeat the label of an option.
"""

from collections import defaultdict
from functools import cache

from bot.i18n import (
    details_words,
    ethnic_words,
    normalization,
    region_capitals,
    relation_words,
    review_words,
    situation_words,
)
from bot.i18n.reserved_words import DO_NOT_WRITE
from bot.i18n.word_lists import in_all_scripts

# Whole answers, by the name of the question and the key of the option. The words under ANY count at
# every question that has an option with this key; at a consent, only a refusal counts. The first
# line of each is Kazakh, the second one is Uzbek; each also matches in its other script.
# check: a native speaker must check each line
ANY, FAMILY = "", "family"
OPTION_WORDS: dict[tuple[str, str], tuple[str, ...]] = {
    (ANY, "yes"): ("әрине, иә әрине", "albatta, ha albatta", "конечно, да конечно", "当然, 当然是"),
    (ANY, "no"): (
        "жоқ әрине, әрине жоқ",
        "yoʻq albatta, albatta yoʻq",
        "нет конечно, конечно нет",
        "当然不, 当然没有, 当然不是",
    ),
    (ANY, "refuse"): (
        "келіспеймін, жоқ келіспеймін, мен келіспеймін, рұқсат бермеймін, келісім бермеймін",
        "rozi emasman, men rozi emasman, roziman emas, rozilik bermayman, yoʻq rozi emasman",
        "не согласен, не согласна, нет не согласен, нет не согласна, я не согласен,"
        " я не согласна, не даю, не даю согласия, я не даю согласия, нет не даю",
        "不同意, 我不同意, 不，我不同意, 拒绝, 我拒绝",
    ),
    (ANY, "unsure"): (
        "білмеймін, анық білмеймін, есімде жоқ",
        "bilmayman, aniq bilmayman, esimda yoʻq",
        "не знаю, не уверен, не уверена, точно не знаю, не помню",
        "不知道, 不清楚, 不太清楚, 不记得",
    ),
    (ANY, "undecided"): (
        "білмеймін, әлі білмеймін, шешпедім, әлі шешпедім, бәрібір, маған бәрібір",
        "bilmayman, hali bilmayman, hal qilmadim, hali hal qilmadim, qaror qilmadim, farqi yoʻq",
        "не знаю, пока не знаю, ещё не знаю, не решил, не решила, не решили, ещё не решил,"
        " ещё не решила, пока не решил, пока не решила, всё равно, без разницы",
        "不知道, 还不知道, 没决定, 没想好, 还没想好, 随便, 都可以, 都行",
    ),
    (ANY, "seen"): (
        "түсінікті, түсіндім, оқыдым, оқып шықтым, таныстым, жарайды, жақсы, келесі, әрі қарай,"
        " ары қарай",
        "tushunarli, tushundim, oʻqidim, oʻqib chiqdim, tanishdim, mayli, xoʻp, keyingi, davom,"
        " davom etamiz",
        "понятно, всё понятно, понял, поняла, прочитал, прочитала, прочёл, ясно, ок, окей, хорошо,"
        " ладно, дальше, далее, продолжить, ознакомлен, ознакомлена",
        "知道了, 明白, 明白了, 看了, 看完了, 读完了, 好的, 好, 继续, 下一步, 了解, 知道",
        "ok, okay",
    ),
    # Words such as "good" are missing, because they may accept the offer of an officer instead.
    (ANY, "go_on"): (
        "түсінікті, түсіндім, оқыдым, оқып шықтым, келесі, әрі қарай, ары қарай, жалғастырамын,"
        " жалғастырамыз, жалғастырыңыз",
        "tushunarli, tushundim, oʻqidim, oʻqib chiqdim, keyingi, davom, davom etamiz, davom etaman,"
        " davom eting",
        "понятно, всё понятно, понял, поняла, прочитал, прочитала, ясно, дальше, далее,"
        " продолжаем, продолжаю, продолжайте, идём дальше",
        "知道了, 明白, 明白了, 看完了, 读完了, 继续, 下一步, 了解, 继续吧",
    ),
    ("applying", "self"): (
        "мен, мені, өзім, мен өзім, тек мен, тек мені, тек өзім, тек өзімді, өзімді ғана,"
        " өзімді ғой, жалғыз өзім",
        "men, meni, men oʻzim, oʻzimni, faqat men, faqat meni, faqat oʻzim, faqat oʻzimni,"
        " yolgʻiz oʻzim",
        "я, меня, сам, сама, я сам, я сама, только я, только себя, только меня, я один, я одна,"
        " меня одного, меня одну, себя одного, себя одну",
        "我, 自己, 本人, 我本人, 我一个人, 只有我, 就我, 就我自己, 给自己, 给我自己",
    ),
    ("applying", "family"): (
        "бәріміз, бәрімізді, біз, бізді, екеуміз, екеумізді, үшеуміз, төртеуміз, мен және"
        " отбасым, мені және отбасымды, мен және әйелім, мен және күйеуім, мен және балаларым,"
        " отбасыммен, отбасыммен бірге, жұбайыммен бірге, балаларыммен",
        "hammamiz, hammamizni, biz, bizni, ikkalamiz, uchalamiz, toʻrtalamiz,"
        " men va oilam, men va xotinim, men va erim, men va bolalarim,"
        " bolalarim bilan",
        "всех, мы, нас, мы все, нас двое, нас трое, нас четверо, нас пятеро, мы вдвоём, нас всех,"
        " всех нас, меня и семью, меня и мою семью, всю семью, я и жена, я и муж, я и"
        " моя жена, я и мой муж, я с женой, я с мужем, мы с женой, мы с мужем, я и дети, я с"
        " детьми, я с семьёй, я с семьей, с семьёй, с семьей, всей семьёй, всей семьей, вся"
        " семья, для всей семьи, себя и жену, себя и мужа, себя и детей, себя и семью, себя и"
        " жену с детьми, себя и мужа с детьми, нас с женой, нас с мужем, нас с детьми",
        "全家, 全家人, 一家人, 我们, 我们全家, 我们俩, 我们两个, 我们都, 我们一家,"
        " 我跟家人, 我和老婆, 我和我老婆, 我和老公,"
        " 我和我老公, 我和孩子, 我和家人, 我们一家人, 全家一起",
    ),
    ("applying", "other"): (
        "анамды, әкемді, ата-анамды, әйелімді, күйеуімді, ағамды, бауырымды, апамды, әжемді,"
        " атамды, досымды, туысымды, анама, әкеме, ініме, ағама, апама, досыма,"
        " анам үшін, әкем үшін, ағам үшін, інім үшін, апам үшін, ағам үшін сұрап тұрмын, анам"
        " үшін сұрап тұрмын, әкем үшін сұрап тұрмын, інім үшін сұрап тұрмын",
        "onamni, otamni, ota-onamni, xotinimni, erimni, akamni, ukamni, opamni, doʻstimni,"
        " qarindoshimni, onamga, otamga, akamga, ukamga, opamga, doʻstimga, onam uchun, otam"
        " uchun, akam uchun, ukam uchun",
        "маму, папу, мать, отца, родителей, жену, мужа, брата, сестру, бабушку, дедушку, друга,"
        " подругу, родственника, родственницу, для мамы, для папы, для мужа, для жены, для"
        " брата, для сестры, для друга, для родителей, моя мама, для брата спрашиваю, для сестры"
        " спрашиваю, для мамы спрашиваю, для отца, для папы спрашиваю",
        "妈妈, 我妈妈, 爸爸, 我爸爸, 父母, 我父母, 老公, 老婆, 哥哥, 弟弟, 姐姐, 妹妹, 朋友,"
        " 亲戚, 给我妈, 给我爸, 给妈妈, 给爸爸, 给弟弟, 给哥哥, 给姐姐, 给妹妹, 给我弟弟,"
        " 给我哥哥, 给朋友, 给别人, 别人, 帮我弟弟问, 帮我哥哥问, 帮家人问, 帮朋友问, 帮别人问,"
        " 帮我妈问, 帮我爸问, 幫我弟弟問, 幫我哥哥問, 幫家人問, 幫朋友問, 替别人问",
    ),
    ("adult", "yes"): (
        "толды, толдым, толған, толғанмын, он сегізге толдым, 18ге толдым, 18 ге толдым,"
        " кәмелетке толдым, кәмелетке толғанмын",
        "toʻldi, toʻlgan, toʻlganman, oʻn sakkizga toʻldim, 18ga toʻldim, 18 ga toʻldim, 18ga"
        " toʻlganman",
        "есть, уже есть, исполнилось, уже исполнилось, давно, давно есть, взрослый, взрослая,"
        " совершеннолетний, совершеннолетняя, больше, мне больше",
        "满了, 已满, 已经满了, 成年, 成年了, 已成年, 滿了, 已经成年, 已经成年了, 我成年了,"
        " 我已成年, 我已经成年了, 满18了, 满18岁了, 已满18岁",
    ),
    ("adult", "no"): (
        "толмады, толмаған, толған жоқ, әлі толған жоқ, әлі жоқ, толмадым, толмағанмын, толған"
        " жоқпын, 18ге толмадым, 18 ге толмадым, 18ге толған жоқпын, он сегізге толмадым, он"
        " сегізге толған жоқпын, кәмелетке толмағанмын",
        "toʻlmagan, toʻlmadi, hali toʻlmagan, hali yoʻq, toʻlmadim, toʻlmaganman, 18ga"
        " toʻlmadim, 18 ga toʻlmadim, 18ga toʻlmaganman",
        "нет ещё, ещё нет, пока нет, не исполнилось, ещё не исполнилось, несовершеннолетний,"
        " несовершеннолетняя, скоро 18, почти 18, нет 18, мне нет 18, мне ещё нет 18",
        "没满, 未满, 还没, 还没满, 未成年, 没到, 還沒, 还没成年, 没到18, 不到18, 不到18岁,"
        " 不满18岁, 未满18岁, 快18了, 还不到",
    ),
    ("purpose", "move"): (
        "көшу, көшемін, көшеміз, көшкім келеді, көшкіміз келеді, көшпекпін, көшпекшімін,"
        " көшпекшіміз, көшіп бару, көшіп келу, көшіп барамын, қоныс аудару, оралу, елге оралу,"
        " елге қайту, атамекенге оралу, тұрақты тұру, тұрғым келеді, біржола көшу",
        "koʻchish, koʻchaman, koʻchamiz, koʻchmoqchiman, koʻchmoqchimiz, koʻchib oʻtish,"
        " koʻchib oʻtmoqchiman, koʻchib oʻtmoqchimiz, koʻchib borish, koʻchib bormoqchiman,"
        " yashash, yashamoqchiman, doimiy yashash, vatanga qaytish, qaytmoqchiman",
        "переехать, переезд, перееду, переезжаю, хочу переехать, хотим переехать, переселиться,"
        " переселение, репатриация, жить, хочу жить, хочу там жить, жить там, постоянно жить,"
        " насовсем, навсегда, пмж, на пмж, вернуться, хочу вернуться, вернуться на родину,"
        " хочу вернуться на родину, на родину",
        "移居, 移民, 搬家, 搬过去, 搬去, 搬過去, 定居, 去定居, 住, 去住, 长住, 居住, 回祖国,"
        " 回哈萨克斯坦, 回哈国, 我想移居, 我想定居, 我想搬过去, 想搬过去",
    ),
    ("purpose", "study"): (
        "оқу, оқуға, оқығым келеді, білім алу",
        "oʻqish, oʻqishga, oʻqimoqchiman",
        "учиться, учёба, на учёбу, хочу учиться",
        "读书, 上学, 念书, 留学, 讀書",
    ),
    ("purpose", "work"): (
        "жұмыс, жұмысқа, жұмыс істегім келеді",
        "ish, ishga, ishlamoqchiman",
        "работа, на работу, на заработки, хочу работать",
        "打工, 上班, 找工作",
    ),
    ("purpose", "business"): (
        "бизнес, кәсіп, кәсіп ашу, сауда, сауда жасау",
        "biznes, tadbirkorlik, savdo, savdo qilish, savdo sotiq",
        "бизнес, свой бизнес, открыть бизнес, торговать, торговля, хочу торговать",
        "生意, 买卖, 做买卖, 开公司, 做買賣, 做贸易",
    ),
    ("purpose", "information"): (
        "жай білу, тек білу, жай сұрау, білгім келеді",
        "shunchaki bilish, faqat bilish, shunchaki soʻrayapman",
        "просто узнать, только узнать, узнать, просто спросить, просто интересно",
        "了解一下, 问一下, 问问, 只是问问, 随便问问, 看看",
    ),
    ("timeframe", "later"): (
        "кейін, кейінірек",
        "keyin, keyinroq",
        "потом, позже, не скоро",
        "以后, 以后再说",
    ),
    ("timeframe", "half_year"): (
        "қазір, тез, тезірек, жақында, ертең",
        "hozir, tezroq, tez orada, yaqinda, ertaga",
        "сейчас, прямо сейчас, скоро, как можно скорее, как можно быстрее, завтра, хоть завтра",
        "现在, 马上, 尽快, 越快越好, 最近, 明天",
    ),
    ("contact", "self"): (
        "өзім жазамын, өзім хабарласамын, керек емес, хабарласпаңыз",
        "oʻzim yozaman, oʻzim kiraman, kerak emas",
        "сам напишу, сама напишу, я сам напишу, я сама напишу, никак, не надо, лучше не надо",
        "我自己联系, 我自己来, 自己来, 不用, 不用联系",
    ),
    ("contact", "chat"): (
        "осында, осы жерде, осында жазыңыз, осында жазыңдар, осы жерге жазыңыз, осында жаза"
        " беріңіз",
        "shu yerga yozing, shu chatga yozing",
        "здесь, тут, сюда, пишите сюда, напишите сюда, пишите здесь, напишите здесь, в этом чате",
        "在这里, 这里, 发到这里, 在聊天里",
    ),
    ("contact", "phone"): (
        "қоңырау шалыңыз, телефонмен, телефон арқылы",
        "qoʻngʻiroq qiling, telefonda, telefon orqali",
        "позвоните, позвоните мне, звоните, звонок",
        "打电话, 打我电话, 电话联系",
    ),
    ("details", "no"): (
        "керек емес, қажет емес, қаламаймын, кейін",
        "kerak emas, shart emas, xohlamayman, keyin",
        "не хочу, не надо, не нужно, потом, не буду, позже",
        "不要, 不用, 不用了, 不想, 以后再说",
    ),
    ("child_papers", "yes"): (
        "бар, барлығында бар, бәрінде бар",
        "bor, hammasida bor, barchasida bor",
        "есть, у всех есть, у каждого есть",
        "有, 都有, 每个都有",
    ),
    ("child_papers", "no"): (
        "бәрінде емес, бәрінде жоқ",
        "hammasida emas, hammasida yoʻq",
        "нету, не у всех, не у каждого",
        "不是都有, 没都有",
    ),
    ("rent", "yes"): (
        "жалға аламыз, пәтер жалдаймыз, жалдаймын",
        "ijaraga olamiz, ijaraga olaman",
        "снимать, снимем, буду снимать, будем снимать",
        "租, 租房, 会租, 要租",
    ),
    ("kazakh_level", "speaks"): (
        "жақсы, жақсы білемін, өте жақсы, еркін, еркін сөйлеймін, ана тілім, сөйлей аламын",
        "yaxshi, juda yaxshi, erkin, ona tilim, gaplasha olaman",
        "хорошо, очень хорошо, свободно, отлично, родной, родной язык, говорю свободно",
        "很好, 流利, 母语, 会说, 会讲",
    ),
    ("kazakh_level", "little"): (
        "нашар, шамалы, аз",
        "yomon, ozgina, yaxshi emas",
        "плохо, слабо, чуть чуть, мало, не очень, не очень хорошо",
        "一点, 一点点, 会一点, 不太好, 不好",
    ),
    ("write_first", "yes"): (
        "жазыңыз, жаза беріңіз",
        "mumkin, yozing, yozavering",
        "можно, да можно, пишите, да пишите",
        "可以写, 发吧",
    ),
    ("write_first", "no"): (
        f"болмайды, жазбаңыз, керек емес, {DO_NOT_WRITE['kk']}",
        f"mumkin emas, yozmang, kerak emas, {DO_NOT_WRITE['uz']}",
        f"нельзя, не надо, не пишите, не нужно, {DO_NOT_WRITE['ru']}",
        f"不要, 别写, 别发, 不用, {DO_NOT_WRITE['zh_Hans']}",
    ),
    (FAMILY, "spouse"): (
        "әйеліммен, күйеуіммен, жұбайыммен, әйелім, күйеуім, жұбайым",
        "xotinim, erim, xotinim bilan, erim bilan, turmush oʻrtogʻim",
        "жена, муж, с женой, с мужем, с супругой, с супругом",
        "老婆, 老公, 妻子, 丈夫, 和老婆, 和老公, 跟老婆, 跟老公",
    ),
    (FAMILY, "children"): (
        "балам, балаларым, баламмен, балаларыммен, балалармен",
        "bolam, bolalarim, bolam bilan, bolalarim bilan, bolalar bilan",
        "дети, с детьми, с ребёнком, с дочерью, с сыном, только дети, только с детьми",
        "孩子, 带孩子, 和孩子, 跟孩子, 只有孩子",
    ),
    (FAMILY, "both"): (
        "әйелім мен балаларым, күйеуім мен балаларым, жұбайыммен және балаларыммен, бала шағаммен",
        "xotinim va bolalarim, erim va bolalarim, xotinim va bolalarim bilan,"
        " erim va bolalarim bilan, bola chaqam bilan",
        "жена и дети, муж и дети, с женой и детьми, с мужем и детьми, с мужем и детками",
        "老婆孩子, 老婆和孩子, 老公和孩子, 带老婆孩子, 妻子和孩子, 丈夫和孩子",
    ),
    (FAMILY, "relatives"): (
        "ата анаммен, анаммен, әкеммен, туыстармен, бауырларыммен",
        "ota onam bilan, onam bilan, otam bilan, qarindoshlarim bilan, akam bilan",
        "с родителями, с мамой, с отцом, с братом, с сестрой, с родственниками, родители",
        "父母, 和父母, 跟父母, 跟亲戚, 和亲戚",
    ),
    (FAMILY, "alone"): (
        "жалғыз, жалғызбын, өзім, жалғыз өзім, ешкім, ешкім жоқ, жоқ",
        "yolgʻiz, yolgʻizman, bir oʻzim, oʻzim, hech kim, yoʻq",
        "один, одна, сам, сама, я один, я одна, никто, никого, нет",
        "一个人, 就我一个人, 自己, 我自己, 没有, 没有人",
    ),
    ("programme", "kandas_status"): (
        "қандас, қандас алу, қандас мәртебесі, кандас",
        "qandos, qandas, qandos maqomi, qandas maqomi",
        "кандас, статус кандаса, на кандаса, для кандаса",
        "坎达斯, 坎达斯身份, 同胞身份",
    ),
    ("programme", "prp"): (
        "ықтиярхат, ықтиярхатқа, тұруға ықтиярхат, внж",
        "yashash guvohnomasi, yashash ruxsatnomasi, vnj, vnjga",
        "внж, на внж, для внж, вид на жительство, пмж",
        "居留, 居留许可, 居留证, 居住证, 绿卡, 永居",
    ),
    ("programme", "citizenship_simplified"): (
        "азаматтыққа, азаматтық алу, қазақстан азаматтығы, қазақстан паспорты",
        "fuqarolik, fuqarolikka, fuqarolik olish, qozogʻiston pasporti",
        "гражданство, на гражданство, для гражданства, паспорт казахстана, казахстанский паспорт",
        "国籍, 入籍, 公民, 哈萨克斯坦国籍, 哈国护照, 哈萨克斯坦护照",
    ),
    ("programme", "regional_quota"): ("квота, квотаға", "kvota, kvotaga", "на квоту", "配额"),
    ("area", "south"): (
        "оңтүстік, оңтүстікте",
        "janub, janubda",
        "юг, на юг, на юге",
        "南部, 南方, 南边",
    ),
    ("area", "west"): (
        "батыс, батыста",
        "gʻarb, gʻarbda",
        "запад, на запад, на западе",
        "西部, 西边",
    ),
    ("area", "north_east"): (
        "солтүстік, шығыс, солтүстікте, шығыста",
        "shimol, sharq, shimolda, sharqda",
        "север, восток, на север, на восток, на севере, на востоке",
        "北部, 东部, 北方, 北边, 东边",
    ),
    ("area", "centre"): ("орталық, ортасы", "markaz, markazda", "центр, в центре", "中部, 中间"),
}  # fmt: skip


EVERY = (
    OPTION_WORDS
    | region_capitals.OPTION_WORDS
    | ethnic_words.OPTION_WORDS
    | details_words.OPTION_WORDS
    | situation_words.OPTION_WORDS
    | relation_words.OPTION_WORDS
    | review_words.OPTION_WORDS
)
# Words of a person who names those who come along instead of choosing to add one.
EVERY[FAMILY, "add"] = tuple(
    ", ".join(lines)
    for lines in zip(
        *relation_words.OPTION_WORDS.values(),
        *(OPTION_WORDS[FAMILY, key] for key in ("spouse", "children", "both", "relatives")),
        strict=True,
    )
)


def options(typed: str, question: str) -> frozenset[str]:
    """Return the keys of the options that a whole text may mean at a question; empty if none."""
    text, none = normalization.bare(typed), frozenset[str]()
    return _options().get((question, text)) or _options().get((ANY, text), none)


@cache
def _options() -> dict[tuple[str, str], frozenset[str]]:
    """Map the name of a question and a whole answer, spelt by `normalization.bare`, to options."""
    found: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for (question, key), lines in EVERY.items():
        for line in in_all_scripts(lines):
            for phrase in line.split(", "):
                found[question, normalization.bare(phrase)].add(key)
    return {place: frozenset(keys) for place, keys in found.items()}
