"""Invalid content is rejected with its reason before anything is saved."""

from datetime import date, timedelta

import pytest
from msgspec.structs import replace

from bot.content import answers
from bot.content.model import Body, Kind
from bot.editorial import checks, drafts
from bot.editorial.refusals import Refusal
from bot.runtime import Runtime
from flows.knowledge import kandas
from flows.knowledge.intents.answer import Part
from flows.knowledge.intents.cautions import CHINA_PAPERS, KEEP, STAY_DURING
from flows.knowledge.settling import NO_DUAL
from tests.editorial.editors import TEXTS, body, database_day

DAY = date(2026, 11, 28)


async def reasons(rt: Runtime, **changes: object) -> set[tuple[str, str]]:
    """Return the reasons for rejection, each with the language and script concerned."""
    today = await database_day(rt)
    found = checks.blockers(rt, Kind.FACT, await body(rt, **changes), today)
    return {(each.why.value, each.language) for each in found}


async def test_content_check_accepts_a_fact_changed_in_every_language(rt: Runtime) -> None:
    assert await reasons(rt) == set()


@pytest.mark.parametrize(
    ("language", "text", "why"),
    [
        ("ru", "Граждане Турции могут находиться до {days} дней за 180 и 60.", "placeholder"),
        ("ru", "Граждане Турции: до 60 дней за 180 XX.", "placeholder"),
        ("ru", "Граждане Турции могут находиться до 75 дней за 180.", "numbers"),
        ("ru", "Граждане Турции: до 60 дней за 180, подробнее на visa-help.com.", "link"),
        ("ru", "Гражданам Турции гарантируем до 60 дней за 180 без визы.", "promise"),
        ("zh_Hans", "土耳其公民180天内保证可停留60天。", "promise"),
        ("uz", "Турция fuqarolari 180 kun ichida 60 kungacha vizasiz boʻladi.", "script"),
        ("kk", "Citizens of Turkey: 60, 180.", "script"),
        ("uz", "Turkiya fuqarolari 180 kun ichida 60 kungacha bo'lishi mumkin.", "script"),
        ("ru", "Переселенцы из Турции: до 60 дней за 180 без визы.", "term"),
        ("ru", "Ты можешь находиться до 60 дней за 180 как гражданин.", "wording"),
        ("ru", "Граждане Турции: до 60 дней за 180. " + "Очень длинно. " * 80, "too_long"),
        ("zh_Hans", "土耳其公民 180天内可免签停留60天, 真的.", "wording"),
    ],
)
async def test_content_check_rejects_each_faulty_sentence_with_its_reason(
    rt: Runtime, language: str, text: str, why: str
) -> None:
    assert (why, language) in await reasons(rt, texts=TEXTS | {language: text})


async def test_content_check_covers_the_derived_arabic_script(rt: Runtime) -> None:
    # Words with front vowels get an extra sign in Arabic script, which makes the text longer.
    long = (TEXTS["kk"] + " " + "Үй, көл, күн, түн, бөз. " * 60)[:1020].rstrip()
    found = await reasons(rt, texts=TEXTS | {"kk": long})
    assert ("too_long", "kk_Arab") in found
    assert ("too_long", "kk") not in found


async def test_content_check_rejects_past_future_and_reversed_dates(rt: Runtime) -> None:
    today, day = await database_day(rt), timedelta(days=1)
    assert await reasons(rt, until=today - day) >= {("expired", "")}
    assert await reasons(rt, checked=today + 2 * day) >= {("future", "")}
    assert await reasons(rt, as_of=today + 2 * day) >= {("future", "")}
    assert await reasons(rt, since=today + 200 * day) >= {("dates", "")}
    assert await reasons(rt, checked=today - 9 * day) >= {("dates", "")}


async def test_content_check_accepts_todays_date_east_of_utc(rt: Runtime) -> None:
    tomorrow = await database_day(rt) + timedelta(days=1)
    assert await reasons(rt, as_of=tomorrow, checked=tomorrow) == set()


