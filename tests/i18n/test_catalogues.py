"""The catalogues have a translation of every message in the source and pass the lint.

Each lint rule is tested with a translation that violates it.
"""

import re
from functools import cache
from pathlib import Path
from shutil import copytree

import pytest
from babel.messages.catalog import Catalog
from typer.testing import CliRunner

from bot.cli.languages import app
from bot.i18n import catalogues, lint, lint_rules, spelling

LIMITS = {flag for flags in catalogues.FLAGS.values() for flag in flags}
BUTTON, ROW = catalogues.CONTEXTS["button"], catalogues.CONTEXTS["row"]
CONSENT = "May we keep your answers?\n• Why: to answer you.\n• How long: 30 days."

# Lint rule, language, gettext context, English text, and a translation that violates only the rule.
FAULTS = (
    ("missing", "kk", None, "Menu", ""),
    ("places", "ru", None, "Your number: {number}", "Номер обращения: {nomer}"),
    ("places", "ru", None, "Your number: {number}", "Номер обращения"),
    ("places", "uz", None, "Your number: {number}", "Tasdiq raqamingiz: {number} {"),
    ("kept", "kk", None, "See <b>this</b> page.", "<b>Осы бетті қараңыз."),
    ("kept", "ru", None, "See https://gov.kz/visa.", "См. https://gov.kz."),
    ("kept", "zh_Hans", None, "Its page is on gov.kz.", "网页在移民网站（gov.ru）里。"),
    ("kept", "uz", None, "Write /delete.", "/oʻchirish deb yozing."),
    ("numbers", "ru", None, "It is kept 30 days.", "Хранится 90 дней."),
    ("numbers", "zh_Hans", None, "It is kept 30 days.", "保存３０天。"),
    ("normal", "ru", None, "My data", "Мои\u0306 данные"),
    ("normal", "kk", None, "My data", "Менің\u200b деректерім"),
    ("spaces", "ru", None, "My data", " Мои данные"),
    ("spaces", "ru", None, "My data", "Мои  данные"),
    ("lines", "kk", None, CONSENT, "Жауабыңызды сақтайық па?\n• Мерзімі: 30 күн."),
    ("lines", "ru", None, CONSENT, "Можно ли?\n• Зачем: чтобы ответить.\nКак долго: 30 дней."),
    ("length", "ru", BUTTON, "Share my number", "Отправить мой номер ..."),
    ("length", "ru", BUTTON, "Remove no. {number}", "Удалить человека № {number}"),
    ("length", "uz", ROW, "Under 18", "18 yoshga hali toʻlmaganman"),
    ("length", "ru", "description<=12", "What it is", "Помощник в пути"),
    ("length", "ru", BUTTON, "{name}", "{name}"),
    ("untranslated", "uz", None, "Nothing yet.", "Nothing yet."),
    ("quoted", "kk", None, "Write “person”.", "«кісілік» деп жазыңыз."),
    ("quoted", "ru", None, "Press “That is all”.", "Нажмите «Это всё»."),
    ("reply", "ru", ROW, "End the message", "Стоп"),
    ("reply", "uz", BUTTON, "No", "Balki"),
    ("letters", "kk", None, "Language", "Тiл"),
    ("letters", "kk", None, "Address", "Манзил йўқ"),
    ("letters", "ru", None, "Astana", "Қала Астана"),
    ("letters", "ru", None, "Astana city", "Город Astana"),
    ("letters", "uz", None, "Language", "Тил"),
    ("letters", "uz", None, "Work", "İş"),
    ("letters", "uz", None, "Write on WhatsApp", "WhatsAppda yozing"),
    ("letters", "zh_Hans", None, "Language", "語言"),
    ("apostrophes", "uz", None, "Skip", "O'tkazib yuborish"),
    ("apostrophes", "uz", None, "My data", "Maʻlumotlarim"),
    ("quotes", "kk", None, "A useful phrase: “Hello.”", "Пайдалы сөз: “Сәлем.”"),
    ("quotes", "uz", None, "A useful phrase: “Hello.”", "Foydali ibora: “Salom."),
    ("punctuation", "zh_Hans", None, "Not sent.", "没有发送."),
    ("punctuation", "zh_Hans", None, "{label}: {answer}", "{label}: {answer}"),
    ("punctuation", "zh_Hans", None, "Not sent.", "没有 发送。"),
    ("punctuation", "ru", None, "Not sent.", "Не отправлено。"),
    ("punctuation", "ru", None, "Is it sent?", "Отправлено ?"),
    ("glossary", "kk", None, "The kandas status is free.", "Қандас атағы тегін беріледі."),
    ("glossary", "zh_Hans", None, "An officer writes:", "官员写道："),
    ("glossary", "uz", None, "A mission abroad", "Xorijdagi missiya"),
    ("forbidden", "kk", None, "Who came back?", "Қай оралман келді?"),
    ("forbidden", "ru", None, "Who came?", "Кто из переселенцев приехал?"),
    ("forbidden", "uz", None, "People abroad", "Xorijdagi vatandoshlar"),
    ("forbidden", "zh_Hans", None, "Ethnicity in papers", "文件中的民族（国籍）"),
    ("forbidden", "ru", None, "Citizenship", "Гражданство и национальность"),
    ("glossary", "ru", None, "An apostille", "Печать на бумаге"),
    ("glossary", "kk", None, "Your historical homeland", "Ата-баба жері"),
    ("round trip", "uz", None, "A circus", "Tsirk"),
    ("length", "kk_Arab", BUTTON, "Remove no. {number}", "{number} ءنومىردى الىپ تا"),
    ("letters", "kk_Arab", None, "Document", "قۇجاث"),
    ("letters", "kk_Arab", None, "Document", "قۇжات"),
    ("letters", "uz_Cyrl", None, "Application", "Өтініш"),
    ("punctuation", "kk_Arab", None, "Yes, yes", "ءيا, ءيا"),
    ("punctuation", "kk_Arab", None, "Next", "كەلەسى →"),
    ("numbers", "kk_Arab", None, "It is kept 30 days.", "۳۰ كۇن ساقتالادى."),
    ("register", "ru", None, "Please choose.", "Выбери язык."),
    ("register", "ru", None, "What do you want?", "Что хочешь сделать?"),
    ("register", "ru", None, "Is that you?", "Это вы?"),
    ("register", "kk", None, "Where do you live?", "Қайда тұрасың?"),
    ("register", "kk", None, "Write your name.", "Атыңды жазыңыз."),
    ("register", "kk", None, "Did you write?", "Жаздың ба?"),
    ("register", "kk", None, "Is that you?", "Бұл сіз бе?"),
    ("register", "uz", None, "Where do you live?", "Qayerda yashaysan?"),
    ("register", "uz", None, "Did you write?", "Yozding, shundaymi?"),
    ("register", "zh_Hans", None, "What do you want?", "你想做什么？"),
    ("quoted", "ru", None, "It says “There is a new message for you.”", "Там «Есть новость»."),
    ("aphorism", "en", None, "You are not sure. That ends nothing.", ""),
    ("aphorism", "en", None, "Which way is mine?", ""),
    ("aphorism", "en", None, "Pay nobody for a proof.", ""),
    ("aphorism", "en", None, "The answer stands under “Menu”.", ""),
    ("unchecked", "en", None, "The sums are not verified here; ask before you pay.", ""),
    ("unchecked", "en", None, "Which test there is now is not known here.", ""),
    ("counted", "en", None, "The quota had {places} places.", ""),
    ("counted", "en", None, "It goes to {count} people now.", ""),
    ("counted", "kk", None, "Up to {sum} tenge", "{sum}-ге дейін теңге"),
    ("counted", "uz", None, "Up to {sum} tenge", "{sum}gacha tenge"),
    ("abbreviation", "en", None, "Go to the SCO.", ""),
    ("promise", "en", None, "You will certainly get a flat.", ""),
    ("promise", "ru", None, "You get a flat.", "Мы гарантируем Вам жильё."),
    ("promise", "kk", None, "You get a flat.", "Баспана беруге кепілдік береміз."),
    ("promise", "uz", None, "You get a flat.", "Sizga uy berishga vaʼda beramiz."),
    ("promise", "zh_Hans", None, "You get a flat.", "我们保证给您住房。"),
    ("abbreviation", "ru", None, "Go to the pension office.", "Обратитесь в ГЦВП."),
    ("abbreviation", "kk", None, "Go to the pension office.", "ЗТМО бөліміне барыңыз."),
)

