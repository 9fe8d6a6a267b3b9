"""Rendering of sentences: dates, countries, values and writing directions."""

import os
import re
import subprocess
import sys
from collections.abc import Sequence
from datetime import date

import pytest
from bidi import get_display

from bot.i18n import NAMES, bidi, catalogues, direction, parsers
from bot.i18n.rendering import Rendering
from flows.engine.text import Country, Text, _, button, row, verbatim
from tests.vectors import rows

FSI, PDI, RLM = "\u2068", "\u2069", "\u200f"
ARABIC = re.compile("[\u0600-\u06ff]")
LANGUAGES = (*NAMES, "en")
LEFT_TO_RIGHT = [code for code in LANGUAGES if direction(code) == "ltr"]


def rendering(code: str, **messages: str) -> Rendering:
    return Rendering(code, {("", english): text for english, text in messages.items()})


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        ("kk", "2026\u00a0ж. 5\u00a0наурыз"),
        ("ru", "5\u00a0марта 2026\u00a0г."),
        ("zh_Hans", "2026年3月5日"),
        ("uz", "2026-yil 5-mart"),
        ("kk_Arab", f"{RLM}{FSI}2026-جىلى 3-ايدىڭ 5-كۇنى{PDI}"),
        ("uz_Cyrl", "2026\u00a0йил 5\u00a0март"),
        ("en", "5 March 2026"),
    ],
)
def test_date_is_rendered_in_the_style_of_the_language(code: str, shown: str) -> None:
    assert rendering(code)(_("{date}", date=date(2026, 3, 5))) == shown


@pytest.mark.parametrize("code", LANGUAGES)
@pytest.mark.parametrize("month", range(1, 13))
def test_rendered_date_can_be_parsed(code: str, month: int) -> None:
    day = date(1990, month, 7)
    shown = rendering(code)(_("{date}", date=day))
    assert parsers.read_date(shown, code, date(2026, 3, 5)) == day


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        ("kk", "Қытай"),
        ("ru", "Китай"),
        ("zh_Hans", "中国"),
        ("uz", "Xitoy"),
        ("uz_Cyrl", "Хитой"),
        ("en", "China"),
    ],
)
def test_country_is_rendered_in_the_readers_language(code: str, shown: str) -> None:
    render = rendering(code)
    assert render(Country("CN")) == shown
    assert render(_("{answer}", answer=Country("CN"))) == shown


def test_unknown_country_is_rendered_as_its_code() -> None:
    assert rendering("kk")(Country("QQ")) == "QQ"


def test_nested_texts_are_translated() -> None:
    render = rendering("kk", Citizenship="Азаматтығы", Fact="Дерек", **{"{a}: {b}": "{a} — {b}"})
    inner = _("{a}: {b}", a=_("Citizenship"), b=Country("MN"))
    assert render(inner) == "Азаматтығы — Моңғолия"
    assert render(_("{a}: {b}", a=_("Fact"), b=inner)) == "Дерек — Азаматтығы — Моңғолия"


def test_rtl_text_keeps_the_number_first_in_a_numbered_line() -> None:
    render = rendering("kk_Arab", **{"Test A1": "تەست A1"})
    numbered = _("{number}. {step}", number=2, step=_("Test A1"))
    step = f"{FSI}تەست A1{PDI}"
    assert render(_("{line}", line=numbered)) == f"{RLM}{FSI}{RLM}{FSI}2{PDI}. {step}{PDI}"


def test_translation_context_selects_the_translation() -> None:
    chosen = {("button<=20", "Work"): "Іс", ("list row<=24", "Work"): "Жұмыс істеу"}
    render = Rendering("kk", chosen)
    assert [render(button("Work")), render(row("Work")), render(_("Work"))] == [
        "Іс",
        "Жұмыс істеу",
        "Work",
    ]


def test_missing_translation_is_rendered_in_english_with_its_values() -> None:
    assert rendering("uz")(_("Your receipt: {number}", number=7)) == "Your receipt: 7"


