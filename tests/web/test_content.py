"""Editors change a fact at the console without JavaScript; a second person publishes it."""

import html
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import date, timedelta

import pytest

from bot.content import answers
from bot.i18n import Languages
from bot.web.console import demo_officers, labels_content
from flows import FLOWS
from flows.engine.recognition import Danger
from flows.engine.text import _
from flows.knowledge.entry import ENTRY
from flows.knowledge.intents.answers import BY_INTENT
from tests.app_stack import AppStack
from tests.console_client import Console, Form, Screen, ru
from tests.editorial.editors import ITEM, TEXTS, database_day
from tests.officer_names import MARAT, TIMUR
from tests.visitor import Visitor

PATH = f"/console/content/{ITEM}"
HOUSING = "/console/content/answer:support.housing"
WORDS = Languages(("ru",))
STAY = next(fact for fact in ENTRY if fact.key == "tr.stay")


def refusal_text(refusal: str) -> str:
    """Return the Russian text with which the console explains the refusal of a change."""
    return " ".join(WORDS.render(labels_content.REFUSALS[refusal], "ru").split())


@dataclass
class Desk:
    """An editor and an approver, each with a browser at the console."""

    stack: AppStack
    editor: Console
    approver: Console
    today: date

    def fields(self, **changes: str) -> dict[str, str]:
        texts_by_field = {f"text_{code}": text for code, text in TEXTS.items()}
        dates = {
            "as_of": (self.today - timedelta(days=2)).isoformat(),
            "checked": self.today.isoformat(),
            "until": (self.today + timedelta(days=60)).isoformat(),
        }
        return texts_by_field | dates | {"sources": "https://www.gov.kz/example"} | changes

    async def save(self, **changes: str) -> Screen:
        await self.editor.get(PATH)
        return await self.editor.submit("/save", **self.fields(**changes))

    async def publish(self, path: str) -> Screen:
        """Publish the draft of a content item; return its page."""
        await self.approver.get(path)
        screen = await self.approver.submit("/approve")
        async with self.stack.rt.pool.connection() as transaction:
            await self.stack.rt.content.load(transaction)
        return screen


@pytest.fixture
async def desk(stack: AppStack) -> AsyncIterator[Desk]:
    await demo_officers.enter(stack.rt)
    async with AsyncExitStack() as exit_stack:
        editor, approver = [
            await exit_stack.enter_async_context(Console.signed_in(stack.url, name))
            for name in (MARAT, TIMUR)
        ]
        yield Desk(stack, editor, approver, await database_day(stack.rt))


async def test_content_page_can_change_publish_and_roll_back_a_fact(desk: Desk) -> None:
    screen = await desk.editor.get("/console/content")
    assert f'href="{PATH}"' in screen.html
    screen = await desk.save()
    assert screen.status == 200, screen.text
    assert ru("done_content_saved") in screen.text
    assert "approve" not in screen.actions
    assert ru("content_own") in screen.text
    for channel in ("telegram", "whatsapp", "web"):
        for form, _own in desk.stack.rt.languages.languages():
            assert f'data-look="{form} {channel}"' in screen.html

    screen = await desk.approver.get(PATH)
    assert "save" not in screen.actions
    assert "<ins>60</ins>" in screen.html, "the difference is shown"
    screen = await desk.approver.submit("/approve")
    assert ru("done_content_live") in screen.text
    assert TEXTS["ru"] in screen.text
    second = TEXTS | {code: text.replace("60", "75") for code, text in TEXTS.items()}
    await desk.save(**{f"text_{code}": text for code, text in second.items()})
    await desk.approver.get(PATH)
    await desk.approver.submit("/approve")
    screen = await desk.approver.submit("/roll-back")
    assert ru("done_content_live") in screen.text
    assert TEXTS["ru"] in screen.text
    screen = await desk.approver.submit("/withdraw")
    assert ru("done_content_back") in screen.text


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"text_uz": ""}, "language"),
        ({"text_ru": "Гражданам Турции гарантируем 60 дней за 180 без визы."}, "promise"),
        ({"text_ru": "Граждане Турции: 60 дней за 180, см. visa-help.com."}, "link"),
        ({"text_kk": "Citizens of Turkey 60, 180."}, "script"),
        ({"text_ru": "Граждане Турции: {days} дней, 60 за 180."}, "placeholder"),
        ({"until": "2020-01-01"}, "expired"),
        ({"as_of": "2020-01-01", "checked": "2020-01-02"}, "unchecked"),
        ({"text_ru": "Граждане Турции: <script>60</script> за 180."}, "markup"),
        ({"why_partial": "<script>alert(1)</script>"}, "markup"),
        ({"until": "some day"}, "dates"),
        ({"sources": ""}, "source"),
    ],
)
async def test_content_page_shows_why_a_draft_is_refused_and_keeps_its_input(
    desk: Desk, changes: dict[str, str], reason: str
) -> None:
    screen = await desk.save(**changes)
    assert screen.status == 422
    assert refusal_text(reason) in screen.text
    assert "https://www.gov.kz/example" in screen.html or not changes.get("sources", "x")
    assert TEXTS["zh_Hans"] in screen.html
    assert "approve" not in (await desk.approver.get(PATH)).actions