# Language, gettext context, English text, and a correct translation that a lint rule could report
# by mistake.
SOUND = (
    ("ru", None, "Only letters, please.", "Лишь буквы; «Мышь» — тоже слово."),
    ("ru", None, "A PDF file from {name}", "PDF-файл от {name}"),
    ("ru", BUTTON, "Remove no. {number}", "Убрать из списка {number}"),
    ("kk", None, "The paper's date. Example: 07.02.1990", "Құжаттың күні. Мысалы: 07.02.1990"),
    ("kk", None, "In the morning", "Таңда, елдің оңтүстігінде"),
    ("kk", None, "Copy the address.", "Подъезд, цех, щит, ёлка: мекенжайды көшіріңіз."),
    ("uz", None, "Mostly", "Asosan, xususan, masalan, Oʻzbekiston maʼlumoti"),
    ("uz", None, "Transport", "Transport"),
    ("kk_Arab", None, "Yes, is it? PDF", "ءيا، سولاي ما؟ PDF؛ «ءيا»"),
    ("uz_Cyrl", None, "My data", "Маълумотларим: ўқиш, ғалаба, ҳужжат"),
    ("ru", None, "Apostille or visa", "Без апостиля и визы"),
    ("ru", None, "The Apostille Convention, without a visa", "Конвенция об апостиле, безвизовый"),
    ("zh_Hans", None, "On 22 July 2025 it was on gov.kz.", "2025年7月22日在网站（gov.kz）上。"),
    ("zh_Hans", None, "Write in Latin letters: TESTOVA", "请用拉丁字母：TESTOVA"),
    ("zh_Hans", None, "{number}. {member}", "{number}. {member}"),
)


