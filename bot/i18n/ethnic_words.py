"""Names of ethnic groups that people type at the questions about ethnicity."""

# The first line of each is Kazakh, the second one is Uzbek; each also matches in its other script.
# check: a native speaker must check each line
# Ethnic groups other than Kazakhs.
KAZAKH, UZBEK, RUSSIAN, CHINESE = (
    "өзбек, өзбекпін, қарақалпақ, қарақалпақпын, орыс, орыспын, қырғыз, татар, ұйғыр, түрікмен,"
    " тәжік, моңғол, қытай",
    "oʻzbek, oʻzbekman, qoraqalpoq, qoraqalpoqman, rus, qirgʻiz, tatar, uygʻur, turkman, tojik",
    "узбек, узбечка, я узбек, я узбечка, каракалпак, каракалпачка, русский, русская, киргиз,"
    " киргизка, татарин, татарка, уйгур, уйгурка, туркмен, туркменка, таджик, таджичка, монгол,"
    " монголка, китаец, китаянка",
    "汉族, 我是汉族, 汉, 维吾尔族, 维族, 乌兹别克族, 柯尔克孜族, 蒙古族, 回族",
)
# Whole answers, by the name of the question and the key of the option.
OPTION_WORDS: dict[tuple[str, str], tuple[str, ...]] = {
    ("ethnic_kazakh", "yes"): (
        "қазақ, қазақпын, мен қазақпын, иә қазақпын, қазақпыз, таза қазақпын",
        "qozoq, qozoqman, men qozoqman, ha qozoqman, qozoqmiz",
        "казах, казашка, я казах, я казашка, да казах, да казашка, да я казах, да я казашка, мы"
        " казахи, чистый казах",
        "哈萨克族, 我是哈萨克族, 是哈萨克族, 哈萨克人, 我是哈萨克人, 我是哈薩克族, 哈族, 我是哈族",
    ),
    ("ethnic_kazakh", "no"): (
        f"{KAZAKH}, қазақ емеспін, мен қазақ емеспін, қазақ емес",
        f"{UZBEK}, qozoq emasman, men qozoq emasman, qozoq emas",
        f"{RUSSIAN}, не казах, не казашка, я не казах, я не казашка",
        f"{CHINESE}, 不是哈萨克族, 我不是哈萨克族",
    ),
    ("member_kazakh", "yes"): (
        "қазақ, ол қазақ, иә қазақ",
        "qozoq, u qozoq, ha qozoq",
        "казах, казашка, он казах, она казашка, да казах, да казашка",
        "哈萨克族, 他是哈萨克族, 她是哈萨克族, 哈族",
    ),
    ("member_kazakh", "no"): (
        f"{KAZAKH}, қазақ емес",
        f"{UZBEK}, qozoq emas",
        f"{RUSSIAN}, не казах, не казашка",
        f"{CHINESE}, 不是哈萨克族",
    ),
    ("ethnicity_papers", "yes"): (
        "бар, иә бар, жазылған, көрсетілген, қазақ, қазақ деп жазылған, ұлты қазақ, ұлтым қазақ",
        "bor, ha bor, yozilgan, koʻrsatilgan, qozoq, qozoq deb yozilgan, millati qozoq",
        "есть, да есть, указана, указано, написано, казах, казашка, написано казах,"
        " написано казашка, указано казах, указано казашка, в паспорте казах, в паспорте казашка",
        "有, 有的, 写着, 有写, 写了, 哈萨克族, 写着哈萨克族, 写的是哈萨克族, 身份证上是哈萨克族",
    ),
    ("ethnicity_papers", "no"): (
        f"{KAZAKH}, жазылмаған, көрсетілмеген, өзбек деп жазылған, қарақалпақ деп жазылған",
        f"{UZBEK}, yozilmagan, koʻrsatilmagan, oʻzbek deb yozilgan, qoraqalpoq deb yozilgan",
        f"{RUSSIAN}, нету, не указана, не указано, не написано, написано узбек, написано узбечка,"
        " записан узбеком, записана узбечкой, записали узбеком, записали каракалпаком",
        f"{CHINESE}, 没写, 没有写, 沒有",
    ),
}