def test_translation_can_reorder_its_placeholders() -> None:
    render = rendering("zh_Hans", **{"{a} of {b}": "{b}的{a}"})
    assert render(_("{a} of {b}", a="X", b="Y")) == "Y的X"


def test_rendering_does_not_cache_the_values_of_a_text() -> None:
    render = rendering("kk", **{"No. {number}": "№ {number}"})
    assert [render(_("No. {number}", number=number)) for number in (1, 2)] == ["№ 1", "№ 2"]


@pytest.mark.parametrize(
    "typed",
    ["{words}", "{answer}", "{label}", "{0}", "{}", "{", "%s", "%(label)s", r"\1 \g<0>", "$label"],
)
@pytest.mark.requirement("S-60")
@pytest.mark.row(41)
def test_verbatim_text_is_never_interpreted_as_a_template(typed: str) -> None:
    render = rendering("kk", **{"{label}: {answer}": "{label}: {answer}!"})
    assert render(verbatim(typed)) == typed
    label = _("{label}: {answer}", label=verbatim(typed), answer="B")
    assert render(label) == f"{typed}: B!"


# Writing directions of values in sentences


@pytest.mark.parametrize("vector", rows("bidi"), ids=lambda vector: vector["template"])
def test_bidi_isolation_of_values_agrees_with_the_test_vectors(vector: dict[str, str]) -> None:
    values = tuple(re.findall(r"(\w)=(.*?)(?= \w=|$)", vector["values"]))
    right_to_left = "<RLM>" in vector["sent"] or ARABIC.search(vector["template"])
    sent = vector["sent"]
    for name, sign in (("<FSI>", FSI), ("<PDI>", PDI), ("<RLM>", RLM)):
        sent = sent.replace(name, sign)
    render = rendering("kk_Arab" if right_to_left else "kk")
    assert render(Text(vector["template"], values)) == sent


@pytest.mark.parametrize("code", LEFT_TO_RIGHT)
def test_bidi_isolation_of_a_nested_arabic_name_is_not_repeated(code: str) -> None:
    name = verbatim("گۇلنار")
    shown = rendering(code)(_("{number}. {member}", number=1, member=_("{a}!", a=name)))
    assert shown == f"1. {FSI}گۇلنار{PDI}!"


def test_bidi_isolation_of_a_nested_value_is_not_repeated_in_arabic_script() -> None:
    render = rendering("kk_Arab", Kin="تۋىس", **{"{a}: {b}": "{a}: {b}", "{n}. {m}": "{n}. {m}"})
    member = _("{a}: {b}", a=_("Kin"), b=verbatim("TESTOVA"))
    inner = f"تۋىس: {FSI}TESTOVA{PDI}"
    assert render(_("{n}. {m}", n=2, m=member)) == f"{RLM}{FSI}2{PDI}. {FSI}{inner}{PDI}"


def test_bidi_isolates_a_character_that_would_be_mirrored() -> None:
    assert bidi.literals("جولدار < بەلگىسى") == "جولدار \u2068<\u2069 بەلگىسى"


def test_bidi_isolates_each_line_of_a_value() -> None:
    render = rendering("kk_Arab")
    lines = render(verbatim("Test street 1\n\nقالا")).split("\n")
    assert lines == [f"{RLM}{FSI}Test street 1{PDI}", "", f"{RLM}{FSI}قالا{PDI}"]


@pytest.mark.parametrize(
    ("sentence", "shown"),
    [
        ("مىسالى: +7 701 000 00 00", f"مىسالى: {FSI}+7 701 000 00 00{PDI}"),
        ("مىسالى: 1990-02-07.", f"مىسالى: {FSI}1990-02-07{PDI}."),
        ("مىسالى: 07.02.1990", "مىسالى: 07.02.1990"),
        ("/start دەپ جازىڭىز", f"{RLM}{FSI}/start{PDI} دەپ جازىڭىز"),
        ("بەت: gov.kz", f"بەت: {FSI}gov.kz{PDI}"),
        ("<b>قۇجات</b> 5 كۇن", "<b>قۇجات</b> 5 كۇن"),
        ("0–13 جاس", f"{FSI}0–13{PDI} جاس"),
        ("2026", f"{RLM}2026"),
        ("ۋاقىت (كۇنى 9:00-18:00)", f"ۋاقىت (كۇنى {FSI}9:00-18:00{PDI})"),
        ("جاس (0–13)", f"جاس ({FSI}0–13{PDI})"),
        ("ءيا", "ءيا"),
    ],
)
def test_rtl_text_isolates_numbers_commands_and_addresses(sentence: str, shown: str) -> None:
    assert rendering("kk_Arab", it=sentence)(_("it")) == shown


