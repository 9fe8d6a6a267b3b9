"""Stems of words for countries, regions and families, in all languages.

They are in the spelling of `skeleton.coarse`, which Kazakh, Russian and Uzbek share in all scripts.
If one stem begins with another, the longer one comes before the shorter one, since the first match
wins.
"""

import re

COUNTRIES: tuple[tuple[str, str], ...] = (
    ("китаи", "CN"), ("китае", "CN"), ("хитои", "CN"), ("кхр", "CN"), ("кнр", "CN"),
    ("шинжан", "CN"), ("синзиан", "CN"), ("монголкуре", "CN"),
    ("монголкиуре", "CN"), ("монгол", "MN"), ("могулистон", "MN"), ("баи олке", "MN"),
    ("озбекстан", "UZ"), ("узбекстан", "UZ"),
    ("озбекистан", "UZ"), ("узбекистан", "UZ"), ("озбекистон", "UZ"), ("узбекистон", "UZ"),
    ("каракалпак", "UZ"), ("роси", "RU"),
    ("ресеи", "RU"), ("русиа", "RU"), ("рф", "RU"), ("туркменистан", "TM"), ("туркмени", "TM"),
    ("туркменистон", "TM"), ("киргизстан", "KG"), ("киргизи", "KG"),
    ("киргизистон", "KG"), ("турси", "TR"), ("туркиа", "TR"),
    ("туркие", "TR"), ("иран", "IR"), ("ерон", "IR"), ("афганистан", "AF"), ("ауганстан", "AF"),
    ("ауганистан", "AF"), ("авганистан", "AF"), ("афгонистон", "AF"), ("пакистан", "PK"),
    ("покистон", "PK"), ("тажикстан", "TJ"), ("таджикистан", "TJ"), ("тажикистан", "TJ"),
    ("тожикистон", "TJ"), ("узбекск", "UZ"), ("туркменск", "TM"), ("киргизск", "KG"),
    ("турецк", "TR"), ("афганск", "AF"), ("германи", "DE"), ("алмани", "DE"), ("олмониа", "DE"),
    ("америка", "US"), ("сша", "US"), ("акш", "US"), ("украин", "UA"), ("казакстан", "KZ"),
    ("казахстан", "KZ"), ("козогистон", "KZ"), ("козокистон", "KZ"),
)  # fmt: skip
# Words before "Mongolia" that make it Inner Mongolia, a region of China; also its Chinese names.
INNER = ("внутрен", "ишки", "ички", "инер")
INNER_MONGOLIA, INNER_MONGOLIA_SHORT = "内蒙古", "内蒙"
# Towns abroad where many Kazakhs live. Names that are also common words are left out.
TOWNS: tuple[tuple[str, str], ...] = (
    ("ташкент", "UZ"), ("тошкент", "UZ"), ("самарканд", "UZ"), ("нукус", "UZ"), ("нокис", "UZ"),
    ("бухар", "UZ"), ("бухоро", "UZ"), ("навои", "UZ"), ("чирчик", "UZ"),
    ("кулжа", "CN"), ("кулджа", "CN"), ("гулжа", "CN"), ("уримши", "CN"), ("урумчи", "CN"),
    ("уримжи", "CN"), ("урумки", "CN"), ("шауешек", "CN"), ("чугучак", "CN"),
    ("баианолг", "MN"), ("баианулг", "MN"), ("баиаолг", "MN"), ("олги", "MN"), ("уланбат", "MN"),
    ("ашхабад", "TM"), ("ашгабат", "TM"), ("бишкек", "KG"), ("омск", "RU"), ("омби", "RU"),
    ("астрахан", "RU"), ("оренбург", "RU"), ("оринбор", "RU"), ("стамбул", "TR"),
    ("истамбул", "TR"), ("тегеран", "IR"), ("душанбе", "TJ"),
)  # fmt: skip
REGIONS: tuple[tuple[str, str], ...] = (
    ("алмати обл", "almaty_region"), ("алматинск", "almaty_region"), ("алмати", "almaty"),
    ("алмате", "almaty"), ("алма ата", "almaty"), ("астан", "astana"), ("нурсултан", "astana"),
    ("шимкент", "shymkent"), ("туркистан", "turkistan"), ("туркестан", "turkistan"),
    ("акмола", "akmola"), ("акмолинск", "akmola"), ("кокшетау", "akmola"), ("актобе", "aktobe"),
    ("актиубинск", "aktobe"), ("атирау", "atyrau"), ("батис казакстан", "west_kazakhstan"),
    ("западно казахстан", "west_kazakhstan"), ("зко", "west_kazakhstan"),
    ("орал", "west_kazakhstan"), ("уралск", "west_kazakhstan"), ("жамбил", "zhambyl"),
    ("тараз", "zhambyl"), ("жетису", "zhetisu"), ("талдикорган", "zhetisu"),
    ("карагандин", "karaganda"), ("караганд", "karaganda"), ("костанаи", "kostanay"),
    ("кустанаи", "kostanay"), ("кизилорда", "kyzylorda"), ("кизилординск", "kyzylorda"),
    ("манистау", "mangystau"), ("мангистау", "mangystau"), ("актау", "mangystau"),
    ("павлодар", "pavlodar"), ("солтустик казакстан", "north_kazakhstan"),
    ("северо казахстан", "north_kazakhstan"), ("ско", "north_kazakhstan"),
    ("петропавл", "north_kazakhstan"), ("кизилжар", "north_kazakhstan"), ("улитау", "ulytau"),
    ("жезказган", "ulytau"), ("шигис казакстан", "east_kazakhstan"),
    ("восточно казахстан", "east_kazakhstan"), ("вко", "east_kazakhstan"),
    ("оскемен", "east_kazakhstan"), ("уст каменогорск", "east_kazakhstan"),
    ("абаи обл", "abai"), ("абаиск обл", "abai"), ("семеи", "abai"),
)  # fmt: skip
CHINESE_COUNTRIES: tuple[tuple[str, str], ...] = (
    ("中国", "CN"), ("新疆", "CN"), (INNER_MONGOLIA_SHORT, "CN"), ("蒙古", "MN"),
    ("乌兹别克", "UZ"), ("俄罗斯", "RU"),
    ("土库曼", "TM"), ("吉尔吉斯", "KG"), ("土耳其", "TR"), ("伊朗", "IR"), ("阿富汗", "AF"),
    ("塔吉克", "TJ"), ("德国", "DE"), ("美国", "US"), ("哈萨克斯坦", "KZ"), ("哈国", "KZ"),
    ("乌鲁木齐", "CN"), ("伊犁", "CN"), ("伊宁", "CN"), ("塔城", "CN"), ("阿勒泰", "CN"),
    ("塔什干", "UZ"), ("乌兰巴托", "MN"), ("巴彦乌列盖", "MN"),
)  # fmt: skip
CHINESE_REGIONS: tuple[tuple[str, str], ...] = (
    ("阿拉木图州", "almaty_region"), ("阿拉木图", "almaty"), ("阿斯塔纳", "astana"),
    ("奇姆肯特", "shymkent"), ("希姆肯特", "shymkent"), ("突厥斯坦", "turkistan"),
    ("图尔克斯坦", "turkistan"), ("阿克莫拉", "akmola"), ("阿克托别", "aktobe"),
    ("阿特劳", "atyrau"), ("西哈", "west_kazakhstan"), ("江布尔", "zhambyl"),
    ("塔拉兹", "zhambyl"), ("杰特苏", "zhetisu"), ("卡拉干达", "karaganda"),
    ("科斯塔奈", "kostanay"), ("克孜勒奥尔达", "kyzylorda"), ("曼格斯套", "mangystau"),
    ("阿克套", "mangystau"), ("巴甫洛达尔", "pavlodar"), ("北哈", "north_kazakhstan"),
    ("乌勒套", "ulytau"), ("东哈", "east_kazakhstan"), ("厄斯克门", "east_kazakhstan"),
    ("阿拜州", "abai"), ("塞米", "abai"),
)  # fmt: skip