async def test_content_check_accepts_a_future_first_day_only_for_notices(rt: Runtime) -> None:
    today = await database_day(rt)
    later = await body(rt, since=today + timedelta(days=1))
    for kind, future in ((Kind.FACT, 1), (Kind.CARD, 1), (Kind.NOTICE, 0)):
        found = checks.blockers(rt, kind, later, today)
        assert [each.why for each in found] == [Refusal.FUTURE] * future, kind
    assert await reasons(rt, since=today) == set()


async def test_content_check_rejects_a_source_checked_over_31_days_ago(rt: Runtime) -> None:
    today = await database_day(rt)
    old = today - timedelta(days=32)
    assert await reasons(rt, as_of=old, checked=old) == {("unchecked", "")}
    assert await reasons(rt, as_of=old, checked=today - timedelta(days=31)) == set()


@pytest.mark.parametrize(
    "field", ["why_partial", "address", "telephone", "map_link", "sources", "kk", "ru", "uz"]
)
async def test_content_check_rejects_markup_in_each_field(rt: Runtime, field: str) -> None:
    script = "https://gov.kz/<script>alert(1)</script>"
    if field in TEXTS:
        found = await reasons(rt, texts=TEXTS | {field: f"{TEXTS[field]} <b>x</b>"})
        assert ("markup", field) in found
        return
    assert ("markup", "") in await reasons(
        rt, **{field: (script,) if field == "sources" else script}
    )


async def test_content_check_requires_an_https_source(rt: Runtime) -> None:
    assert await reasons(rt, sources=()) == {("source", "")}
    for source in ("http://gov.kz/a", "gov.kz", "https://nowhere", "javascript:alert(1)"):
        assert await reasons(rt, sources=(source,)) >= {("source", "")}


async def test_content_check_requires_a_reason_for_a_missing_language(rt: Runtime) -> None:
    texts = {code: text for code, text in TEXTS.items() if code != "kk"}
    assert await reasons(rt, texts=texts) == {("language", "kk")}
    assert await reasons(rt, texts=texts, why_partial="in force today") == set()
    assert await reasons(rt, texts={"ru": TEXTS["ru"]}, why_partial="x") == {("english", "")}
    assert await reasons(rt, texts={}) == {("empty", "")}


@pytest.mark.release
async def test_content_check_accepts_a_shipped_text_with_a_new_check_date(rt: Runtime) -> None:
    today = await database_day(rt)
    for item in drafts.SHIPPED:
        shipped = drafts.shipped(rt, item)
        changed = await body(rt, texts=shipped.texts)
        assert checks.blockers(rt, Kind.FACT, changed, today, shipped) == [], item


@pytest.mark.parametrize(
    ("intent", "part", "accepted"),
    [
        ("citizenship.dual", KEEP, False),
        ("kandas.apply", KEEP, False),
        ("kandas.apply", CHINA_PAPERS, False),
        ("kandas.refused", STAY_DURING, False),
        ("kandas.apply", kandas.CHANNELS, True),
    ],
)
@pytest.mark.parametrize("place", ["removed", "more"])
async def test_content_check_requires_the_warnings_of_an_answer(
    rt: Runtime, intent: str, part: Part, place: str, *, accepted: bool
) -> None:
    today, shipped = await database_day(rt), drafts.shipped(rt, f"answer:{intent}")
    changed = replace(
        shipped,
        as_of=today,
        checked=today,
        opening=tuple(name for name in shipped.opening if name != answers.token(part)),
        more=(*shipped.more, answers.token(part)) if place == "more" else shipped.more,
    )
    found = [each.why for each in checks.blockers(rt, Kind.ANSWER, changed, today, key=intent)]
    assert found == ([] if accepted else [Refusal.WARNING])
    assert (answers.arrange(intent, changed) is not None) == accepted


def test_content_check_allows_giving_up_a_citizenship_only_with_a_warning(rt: Runtime) -> None:
    for intent, allowed in (("life.pension", False), ("kandas.apply", True)):
        assert (answers.find(intent, NO_DUAL.key) is not None) == allowed, intent


def test_content_check_accepts_a_host_name_between_chinese_letters(rt: Runtime) -> None:
    texts = {"en": "See gov.kz.", "zh_Hans": "请见gov.kz官网。"}
    found = checks.wording(
        rt, Body(texts=texts, as_of=DAY, checked=DAY, until=DAY, why_partial="x")
    )
    assert list(found) == []