async def test_content_page_refuses_approval_when_a_newer_version_exists(desk: Desk) -> None:
    await desk.save()
    await desk.approver.get(PATH)
    form = desk.approver.screen.form("/approve")
    await desk.save(until=(desk.today + timedelta(days=9)).isoformat())
    screen = await desk.approver.send(form)
    assert screen.status == 409
    assert refusal_text("changed") in screen.text
    screen = await desk.approver.send(form, hash="no hash")
    assert refusal_text("changed") in screen.text


async def test_officer_cannot_publish_own_text_that_a_colleague_saved_unchanged(
    desk: Desk,
) -> None:
    async with desk.stack.rt.pool.connection() as session:
        await session.execute(
            "UPDATE officers SET roles = '{editor,approver}' WHERE name = ANY(%s)",
            ([MARAT, TIMUR],),
        )
    await desk.save()
    await desk.approver.get(PATH)
    screen = await desk.approver.submit("/save", **desk.fields())
    assert ru("done_content_saved") in screen.text
    assert "approve" in screen.actions, "the colleague did not become the author"
    screen = await desk.editor.get(PATH)
    assert "approve" not in screen.actions
    assert ru("content_own") in screen.text


async def test_content_page_discards_a_draft_that_the_approver_refuses(desk: Desk) -> None:
    await desk.save()
    await desk.approver.get(PATH)
    stale = desk.approver.screen.form("/discard")
    await desk.save(until=(desk.today + timedelta(days=9)).isoformat())
    screen = await desk.approver.send(stale)
    assert screen.status == 409
    assert refusal_text("changed") in screen.text
    screen = await desk.approver.submit("/discard")
    assert ru("done_content_discarded") in screen.text
    assert not {"approve", "discard"} & screen.actions
    assert ru("content_waiting") not in (await desk.editor.get("/console/content")).text
    screen = await desk.approver.send(stale)
    assert screen.status == 409
    assert refusal_text("state") in screen.text
    await desk.save()
    assert ru("done_content_discarded") in (await desk.editor.submit("/discard")).text


async def test_content_page_creates_a_notice_under_a_new_name(desk: Desk) -> None:
    await desk.editor.get("/console/content")
    screen = await desk.editor.submit("/notice", name="border_closed")
    assert screen.path == "/console/content/notice:border_closed"
    screen = await desk.editor.submit(
        "/save", **desk.fields(text_en="The border is closed today.", text_ru="Граница закрыта.",
                               text_kk="Шекара жабық.", text_zh_Hans="边境今天关闭。",
                               text_uz="Chegara bugun yopiq.", sources="")
    )  # fmt: skip
    assert ru("done_content_saved") in screen.text
    screen = await desk.editor.get("/console/content/notice:../x")
    assert screen.status == 404