# Words beside the name of a country that mean "citizen of" or "passport of" it.
CITIZEN_WORDS = ("граждан", "азамат", "фукаро", "подан", "паспорт")
FROM, IN = frozenset({"из", "ис"}), frozenset({"в", "во", "на"})
# Kazakh and Uzbek endings for "from" and "of", also followed by "I am" or "we are". The coarse
# spelling turns a doubled "н" into one, so the ending's own consonant is optional.
FROM_ENDING = re.compile("(?:(?:[дтн]?[ае]н|лик)(?:мин|пин|бин|миз|биз|пиз|ман)?)$")
IN_ENDING = re.compile("(?:[дт][ае])(?:мин|миз|ман)?$")
LIVING_WORDS = (
    "турам", "турмиз", "тирам", "турип", "турат", "жашаим", "жив", "прожива", "нахож", "находим",
    "иашаи", "иашаб", "турибман", "турибмиз", "работаиу", "работаем", "ишлаиапман",
)  # fmt: skip

NUMBERS = {
    "бир": 1, "один": 1, "одна": 1, "одного": 1, "битта": 1, "бита": 1,
    "еки": 2, "екеу": 2, "два": 2, "две": 2, "двое": 2, "двоих": 2, "двумиа": 2, "двух": 2,
    "ики": 2, "икита": 2,
    "уш": 3, "ушеу": 3, "три": 3, "трое": 3, "троих": 3, "трех": 3, "тремиа": 3, "уч": 3, "учта": 3,
    "торт": 4, "тортеу": 4, "четире": 4, "четверо": 4, "четверих": 4, "четирмиа": 4,
    "торта": 4, "тортта": 4,
    "бес": 5, "бесеу": 5, "пиат": 5, "пиатеро": 5, "пиати": 5, "пиатиу": 5, "беш": 5, "бешта": 5,
    "алти": 6, "алтау": 6, "шест": 6, "шестеро": 6, "шести": 6, "олти": 6, "олтита": 6,
    "жети": 7, "жетеу": 7, "сем": 7, "семеро": 7, "иети": 7, "етти": 7, "ети": 7, "етита": 7,
    "сегиз": 8, "восем": 8, "сакиз": 8, "сакизта": 8, "тогиз": 9, "девиат": 9, "токиз": 9,
    "он": 10, "десиат": 10,
}  # fmt: skip
CHINESE_DIGITS = {
    "一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9,
}  # fmt: skip
# Words for years and months after a number, which is then an age.
AGE_WORDS = ("год", "лет", "месиас", "жас", "иош", "еш", "аилик", "оилик")
FAMILY_WORDS = ("отбаси", "семиа", "семи", "семеи", "оила", "уи иши", "жануиа")
PERSON_WORDS = ("адам", "киси", "киши", "жан", "чел", "нафар", "одам")