# Button labels and notices that other messages quote: gettext context, English text, translation.
TEXTS = (
    (BUTTON, "That is all", "Готово"),
    (None, "There is a new message for you.", "Есть новое сообщение."),
)


# Extracting the messages and linting a catalogue take a second each, so both are cached.
source = cache(catalogues.extract)


@cache
def lint_findings(code: str) -> list[lint.Finding]:
    return lint.findings(code, catalogues.read(code), source())


def catalog_of(*entries: tuple[str | None, str, str]) -> Catalog:
    catalog = Catalog(fuzzy=False)
    for context, english, text in entries:
        catalog.add(english, text, context=context)
    return catalog


def broken_rules(code: str, *entries: tuple[str | None, str, str]) -> set[str]:
    """Return the names of the lint rules that report a fault in a catalogue of these entries.

    An entry is (gettext context, English text, translation).
    """
    source = catalog_of(*((context, english, "") for context, english, _text in entries))
    return {found.rule for found in lint.findings(code, catalog_of(*entries), source)}


@pytest.mark.parametrize("code", catalogues.HAND_MADE)
def test_catalogues_are_complete_and_have_no_unused_messages(code: str) -> None:
    stale = [each for each in lint_findings(code) if each.rule in ("missing", "fuzzy", "extra")]
    assert stale == [], "translate them, after `./kosh languages extract`"


@pytest.mark.parametrize("code", [*catalogues.HAND_MADE, *catalogues.BUILT])
def test_catalogues_pass_the_lint(code: str) -> None:
    assert lint_findings(code) == []


@pytest.mark.parametrize("code", catalogues.BUILT)
def test_messages_of_a_derived_script_equal_those_of_its_catalogue(code: str) -> None:
    whole = {(each.context or "", each.id): each.string for each in catalogues.read(code)}
    assert catalogues.messages(code) == {key: text for key, text in whole.items() if key[1]}


def test_catalogues_of_several_languages_share_english_texts_in_memory() -> None:
    english = [map(id, catalogues.messages(code)) for code in ("ru", "kk", "kk_Arab")]
    assert len(set.intersection(*map(set, english))) > 2000


def test_source_messages_pass_the_lint() -> None:
    assert lint.findings("en", source(), source()) == []


@pytest.mark.parametrize(("rule", "code", "context", "english", "text"), FAULTS)
def test_catalogue_lint_finds_each_fault_inserted_by_the_test(
    rule: str, code: str, context: str | None, english: str, text: str
) -> None:
    faulty = [(context, english, text or english if code == "en" else text)]
    faulty += [each for each in TEXTS if rule == "quoted" and each[1].rstrip(".") in english]
    assert broken_rules(code, *faulty) == {rule}


@pytest.mark.parametrize(("code", "context", "english", "text"), SOUND)
def test_catalogue_lint_accepts_correct_texts_that_look_wrong(
    code: str, context: str | None, english: str, text: str
) -> None:
    assert broken_rules(code, (context, english, text)) == set()