async def test_content_page_search_shows_only_what_it_finds(desk: Desk) -> None:
    await desk.save()
    screen = await desk.editor.get("/console/content")
    assert screen.html.index('role="search"') < screen.html.index('id="waiting"')
    assert ru("content_due") in screen.text
    screen = await desk.editor.get("/console/content?find=tr.stay")
    assert f'href="{PATH}"' in screen.html
    for other in ("content_due", "content_waiting", "content_live", "content_notice_new"):
        assert ru(other) not in screen.text
    screen = await desk.editor.get("/console/content?find=Жильё")
    assert f'href="{HOUSING}"' in screen.html


async def test_content_page_of_an_unknown_fact_is_not_found(desk: Desk) -> None:
    assert (await desk.editor.get("/console/content/fact:no.such")).status == 404
    assert (await desk.editor.get("/console/content/nothing")).status == 404


async def test_content_pages_are_forbidden_without_an_editor_role(desk: Desk) -> None:
    async with Console.signed_in(desk.stack.url, "Aigul Testova") as officer:
        assert (await officer.get("/console/content")).status == 403
        assert (await officer.get(PATH)).status == 403


ANSWER, PHRASES = "/console/content/answer:permit.visa", "/console/content/phrases:permit.visa"


async def test_content_page_can_rearrange_the_parts_of_an_answer(desk: Desk) -> None:
    screen = await desk.editor.get(ANSWER)
    names = re.findall(r'name="place_([^"]+)"', screen.html)
    first, second = [name for name in names if not name.startswith("own-")][:2]
    places = {f"place_{each}": "none" if each.startswith("own-") else "more" for each in names}
    orders = {f"order_{name}": str(at) for at, name in enumerate(names, 1)}
    places |= {f"place_{second}": "opening", f"place_{first}": "none"}
    screen = await desk.editor.submit("/save", **places, **orders, flow="eligibility")
    assert ru("done_content_saved") in screen.text, screen.text
    await desk.approver.get(ANSWER)
    await desk.approver.submit("/approve")
    live = desk.stack.rt.content
    async with desk.stack.rt.pool.connection() as transaction:
        await live.load(transaction)
    answer = live.snapshot.answers["permit.visa"]
    assert answers.token(answer.opening[0]) == second
    assert first not in {answers.token(part) for part in answer.parts}
    assert answer.flow == "eligibility"
    async with Visitor.at(desk.stack.url) as person:
        await person.press("Русский")
        reply = await person.say("Нужна ли мне виза в Казахстан?")
        assert desk.stack.rt.languages.render(FLOWS["eligibility"].title, "ru") in reply.buttons


async def test_content_page_refuses_an_empty_answer_and_unknown_parts(desk: Desk) -> None:
    await desk.editor.get(ANSWER)
    screen = await desk.editor.submit("/save", flow="eligibility")
    assert (screen.status, refusal_text("empty") in screen.text) == (422, True)
    screen = await desk.editor.submit("/save", added="no.such", flow="nowhere")
    assert refusal_text("part") in screen.text
    assert refusal_text("flow") in screen.text


async def test_content_page_adds_a_recognized_phrase_but_none_about_danger(desk: Desk) -> None:
    phrase = "сколько денёчков гостить у вас"
    await desk.editor.get(PHRASES)
    for text, reason in (("Ташкент", "phrase"), ("меня хотят убить", "danger")):
        screen = await desk.editor.submit("/save", text_ru=text)
        assert refusal_text(reason) in screen.text, text
    await desk.editor.submit("/save", text_ru=phrase)
    screen = await desk.approver.get(PHRASES)
    assert phrase in screen.text
    await desk.approver.submit("/approve")
    async with desk.stack.rt.pool.connection() as transaction:
        await desk.stack.rt.content.load(transaction)
    read = desk.stack.rt.understanding.recognizer.read
    assert read("у вас гостить СКОЛЬКО денечков?", "ru").recognition.intents == ("permit.visa",)
    assert read("меня хотят убить", "ru").danger is not Danger.NONE
    await desk.editor.get("/console/content/phrases:kandas.what")
    screen = await desk.editor.submit("/save", text_ru=phrase)
    assert refusal_text("taken") in screen.text


