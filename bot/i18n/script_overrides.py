"""Words that rules convert wrongly to another script, and labels that need other words in it.

Readers of the converted scripts maintain the exceptions. `./kosh languages report` counts them.
"""

from collections.abc import Mapping

# Kazakh words in Cyrillic (lower case) with their Arabic spelling. The mapping is empty until a
# reader from Xinjiang adds abbreviations and words that differ there (such as Жұңго for Қытай).
TOTE: Mapping[str, str] = {}

# Parts of Kazakh names, by which names in Arabic script are split, because there is no rule: نۇرگۇل
# is нұр and гүл. The project compiled the list; a reader may add parts.
NAME_PARTS = """
    абай абдул абыл адам ай айдар айжан айнұр айша айым алма алтай алтын аман амантай ана
    ардақ арман ару арыс асан асыл асқар ата ахан ахмет аяз ақ ақын аңсар бай бала бану баян
    бақыт бек бекзат берік болат бота біржан бөбек гүл дана данияр дархан дина дос думан
    ділдә дүйсен дәулет дәурен ел елдос ер еркін ерлан ерік есен жаз жайлау жан жанар жар
    жарқын жас жақсы жеңіс жібек жұлдыз жұма жәлел жәми зада зейін зере зия кең күләш күміс
    күн кәрім көркем мади мадина марат мағжан мақсат мырза мұрат мұса мұстафа мұхаммед мұқан
    мәди мәлік мәриям наз назар нар нұр омар ораз раушан рахат рахым сайра салтанат самат
    сана санжар сара саттар сауле сағын серік сұлтан сұлу таң таңат тимур тоқ тоқтар тілек
    тұр тұрсын тәңір төле төлеген халық хан шакен шарип шаттық шолпан шын шырын ырыс ғазиз
    ғали ғалым қажы қайрат қали қаныш қарлы қасым қуат құдай құл құмар құрман үміт ұлан әбді
    әбу әділ әлем әли әлі әмір әсел әсем әсет әуез әуел өмір өтеген
"""

# Uzbek words whose Cyrillic spelling does not follow from the Latin one: ь, ъ, or ц (s or ts).
UZBEK: Mapping[str, str] = {
    "sentabr": "сентябрь",
    "oktabr": "октябрь",
    "yanvar": "январь",
    "fevral": "февраль",
    "aprel": "апрель",
    "iyun": "июнь",
    "iyul": "июль",
    "noyabr": "ноябрь",
    "dekabr": "декабрь",
    "konstitutsiya": "конституция",
    "filtr": "фильтр",
    "korrupsiya": "коррупция",
    "litsenziya": "лицензия",
    "politsiya": "полиция",
    "sirk": "цирк",
    "sement": "цемент",
    "Fransiya": "Франция",
    "albom": "альбом",
    "obyekt": "объект",
    "subyekt": "субъект",
    "kompyuter": "компьютер",
    "rayon": "район",
    "mayor": "майор",
    "pensiya": "пенсия",
    "rezidensiya": "резиденция",
    "konferensiya": "конференция",
    "apostil": "апостиль",
    "parol": "пароль",
    "tarjimayi": "таржимаи",
    "avtomobil": "автомобиль",
}

# Translations that replace the converted text if it would be too long or wrong, by (script,
# context, English).
LABELS: Mapping[tuple[str, str, str], str] = {
    # Uzbek papers in Cyrillic call this identity number ЖШШИР. The converted text would say ПИНФЛ.
    (
        "uz_Cyrl",
        "",
        "Is this your PINFL (JShShIR)? We ask for something else here: {label}. Example: {example}",
    ): "Бу сизнинг ЖШШИР рақамингизми? Бу ерда бошқа нарса сўраляпти: {label}. Масалан: {example}",
}