def test_catalogue_lint_tests_cover_every_rule() -> None:
    assert {rule for rule, *_rest in FAULTS} == {"missing", *lint_rules.RULES}


@pytest.mark.parametrize("english", ["Your nationality", "Are you an oralman?", "A resettler"])
def test_catalogue_lint_rejects_forbidden_words_in_english(english: str) -> None:
    source = catalog_of((None, english, ""))
    assert [found.rule for found in lint.findings("en", source, source)] == ["forbidden"]


def test_catalogue_lint_finds_fuzzy_and_unused_messages() -> None:
    source = catalog_of((BUTTON, "Menu", ""))
    catalog = catalog_of((None, "Menu", "Меню"))
    catalog.add("Menu", "Меню", context=BUTTON, flags=["fuzzy"])
    found = lint.findings("ru", catalog, source)
    assert [(each.rule, each.context) for each in found] == [("fuzzy", BUTTON), ("extra", "")]


def test_catalogue_lint_finding_names_the_file_to_fix() -> None:
    assert lint.findings("kk", Catalog(), source())[0].file == "locales/kk/LC_MESSAGES/bot.po"
    faulty = Catalog(fuzzy=False)
    faulty.add("Your nationality", locations=[("flows/about.py", 3)])
    assert lint.findings("en", faulty, faulty)[0].file == "flows/about.py"


# The commands `./kosh languages`


