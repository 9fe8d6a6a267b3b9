"""The capitals and abbreviations of Kazakhstan's regions, which people type for a region."""

# By the key of the region: the names in Kazakh, Uzbek, Russian and Chinese; Kazakh and Uzbek names
# also match in the other script. "ЮКО" and "ОҚО" are abbreviations of the former South Kazakhstan
# Region, which is now Turkistan Region. Names that the labels have are left out, such as Turkistan.
# check: a native speaker must check each line
REGION_CAPITALS: dict[str, tuple[str, ...]] = {
    "abai": ("Семей", "Semey", "Семипалатинск", "塞米伊, 塞梅伊"),
    "akmola": ("Көкшетау", "Koʻkshetov", "Кокшетау", "科克舍套"),
    "aktobe": ("Ақтөбе", "Oqtoʻbe, Aqtoʻbe", "Актобе, Актюбинск", "阿克托别"),
    "almaty": ("Алма Ата", "Olmaota, Olma ota", "Алма Ата, Алмата"),
    "almaty_region": ("Қонаев, Қапшағай", "Qonayev", "Конаев, Капчагай", "库纳耶夫"),
    "atyrau": ("Атырау", "Atirau, Atirov", "Атырау", "阿特劳"),
    "east_kazakhstan": (
        "Өскемен, ШҚО",
        "Oskemen, ShQO",
        "Усть Каменогорск, Устькаменогорск, ВКО",
        "厄斯克门",
    ),
    "karaganda": ("Қарағанды", "Qaragʻanda", "Караганда", "卡拉干达"),
    "kostanay": ("Қостанай", "Qostanay", "Костанай, Кустанай", "科斯塔奈"),
    "kyzylorda": ("Қызылорда", "Qizilorda", "Кызылорда", "克孜勒奥尔达"),
    "mangystau": ("Ақтау", "Aqtau, Oqtov", "Актау", "阿克套"),
    "north_kazakhstan": (
        "Қызылжар, СҚО",
        "Petropavlovsk",
        "Петропавловск, СКО",
        "彼得罗巴甫洛夫斯克",
    ),
    "pavlodar": ("Павлодар", "Pavlodar", "Павлодар", "巴甫洛达尔"),
    "shymkent": (
        "Шымкент",
        "Shimkent, Chimkent, Shymkent",
        "Шымкент, Чимкент",
        "奇姆肯特, 希姆肯特",
    ),
    "turkistan": ("ОҚО, Түркістан облысы", "Turkiston viloyati", "ЮКО", "图尔克斯坦州"),
    "ulytau": ("Жезқазған", "Jezqozgʻon", "Жезказган", "杰兹卡兹甘"),
    "west_kazakhstan": ("Орал, БҚО", "Oral", "Уральск, ЗКО", "乌拉尔斯克"),
    "zhambyl": ("Тараз", "Taroz", "Тараз, Джамбул", "塔拉兹"),
    "zhetisu": ("Талдықорған", "Taldiqoʻrgʻon", "Талдыкорган", "塔尔迪库尔干"),
}
# The names of the questions that have these regions as options.
QUESTIONS = (
    "target_region",
    *("region_north_east", "region_west", "region_south", "region_centre"),
)
# Endings of the cases of a place in Kazakh and Uzbek: "in" and "to".
KAZAKH_CASES, UZBEK_CASES = (
    ("", *["ға", "ге", "қа", "ке", "да", "де", "та", "те"]),
    ("", "ga", "da"),
)


def _in_cases(kazakh: str, uzbek: str, russian: str, *others: str) -> tuple[str, ...]:
    """Return the names of a region together with the forms that mean "in" or "to" it."""

    def ending(names: str, cases: tuple[str, ...]) -> str:
        return ", ".join(name + case for name in names.split(", ") for case in cases)

    to = ", ".join(f"в {name}" for name in russian.split(", "))
    return (
        ending(kazakh, KAZAKH_CASES),
        ending(uzbek, UZBEK_CASES),
        f"{russian}, {to}",
        *others,
    )


# The same names, by the name of the question and the key of the region.
OPTION_WORDS = {
    (question, key): _in_cases(*lines)
    for question in QUESTIONS
    for key, lines in REGION_CAPITALS.items()
}