@pytest.mark.parametrize(
    "number",
    [
        "9:00-18:00",
        "9:00 - 18:00",
        "9.00–18.00",
        "12.05.2026-15.06.2026",
        "12.05.2026",
        "8 (7172) 64-57-00",
        "+7(7172)64-57-00",
        "+77172645700",
        "1 500 000",
        "1\u00a0500\u00a0000,50",
        "KZ86 125K ZT50 0410 0100",
    ],
)
def test_rtl_sentence_shows_no_number_in_reverse(number: str) -> None:
    for sentence in ("ۋاقىت: {}.", "ۋاقىت ({}) كۇنى", "ۋاقىت (كۇنى {}) كۇنى"):
        shown = rendering("kk_Arab", it=sentence.format(number))(_("it"))
        assert number in get_display(shown)


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("ۋاقىت: 9:00-18:00", f"ۋاقىت: {FSI}9:00-18:00{PDI}"),
        ("ۋاقىت\n1 500 000", f"ۋاقىت\n{RLM}{FSI}1 500 000{PDI}"),
        ("ۋاقىت\nС 9:00-18:00", "ۋاقىت\nС 9:00-18:00"),
        ("Приём: 9:00-18:00", "Приём: 9:00-18:00"),
        ("+7 7172 64 57 00", f"{RLM}{FSI}+7 7172 64 57 00{PDI}"),
        ("👍", "👍"),
        ("", ""),
    ],
)
def test_typed_text_is_arranged_in_rtl_languages(typed: str, shown: str) -> None:
    assert bidi.arrange(typed, "kk_Arab") == shown
    assert bidi.arrange(typed, "kk") == typed


@pytest.mark.parametrize("code", NAMES)
def test_catalogues_contain_no_direction_marks(code: str) -> None:
    marks = re.compile("[\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]")
    assert [each for each in catalogues.messages(code).values() if marks.search(each)] == []


# Babel changes data that its locales share. Without Kosh's countermeasure, rendered text would
# depend on which language is used first.

RENDER_ALL = """
import sys
from datetime import date
from babel import Locale
from bot.i18n import Languages, countries, formats
from flows.engine.text import Country, _
words = Languages()
shown = {}
for code in sys.argv[1:]:
    days = [words.render(_("{date}", date=date(2026, month, 1)), code) for month in range(1, 13)]
    names = formats.names(code)
    days += [str((dict(names.months), dict(names.weekdays))), formats.number(1500, code)]
    shown[code] = days + [words.render(Country(each), code) for each in countries.CODES]
    # Babel resolves aliases in shared data, so this changes what later locales see.
    Locale.parse(code).months["stand-alone"]["abbreviated"]
for code in sorted(shown):
    read = [words.day(day, code, date(2027, 1, 1)) for day in shown[code][:12]]
    sys.stdout.buffer.write(f"{code} {shown[code]} {read}\\n".encode())
"""


def _shown(order: Sequence[str]) -> bytes:
    command = [sys.executable, "-c", RENDER_ALL, *order]
    environment = {**os.environ, "PYTHONPATH": str(catalogues.ROOT)}
    return subprocess.run(command, check=True, capture_output=True, env=environment).stdout


@pytest.mark.release
def test_rendering_does_not_depend_on_the_order_of_first_use() -> None:
    shown = _shown(LANGUAGES)
    assert shown.count(b"\n") == len(LANGUAGES)
    assert shown == _shown(LANGUAGES[::-1])