@pytest.fixture
def locales(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with catalogues of three labels, which the commands use in this test.

    Linting the complete catalogues takes seconds.
    """
    full = {code: catalogues.read(code) for code in catalogues.HAND_MADE}
    copytree(catalogues.LOCALES / "words", tmp_path / "words")
    monkeypatch.setattr(catalogues, "extract", lambda: labels(Catalog()))
    monkeypatch.setattr(catalogues, "LOCALES", tmp_path)
    monkeypatch.setattr(spelling, "LISTS", tmp_path / "words")
    for code, catalog in full.items():
        catalogues.write(code, labels(catalog))
    catalogues.write_template(labels(Catalog()))
    return tmp_path


def labels(full: Catalog) -> Catalog:
    found = {english: full.get(english, BUTTON) for english in ("Menu", "Help", "Back")}
    return catalog_of(*((BUTTON, each, str(at.string) if at else "") for each, at in found.items()))


def test_catalogue_labels_have_a_length_limit_flag() -> None:
    for catalog in (catalogues.extract(), catalogues.read_template(), catalogues.read("kk")):
        limits = {m.context: m.flags & LIMITS for m in catalog if m.id}
        assert limits == {None: set(), BUTTON: {"max-length:20"}, ROW: {"max-length:24"}}


@pytest.mark.usefixtures("locales")
def test_languages_check_fails_when_the_template_is_outdated() -> None:
    assert CliRunner().invoke(app, ["check"]).exit_code == 0
    lines = catalogues.template().read_text("utf-8")
    catalogues.template().write_text(lines.replace('msgid "Menu"', 'msgid "Menus"'), "utf-8")
    done = CliRunner().invoke(app, ["check"])
    assert done.exit_code == 1
    assert "locales/bot.pot: template" in done.output


@pytest.mark.usefixtures("locales")
def test_languages_check_prints_each_finding_and_fails() -> None:
    catalog = catalogues.read("kk")
    message = next(each for each in catalog if each.id == "Menu")
    message.string = "Бас мәзір және тағы басқалар"
    catalogues.write("kk", catalog)
    result = CliRunner().invoke(app, ["check"])
    assert result.exit_code == 1
    assert "locales/kk/LC_MESSAGES/bot.po: length: 28 characters for 20" in result.output


@pytest.mark.usefixtures("locales")
def test_languages_check_finds_a_too_long_label_in_a_derived_script() -> None:
    catalog = catalogues.read("uz")
    message = catalog.get("Menu", BUTTON)
    assert message is not None
    message.string = "Bu juda uzun bir menyu"
    catalogues.write("uz", catalog)
    result = CliRunner().invoke(app, ["check"])
    assert "uz_Cyrl out of locales/uz/LC_MESSAGES/bot.po: length: 21" in result.output


@pytest.mark.usefixtures("locales")
def test_languages_check_finds_an_unknown_word_until_it_is_accepted() -> None:
    catalog = catalogues.read("kk")
    message = catalog.get("Menu", BUTTON)
    assert message is not None
    message.string = "Телефон"
    catalogues.write("kk", catalog)
    asked = "kk/LC_MESSAGES/bot.po: word: телефон:"
    spelling.accept("kk", [])
    assert asked in CliRunner().invoke(app, ["check"]).output
    output = CliRunner().invoke(app, ["words", "--accept"]).output
    assert "телефон" in next(line for line in output.splitlines() if line.startswith("kk:"))
    assert asked not in CliRunner().invoke(app, ["check"]).output
    assert CliRunner().invoke(app, ["words"]).output.startswith("kk: none")


@pytest.mark.usefixtures("locales")
def test_languages_check_passes_without_findings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spelling, "_unknown", lambda _dictionary, _words: [])
    result = CliRunner().invoke(app, ["check"])
    assert (result.exit_code, result.output.strip()) == (0, "All is well.")


@pytest.mark.usefixtures("locales")
def test_languages_check_passes_with_a_note_when_hunspell_is_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(spelling, "which", lambda _program: None)
    result = CliRunner().invoke(app, ["check"])
    assert result.exit_code == 0
    assert "Spelling of ru is left out: hunspell has no dictionary here." in result.output


def test_languages_draw_command_draws_the_same_sample_for_one_seed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    known = {("", f"Sentence {number}"): f"Gap {number}" for number in range(100)}
    monkeypatch.setattr(catalogues, "messages", lambda code: known)

    def sample_lines(*words: str) -> list[str]:
        done = CliRunner().invoke(app, ["sample", "--count", "5", *words])
        assert done.exit_code == 0
        return done.output.splitlines()

    first = sample_lines("--seed", "1", "--only", "uz")
    assert len(first) == 2 * 5
    assert first == sample_lines("--seed", "1", "--only", "uz")
    assert first != sample_lines("--seed", "2", "--only", "uz")
    assert len(sample_lines("--seed", "1")) == 2 * 5 * len(catalogues.HAND_MADE)


@pytest.mark.usefixtures("locales")
def test_languages_report_counts_missing_and_unreviewed_messages() -> None:
    catalogues.write("uz", catalog_of((BUTTON, "Menu", "Menyu")))
    catalog = catalogues.read("uz")
    catalog.add("Help", "Yordam", context=BUTTON, user_comments=["check: or koʻmak"])
    catalogues.write("uz", catalog)
    lines = CliRunner().invoke(app, ["report"]).output.splitlines()
    row = next(line for line in lines if line.startswith("uz "))
    assert row.split()[:4] == ["uz", "3", "2", "1"]
    assert "6 “Yordam”" in row


@pytest.mark.usefixtures("locales")
def test_languages_report_prints_the_agreement_with_cldr() -> None:
    output = CliRunner().invoke(app, ["report"]).output
    for code in (*catalogues.HAND_MADE, *catalogues.BUILT):
        assert f"\n{code} " in output
    assert "months    100.0%" in output


def test_languages_extract_adds_messages_and_keeps_translators_comments(locales: Path) -> None:
    kept = catalog_of((None, "A sentence of last year", "Өткен жылғы сөйлем"))
    kept.add("Menu", "Мәзір", context=BUTTON, user_comments=["check: or меню"])
    catalogues.write("kk", kept)
    assert CliRunner().invoke(app, ["extract"]).exit_code == 0
    catalog = catalogues.read("kk")
    menu = catalog.get("Menu", BUTTON)
    assert menu is not None
    assert (menu.string, menu.user_comments) == ("Мәзір", ["check: or меню"])
    found = {each.rule for each in lint.findings("kk", catalog, catalogues.extract())}
    assert found == {"missing"}
    assert "last year" not in (locales / "kk/LC_MESSAGES/bot.po").read_text(encoding="utf-8")


# The source of number words ("one", "two"), which translators understand without a comment.
NUMBERS = "bot/web/chat_question.py"


def test_single_words_of_the_console_have_a_translators_comment() -> None:
    bare = [
        str(message.id)
        for message in catalogues.extract()
        if re.fullmatch(r"[A-Za-z]+\.?", str(message.id))
        and message.context is None
        and message.locations[0][0].startswith("bot/")
        and message.locations[0][0] != NUMBERS
        and not message.auto_comments
    ]
    assert bare == []