async def test_content_page_lets_a_lead_write_only_for_their_own_mission(desk: Desk) -> None:
    for item in ("card:tr_ankara", "canned:tr_ankara.hours"):
        screen = await desk.editor.get(f"/console/content/{item}")
        assert screen.status == 200
        assert "save" not in screen.actions
        form = Form(
            f"/console/content/{item}/save",
            "post",
            {"csrf": desk.editor.screen.form("/sign-out").fields["csrf"]},
        )
        screen = await desk.editor.send(form, **desk.fields())
        assert screen.status == 403, item


async def test_content_page_drafts_a_broadcast_to_people_whom_a_fact_concerns(desk: Desk) -> None:
    await desk.save()
    await desk.approver.get(PATH)
    screen = await desk.approver.submit("/approve")
    assert "announce" not in screen.actions, "an approver writes none"
    await desk.editor.get(PATH)
    form = desk.editor.screen.form("/announce")
    paths = {(await desk.editor.send(form)).path for _time in range(2)}
    assert len(paths) == 1, "a double press makes one draft"
    screen = desk.editor.screen
    assert screen.path.startswith("/console/broadcasts/")
    assert re.search(r'value="TR"[^>]* checked', screen.html), "citizens of Turkey"
    checkbox = re.search(r'name="lists" value="kandas_status"[^>]* checked', screen.html)
    assert checkbox, "citizens of Turkey who keep a list"
    screen = await desk.editor.get(screen.path.replace("audience", "text"))
    assert TEXTS["zh_Hans"] in screen.html
    assert "https://www.gov.kz/example" in screen.html


async def test_content_page_of_expiring_facts_shows_the_texts_after_expiry(desk: Desk) -> None:
    until = desk.today + timedelta(days=60)
    await desk.save()
    await desk.approver.get(PATH)
    await desk.approver.submit("/approve")
    async with desk.stack.rt.pool.connection() as transaction:
        await desk.stack.rt.content.load(transaction)
    screen = await desk.editor.get(f"/console/content/ends?day={until}")
    assert TEXTS["ru"] in screen.text
    assert desk.stack.rt.languages.render(STAY.ended or STAY.text, "ru") in screen.text
    screen = await desk.editor.get("/console/content/ends?day=someday")
    assert screen.status == 200


async def test_content_page_of_expiring_facts_shows_published_answers(desk: Desk) -> None:
    until = desk.today + timedelta(days=60)
    await desk.save()
    await desk.publish(PATH)
    await desk.editor.get(HOUSING)
    await desk.editor.submit("/save", flow="", added=STAY.key)
    await desk.publish(HOUSING)
    screen = await desk.editor.get(f"/console/content/ends?day={until}")
    changed = screen.html.partition('id="then"')[2]
    say = desk.stack.rt.languages.render
    assert f'<strong dir="auto">{say(BY_INTENT["support.housing"].label, "ru")}<' in changed


async def test_content_pages_name_a_fact_by_its_published_sentence(desk: Desk) -> None:
    shipped = desk.stack.rt.languages.render(STAY.text, "ru")
    assert shipped in (await desk.editor.get(HOUSING)).text, "among the facts that can be added"
    await desk.save()
    await desk.publish(PATH)
    for path in ("/console/content", "/console/content?find=60+дней", PATH, HOUSING):
        screen = await desk.editor.get(path)
        assert TEXTS["ru"] in screen.text, path
        assert shipped not in screen.text, path


async def test_content_pages_show_the_day_on_which_a_fact_is_hidden(desk: Desk) -> None:
    """Check the last day of a fact of visa rules, which is hidden after two reviews were missed."""
    await desk.save(until=(desk.today + timedelta(days=900)).isoformat())
    screen = await desk.publish(PATH)
    last = desk.stack.rt.content.snapshot.facts[STAY.key].until
    until = desk.stack.rt.languages.render(_("until {date}", date=last), "ru")
    assert until in html.unescape(screen.html)
    assert until in html.unescape((await desk.editor.get("/console/content")).html)


