"""Texts that say that a relative writes or reads for the person, in every language."""

import pytest

from bot.i18n import kazakh_arabic, uzbek_cyrillic, writing_helpers

HELPED = (
    "я бабушка, внук помогает писать", "Внук мне помогает.", "пишет внучка, я плохо вижу",
    "за меня пишет сын", "немерем жазып отыр", "мен әжемін, немерем көмектесіп отыр",
    "маған қызым көмектеседі", "nabiram yozib beryapti", "men buviman, nevaram yordam beryapti",
    "o'g'lim yozyapti, ko'zim yaxshi ko'rmaydi", "孙子帮我打字", "我是奶奶，孙子帮我写",
    "我眼睛不好，女儿帮我打字", kazakh_arabic.to_arabic("немерем жазып отыр"),
    uzbek_cyrillic.to_cyrillic("menga qizim yordam beradi"),
)  # fmt: skip
OTHER = (
    "", "внук", "помогите", "сын не пишет", "муж не помогает", "пишет муж, чтобы я молчала",
    "немерем жазбайды", "балам көмектеспейді", "oʻgʻlim yozmayapti", "nevaramga yordam bering",
    "мне плохо, сын пишет", "маме плохо, пишет дочь",
    "маған нашар, балам жазып отыр", "menga yomon, qizim yozyapti", "yordam menga", "onam beryapti",
    "孙子不帮我", "帮帮我孙子", "儿子被抓了，女儿帮我打字",
)  # fmt: skip


@pytest.mark.parametrize("text", HELPED)
def test_helper_is_recognized_when_a_relative_writes_for_the_person(text: str) -> None:
    assert writing_helpers.has_helper(text)


@pytest.mark.parametrize("text", OTHER)
def test_helper_is_not_recognized_when_the_text_says_more(text: str) -> None:
    assert not writing_helpers.has_helper(text)