async def test_content_pages_show_no_last_day_of_an_answer(desk: Desk) -> None:
    await desk.editor.get(HOUSING)
    await desk.editor.submit("/save", added=STAY.key)
    screen = await desk.publish(HOUSING)
    for each in (screen, await desk.editor.get("/console/content")):
        assert "9999" not in each.text
        assert WORDS.render(labels_content.STATES["live"], "ru") in each.text


async def test_content_page_shows_a_notice_as_said_only_on_its_days(desk: Desk) -> None:
    notice, day = "/console/content/notice:border_closed", timedelta(days=1)
    await desk.editor.get(notice)
    dates = {"since": desk.today + day, "until": desk.today + day}
    await desk.editor.submit(
        "/save", **desk.fields(**{name: each.isoformat() for name, each in dates.items()})
    )
    assert TEXTS["ru"] in desk.editor.screen.html.partition('id="preview"')[2]
    await desk.publish(notice)

    async def said() -> str:
        return (await desk.editor.get(notice)).html.partition('id="now"')[2]

    assert ru("content_silent_now") in await said()
    for ahead, is_said in (("1 day", True), ("1 day", False)):
        async with desk.stack.rt.pool.connection() as session:
            await session.execute("UPDATE test_clock SET ahead = ahead + %s::interval", (ahead,))
        await desk.editor.sign_in(MARAT)
        assert (f'<div class="bubble">{TEXTS["ru"]}' in await said()) is is_said
    assert '<span class="chip late">' in desk.editor.screen.html


async def test_notice_is_taken_back_without_a_promise_of_an_earlier_text(desk: Desk) -> None:
    notice = "/console/content/notice:border_closed"
    await desk.editor.get(notice)
    await desk.editor.submit("/save", **desk.fields())
    screen = await desk.publish(notice)
    assert TEXTS["ru"] in screen.text
    assert ru("content_withdraw") in screen.text
    assert ru("content_withdraw_sure") not in screen.text
    screen = await desk.approver.submit("/withdraw")
    assert ru("done_cancelled") in screen.text
    assert ru("done_content_back") not in screen.text
    assert ru("content_silent_now") in screen.text


async def test_content_page_shows_an_approver_each_changed_field(desk: Desk) -> None:
    """Check fields that the preview does not show: titles, a map, parts shown on request."""
    languages = desk.stack.rt.languages

    async def changes(item: str, **fields: str) -> str:
        await desk.editor.get(f"/console/content/{item}")
        screen = await desk.editor.submit("/save", **fields)
        assert ru("done_content_saved") in screen.text, screen.text
        screen = await desk.approver.get(f"/console/content/{item}")
        shown = re.search(r'id="draft".*?</section>', screen.html, re.DOTALL)
        assert shown is not None
        return html.unescape(re.sub(r"<[^>]*>", "", shown[0]))

    reply = "canned:general.photo-again"
    assert "Фото ещё раз" in await changes(reply, title_ru="Фото ещё раз", text_ru="Пришлите фото.")
    assert "✓" in await changes(ITEM, **desk.fields(silent="1"))
    housing = "answer:support.housing"
    places = {f"place_{each}": "more" for each in answers.shipped_parts("support.housing")}
    shown = await changes(housing, added=STAY.key, flow="", **places)
    assert "text-" not in shown
    assert languages.render(STAY.text, "ru") in shown
    for day in ("9999", "0001"):
        assert day not in shown


async def test_content_page_announces_no_fact_that_has_ended(desk: Desk) -> None:
    await desk.save(until=desk.today.isoformat())
    await desk.publish(PATH)
    form = (await desk.editor.get(PATH)).form("/announce")
    async with desk.stack.rt.pool.connection() as session:
        await session.execute("UPDATE test_clock SET ahead = ahead + interval '1 day'")
    await desk.editor.sign_in(MARAT)
    screen = await desk.editor.get(PATH)
    assert "announce" not in screen.actions
    form.fields["csrf"] = screen.form("/sign-out").fields["csrf"]
    screen = await desk.editor.send(form)
    assert (screen.status, refusal_text("expired") in screen.text) == (409, True)
