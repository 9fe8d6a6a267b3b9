"""Announcements at the console, without JavaScript: written, approved, sent, and their result."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from bot import broadcasts
from bot.broadcasts import Purpose, Refusal, State, shard_statements
from bot.broadcasts.error_policy import classify
from bot.broadcasts.statements import NOT_RETRIED
from bot.channels import (
    BlockedByUser,
    ChannelSuspended,
    NoTemplate,
    OptedOut,
    SendError,
    TemporarilyRestricted,
    Throttled,
    Unreachable,
    WindowClosed,
)
from bot.channels import Refused as TurnedDown
from bot.i18n import Languages
from bot.officers import directory
from bot.officers.directory import Officer
from bot.officers.permissions import Role
from bot.web.console import demo_officers
from bot.web.console.labels_broadcasts import (
    BROADCAST_STATES,
    CAUSES,
    PURPOSES,
    REFUSAL_TEXTS,
)
from tests.app_stack import AppStack
from tests.console_client import Console, Screen, ru
from tests.officer_names import MARAT, TIMUR, ZARINA
from tests.subscribers import TEXTS, TOPIC, count_states, create_subscribers

TEXT_FIELDS = {f"text_{code}": each.body for code, each in TEXTS.items()}
WORDS = Languages(("ru",))


def refusal_text(refusal: Refusal) -> str:
    """Return the Russian text that explains a refusal to officers, up to its first placeholder."""
    text = WORDS.render(REFUSAL_TEXTS[refusal], "ru")
    return " ".join(text.partition("{detail}")[0].split())


@dataclass
class Office:
    """Officers at the console, each with a separate browser: an editor (Marat) and approvers."""

    stack: AppStack
    marat: Console
    timur: Console
    zarina: Console

    async def write(self, purpose: str = "news", **texts: str) -> str:
        """Write an announcement as Marat, step by step; return the path of its page."""
        marat = self.marat
        await marat.get("/console/broadcasts/new")
        screen = await marat.submit("/broadcasts", purpose=purpose, topic=TOPIC, why="Test")
        assert screen.path.endswith("/write/audience"), screen.text
        await marat.submit("/audience", channels="telegram")
        await marat.submit("/text", **(TEXT_FIELDS | texts))
        return marat.screen.path.removesuffix("/write/test")

    async def send_tests(self, path: str) -> Screen:
        await self.marat.get(f"{path}/write/test")
        for code in TEXTS:
            form = next(
                each for each in self.marat.screen.forms
                if each.action.endswith("/test") and each.fields.get("language") == code
            )  # fmt: skip
            await self.marat.send(form)
        await self.marat.get(f"{path}/write/time")
        return await self.marat.submit("/time", any_hour="1")

    async def request_approval(self, purpose: str = "news", **texts: str) -> str:
        path = await self.write(purpose, **texts)
        await self.send_tests(path)
        screen = await self.marat.submit("/ask")
        assert ru("done_submitted") in screen.text, screen.text
        return path

    async def start(self) -> str:
        """Approve an announcement and start to send it; return the path of its page."""
        path = await self.request_approval()
        await self.timur.get(path)
        await self.timur.submit("/approve")
        await self.marat.get(path)
        await self.marat.submit("/start")
        return path

    async def send(self) -> str:
        """Send an announcement to all its recipients; return the path of its page."""
        path = await self.start()

        async def is_done() -> bool:
            return (await _first_broadcast(self.stack)).state is State.DONE

        await self.stack.until(is_done, 60)
        return path


@pytest.fixture
async def office(stack: AppStack) -> AsyncIterator[Office]:
    await demo_officers.enter(stack.rt)
    await create_subscribers(stack.rt, 12)
    async with AsyncExitStack() as exit_stack:
        signed_in = [
            await exit_stack.enter_async_context(Console.signed_in(stack.url, name))
            for name in (MARAT, TIMUR, ZARINA)
        ]
        yield Office(stack, *signed_in)


async def test_broadcast_can_be_written_approved_and_started_on_its_pages(office: Office) -> None:
    path = await office.write()
    screen = await office.marat.get(f"{path}/write/audience")
    assert ru("aud_count").replace("{count}", "12") in screen.text
    assert await office.send_tests(path)
    assert ru("ready") in office.marat.screen.text
    screen = await office.marat.submit("/ask")
    assert ru("done_submitted") in screen.text
    assert "start" in screen.actions
    assert ru("cancel_draft_sure") in _confirmation_text(screen)

    screen = await office.timur.get(path)
    assert TEXTS["kk"].body in screen.text
    assert "سىناق" in screen.text, "the scripts that are made are shown too"
    assert ru("as_hint") in screen.text
    screen = await office.timur.submit("/approve")
    assert ru("done_approved") in screen.text
    assert "approve" not in screen.actions, "once is enough"
    assert "start" not in screen.actions, "an approver does not send"

    await office.marat.get(path)
    screen = await office.marat.submit("/start")
    assert ru("done_started") in screen.text
    assert {"pause", "cancel"} <= screen.actions
    assert all(
        each in _confirmation_text(screen) for each in ru("cancel_rest_sure").split("{count}")
    )
    assert "в списке объявлений на сайте" in _confirmation_text(screen).lower()
    assert [ru("history") in screen.text, TIMUR in screen.text] == [True, True]


def _confirmation_text(screen: Screen) -> str:
    """Return the text that asks for confirmation before the announcement is cancelled.

    The page must contain only one button that cancels it.
    """
    closed = re.findall(r"<details.*?</details>", screen.html, re.DOTALL)
    (found,) = [each for each in closed if '/cancel"' in each]
    assert screen.html.count('/cancel"') == 1
    return Screen(200, found, "", {}).text


async def test_broadcast_editor_sends_tests_in_all_languages_with_one_button(
    office: Office,
) -> None:
    path = await office.write()
    screen = await office.marat.get(f"{path}/write/test")
    assert screen.text.count(ru("untested")) == len(TEXTS)
    (form,) = [
        each for each in screen.forms
        if each.action.endswith("/test") and "language" not in each.fields
    ]  # fmt: skip
    screen = await office.marat.send(form)
    assert ru("done_tested") in screen.text
    assert screen.text.count(ru("tested")) == len(TEXTS)
    assert ru("untested") not in screen.text
    assert ru("test_all") not in screen.text


async def test_broadcast_editor_marks_fields_as_missing_only_after_editing(office: Office) -> None:
    marat = office.marat
    await marat.get("/console/broadcasts/new")
    await marat.submit("/broadcasts", purpose="news", topic=TOPIC, why="Test")
    screen = await marat.submit("/audience", channels="telegram")
    assert screen.path.endswith("/write/text")
    assert ru("missing") not in screen.text
    assert ru("blockers_title") not in screen.text, "nothing of a step is missing before it"
    screen = await marat.submit("/text", text_kk=TEXTS["kk"].body)
    screen = await marat.get(screen.path.replace("/test", "/text"))
    assert screen.text.count(ru("missing")) == len(TEXTS) - 1
    assert refusal_text(Refusal.LANGUAGE) in screen.text


async def test_broadcast_page_shows_how_many_approvals_it_has_and_needs(office: Office) -> None:
    path = await office.request_approval()
    screen = await office.marat.get(path)
    assert ru("approval_waits").format(given=0, needed=1) in screen.text
    assert ru("ready") not in screen.text, "nobody has agreed yet"
    assert ru("start_hint").partition("{count}")[0] not in screen.text, "there are only twelve"
    await office.timur.get(path)
    await office.timur.submit("/approve")
    screen = await office.marat.get(path)
    assert ru("approval_enough") in screen.text
    assert ru("approval_waits").format(given=1, needed=1) not in screen.text


async def test_first_step_of_an_announcement_posted_twice_makes_one_draft(office: Office) -> None:
    marat = office.marat
    await marat.get("/console/broadcasts/new")
    form = marat.screen.form("/broadcasts")
    values = {"purpose": "news", "topic": TOPIC}
    first, second, other = [
        (await marat.send(form, **values, why=why)).path for why in ("Test", "Test", "Another")
    ]
    assert first == second
    assert other != first
    del form.fields["key"]
    keyless = {(await marat.send(form, **values, why="Test")).path for _time in range(2)}
    assert len(keyless | {first, other}) == 4


@pytest.mark.parametrize(
    ("texts", "refusal"),
    [
        ({"text_uz": ""}, Refusal.LANGUAGE),
        ({"text_ru": "Подробности на evil.example"}, Refusal.LINK),
        ({"text_ru": "Подробности: https://gov.kz℀.example/"}, Refusal.LINK),
        ({"text_ru": "Звоните: +7 701 000 00 07"}, Refusal.PHONE),
        ({"text_kk": "Сәлем, {name}!"}, Refusal.PLACEHOLDER),
    ],
    ids=["missing language", "foreign link", "bad address", "phone", "unfilled placeholder"],
)
async def test_broadcast_page_lists_reasons_against_sending_with_links_to_edit(
    office: Office, texts: dict[str, str], refusal: Refusal
) -> None:
    path = await office.write(**texts)
    screen = await office.marat.get(path)
    assert refusal_text(refusal) in screen.text
    assert f"{path}/write/text" in screen.html
    screen = await office.marat.submit("/ask")
    assert screen.status == 422
    assert refusal_text(refusal) in screen.text


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ("https://gоv.kz/news", "https://gоv.kz/news (xn--gv-fmc.kz)"),
        ("https://xn--gv-dlc.kz/", "https://xn--gv-dlc.kz/ (вgv.kz)"),
        ("https://gov.kz@gоv.kz/", "https://gov.kz@gоv.kz/ (xn--gv-fmc.kz)"),
        ("evil.рф", "evil.рф (evil.xn--p1ai)"),
    ],
    ids=["mixed scripts", "punycode", "userinfo", "letters"],
)
@pytest.mark.requirement("S-86")
async def test_broadcast_page_shows_an_international_host_also_in_punycode(
    office: Office, link: str, expected: str
) -> None:
    path = await office.write(text_ru=f"Подробности: {link}")
    assert expected in (await office.marat.get(path)).text


async def test_broadcast_preview_shows_limits_and_template_of_each_channel(
    office: Office,
) -> None:
    long = "Центр открыт. " * 80
    path = await office.write(text_ru=long)
    screen = await office.marat.get(f"{path}/write/test")
    assert len(re.findall(r'data-look="\w+ (?:telegram|whatsapp|web)"', screen.html)) == 6 * 3
    measured = f"{len(long.strip()):,}".replace(",", "\u202f")
    assert f'"over">{measured} из 1\u202f024' in screen.html
    assert f'"hint">{measured} из 4\u202f096' in screen.html
    assert ru("look_none") in screen.text
    await office.marat.get(f"{path}/write/text")
    await office.marat.submit(
        "/text", **{f"template_{code}": "news" for code in TEXTS}, **TEXT_FIELDS
    )
    screen = office.marat.screen
    assert ru("look_none") not in screen.text
    for name, code, instead in (
        ("news_arab", "kk", "news (kk), news (ru)"),
        ("news_cyrl", "uz", "news (uz), news (ru)"),
        ("news", "zh_CN", "news (ru)"),
    ):
        template_text = ru("look_template").format(name=name, code=code)
        assert f"{template_text} {ru('look_instead').format(names=instead)}" in screen.text


async def test_approver_cannot_approve_their_own_broadcast(office: Office) -> None:
    async with office.stack.rt.pool.connection() as session:
        await session.execute(
            "UPDATE officers SET roles = array_append(roles, 'approver') WHERE name = %s", (MARAT,)
        )
    path = await office.request_approval()
    screen = await office.marat.get(path)
    assert ru("approval_own") in screen.text
    assert "approve" not in screen.actions
    fields = screen.form("/ask" if "ask" in screen.actions else "/cancel").fields
    digest = re.search(r'name="hash" value="(\w+)"', (await office.timur.get(path)).html)
    assert digest is not None
    screen = await office.marat.post(f"{path}/approve", fields | {"hash": digest[1]})
    assert screen.status == 422
    assert refusal_text(Refusal.OWN) in screen.text


@pytest.mark.requirement("S-63")
async def test_officer_with_every_role_cannot_send_a_broadcast_alone(office: Office) -> None:
    async with office.stack.rt.pool.connection() as session:
        await session.execute(
            "UPDATE officers SET roles = %s WHERE name = %s", (sorted(Role), MARAT)
        )
    path = await office.write()
    for is_submitted in (False, True):
        if is_submitted:
            await office.send_tests(path)
            await office.marat.submit("/ask")
        fields = next(form.fields for form in office.marat.screen.forms if "csrf" in form.fields)
        async with office.stack.rt.pool.connection() as session:
            cursor = await session.execute("SELECT encode(content_hash, 'hex') FROM broadcasts")
            [(digest,)] = await cursor.fetchall()
        for action in ("approve", "start", "resume", "retry", "doubt"):
            sent = fields | {"hash": digest, "decision": "again"}
            assert (await office.marat.post(f"{path}/{action}", sent)).status == 422, action
            await office.marat.get(path)
    async with office.stack.rt.pool.connection() as session:
        cursor = await session.execute(
            "SELECT b.state, (SELECT count(*) FROM broadcast_recipients) FROM broadcasts b"
        )
        assert await cursor.fetchall() == [("awaiting", 0)]


async def test_broadcast_page_edit_voids_the_approval(office: Office) -> None:
    path = await office.request_approval()
    await office.timur.get(path)
    seen = office.timur.screen.form("/approve")
    await office.marat.get(f"{path}/write/text")
    await office.marat.submit("/text", **(TEXT_FIELDS | {"text_ru": "Другой текст."}))
    screen = await office.timur.send(seen)
    assert screen.status == 409
    assert refusal_text(Refusal.CHANGED) in screen.text


async def test_broadcast_page_shows_an_approver_the_changes_since_approval(office: Office) -> None:
    path = await office.request_approval()
    await office.timur.get(path)
    await office.timur.submit("/approve")
    assert ru("diff_none") in office.timur.screen.text
    await office.marat.get(f"{path}/write/text")
    body = TEXTS["ru"].body.replace("субботу", "воскресенье")
    await office.marat.submit("/text", **(TEXT_FIELDS | {"text_ru": body}))
    screen = await office.zarina.get(path)
    assert "<del>субботу</del><ins>воскресенье</ins>" in screen.html
    assert ru("approval_none") in screen.text


async def test_broadcast_page_shows_a_changed_purpose_and_reason(office: Office) -> None:
    path = await office.request_approval()
    await office.timur.get(path)
    await office.timur.submit("/approve")
    await office.marat.get(f"{path}/write/purpose")
    await office.marat.submit("/purpose", purpose="service", topic=TOPIC, why="Another reason")
    screen = await office.zarina.get(path)
    assert ru("diff_none") not in screen.text
    assert "<del>Test</del><ins>Another reason</ins>" in screen.html
    before, now = (WORDS.render(PURPOSES[each], "ru") for each in (Purpose.NEWS, Purpose.SERVICE))
    assert f"<del>{before}</del><ins>{now}</ins>" in screen.html


async def test_broadcast_page_shows_the_year_of_a_later_year(office: Office) -> None:
    path = await office.write()
    await office.marat.get(f"{path}/write/time")
    later = datetime.now(UTC).date() + timedelta(days=400)
    await office.marat.submit("/time", not_before=f"{later}T09:00")
    screen = await office.timur.get(path)
    assert f"{later:%d.%m.%Y} 09:00" in screen.text


async def test_scheduled_broadcast_page_says_when_it_begins(office: Office) -> None:
    path = await office.write()
    await office.send_tests(path)
    await office.marat.get(f"{path}/write/time")
    day = datetime.now(UTC).date() + timedelta(days=2)
    await office.marat.submit("/time", any_hour="1", not_before=f"{day}T09:00")
    await office.marat.submit("/ask")
    await office.timur.get(path)
    await office.timur.submit("/approve")
    await office.marat.get(path)
    screen = await office.marat.submit("/start")
    assert f"{day:%d.%m.}" in screen.text.partition(ru("not_before"))[2]
    for wrong in ("done_started", "begun", "arrived"):
        assert ru(wrong) not in screen.text
    assert ru("cancel_draft_sure") in _confirmation_text(screen)
    screen = await office.marat.submit("/cancel")
    assert ru("begun") not in screen.text


async def test_broadcast_page_shows_the_text_to_every_reader_after_the_start(
    office: Office,
) -> None:
    path = await office.start()
    screen = await office.timur.get(path)
    for words in TEXTS.values():
        assert words.body in screen.text
    assert "سىناق" in screen.text, "the texts in the other scripts are shown too"
    assert ru("audience_title") in screen.text


async def test_scheduled_broadcast_page_leads_an_editor_to_the_text(office: Office) -> None:
    path = await office.write()
    await office.send_tests(path)
    await office.marat.get(f"{path}/write/time")
    await office.marat.submit("/time", not_before="2099-01-01T09:00", any_hour="1")
    await office.marat.get(path)
    await office.marat.submit("/ask")
    await office.timur.get(path)
    await office.timur.submit("/approve")
    await office.marat.get(path)
    screen = await office.marat.submit("/start")
    assert (await _first_broadcast(office.stack)).state is State.SCHEDULED
    assert f'href="{path}/write/text"' in screen.html
    assert f'href="{path}/write/text"' not in (await office.timur.get(path)).html
    await office.marat.get(f"{path}/write/text")
    await office.marat.submit("/text", **TEXT_FIELDS | {"text_ru": "Проба: теперь в воскресенье."})
    assert (await _first_broadcast(office.stack)).state is State.DRAFT, "the approval is void"


async def test_scheduled_broadcast_stays_scheduled_when_saved_unchanged(office: Office) -> None:
    path = await office.write()
    await office.marat.get(f"{path}/write/audience")
    await office.marat.submit("/audience", channels="telegram\nwhatsapp")
    await office.send_tests(path)
    await office.marat.get(f"{path}/write/time")
    later = datetime.now(UTC).date() + timedelta(days=2)
    times = {"not_before": f"{later}T09:00", "any_hour": "1"}
    await office.marat.submit("/time", **times)
    await office.marat.submit("/ask")
    await office.timur.get(path)
    await office.timur.submit("/approve")
    await office.marat.get(path)
    await office.marat.submit("/start")
    steps: dict[str, dict[str, str]] = {
        "purpose": {"purpose": "news", "topic": TOPIC, "why": "Test"},
        "audience": {"channels": "whatsapp\ntelegram"},
        "text": TEXT_FIELDS,
        "time": times,
    }
    for step, fields in steps.items():
        screen = await office.marat.get(f"{path}/write/{step}")
        assert WORDS.render(BROADCAST_STATES[State.SCHEDULED], "ru") in screen.text, step
        assert ru("change_voids") in screen.text, step
        await office.marat.submit(f"/write/{step}", **fields)
        assert (await _first_broadcast(office.stack)).state is State.SCHEDULED, step


async def test_officer_cannot_approve_own_text_that_a_colleague_saved_unchanged(
    office: Office,
) -> None:
    async with office.stack.rt.pool.connection() as session:
        await session.execute(
            "UPDATE officers SET roles = '{editor,approver}' WHERE name = ANY(%s)",
            ([MARAT, TIMUR],),
        )
    path = await office.request_approval()
    await office.timur.get(f"{path}/write/text")
    await office.timur.submit("/text", **TEXT_FIELDS)
    found = await _first_broadcast(office.stack)
    assert found.state is State.AWAITING
    await office.marat.get(path)
    fields = office.marat.screen.form("/cancel").fields
    digest = found.draft.content_hash.hex()
    screen = await office.marat.post(f"{path}/approve", fields | {"hash": digest})
    assert refusal_text(Refusal.OWN) in screen.text


async def test_broadcast_page_answers_422_for_a_number_out_of_range(office: Office) -> None:
    """Check a page number and a version that exceed PostgreSQL's integers."""
    path, long = await office.request_approval(), "9" * 20
    for url in (f"/console/broadcasts?before={long}", f"{path}?after={long}"):
        screen = await office.marat.get(url)
        assert (screen.status, ru("problem") in screen.text, long in screen.html) == (
            422,
            True,
            False,
        )
    await office.marat.get(f"{path}/write/text")
    screen = await office.marat.submit("/text", **(TEXT_FIELDS | {"version": long}))
    assert screen.status < 500


@pytest.mark.release
async def test_broadcast_page_shows_an_expired_approval(office: Office) -> None:
    path = await office.request_approval()
    await office.timur.get(path)
    await office.timur.submit("/approve")
    await office.stack.ahead("25 hours")
    await office.marat.sign_in(MARAT)
    screen = await office.marat.get(path)
    assert ru("approval_void") in screen.text
    form = next(each for each in screen.forms if each.action.endswith("/start"))
    screen = await office.marat.send(form)
    assert screen.status == 422
    assert refusal_text(Refusal.EXPIRED) in screen.text


async def test_broadcast_page_cannot_start_a_broadcast_twice(office: Office) -> None:
    path = await office.request_approval()
    await office.timur.get(path)
    await office.timur.submit("/approve")
    await office.marat.get(path)
    form = office.marat.screen.form("/start")
    assert ru("done_started") in (await office.marat.send(form)).text
    screen = await office.marat.send(form)
    assert screen.status == 422
    assert refusal_text(Refusal.STATE) in screen.text


async def test_broadcast_pages_show_no_quiet_hours_for_an_urgent_broadcast(
    office: Office,
) -> None:
    path = await office.write("urgent")
    screen = await office.marat.get(f"{path}/write/time")
    assert ru("hint_urgent") in screen.text
    assert all("quiet_from" not in form.fields for form in screen.forms)
    await office.marat.submit("/time")
    screen = await office.marat.get(path)
    assert ru("any_hour") in screen.text
    assert "21:00" not in screen.text


async def test_broadcast_page_requires_two_approvers_for_an_urgent_broadcast(
    office: Office,
) -> None:
    path = await office.request_approval("urgent")
    await office.timur.get(path)
    await office.timur.submit("/approve")
    await office.marat.get(path)
    form = office.marat.screen.form("/start")
    screen = await office.marat.send(form)
    assert refusal_text(Refusal.APPROVALS) in screen.text
    await office.zarina.get(path)
    await office.zarina.submit("/approve")
    assert ru("done_started") in (await office.marat.send(form)).text


async def test_broadcast_approval_sent_ten_times_simultaneously_counts_once(office: Office) -> None:
    path = await office.request_approval("urgent")
    await office.timur.get(path)
    form = office.timur.screen.form("/approve")
    origin = {"Origin": office.stack.url, "Sec-Fetch-Site": "same-origin"}

    async def press() -> int:
        url = office.stack.url + form.action
        async with office.timur.session.post(url, data=form.fields, headers=origin) as answer:
            return answer.status

    assert {200} <= set(await asyncio.gather(*(press() for _ in range(10)))) <= {200, 422}
    await office.marat.get(path)
    screen = await office.marat.send(office.marat.screen.form("/start"))
    assert refusal_text(Refusal.APPROVALS) in screen.text
    assert (await _first_broadcast(office.stack)).state == "awaiting"


async def test_broadcast_editor_accepts_the_longest_texts_that_its_fields_admit(
    office: Office,
) -> None:
    path = await office.write()
    screen = await office.marat.get(f"{path}/write/text")
    letters = {"kk": "қ", "ru": "ж", "zh_Hans": "字", "uz": "ʻ"}
    longest = {
        name: letters[code] * int(length)
        for name, code, length in re.findall(
            r'<textarea name="(text_(\w+))"[^>]* maxlength="(\d+)"', screen.html
        )
    }
    assert longest.keys() == TEXT_FIELDS.keys()
    screen = await office.marat.submit("/text", **longest)
    assert (screen.status, screen.path) == (200, f"{path}/write/test")
    stored = (await _first_broadcast(office.stack)).draft.texts
    assert {f"text_{code}": words.body for code, words in stored.items()} == longest


async def test_broadcast_page_answers_409_on_a_stale_edit(
    office: Office,
) -> None:
    path = await office.write()
    await office.marat.get(f"{path}/write/text")
    stale = office.marat.screen.form("/text")
    await office.marat.send(stale, **(TEXT_FIELDS | {"text_ru": "Первый."}))
    screen = await office.marat.send(stale, **(TEXT_FIELDS | {"text_ru": "Второй."}))
    assert screen.status == 409
    assert ru("stale") in screen.text


@pytest.mark.parametrize(
    ("step", "fields", "kept"),
    [
        ("audience", {"countries": "CN\nUZ"}, ("Китай", "Узбекистан")),
        ("purpose", {"purpose": "news", "topic": TOPIC, "why": "Второе"}, ("Второе",)),
        ("text", TEXT_FIELDS | {"template_ru": "open_day"}, ("open_day",)),
        ("time", {"not_before": "2027-03-22T09:05", "any_hour": "1"}, ("2027-03-22 09:05",)),
    ],
)
async def test_broadcast_page_shows_the_unsaved_input_of_a_stale_edit(
    office: Office, step: str, fields: dict[str, str], kept: tuple[str, ...]
) -> None:
    path = await office.write()
    await office.marat.get(f"{path}/write/{step}")
    stale = office.marat.screen.form(f"/write/{step}")
    await office.marat.get(f"{path}/write/text")
    await office.marat.submit("/text", **(TEXT_FIELDS | {"text_ru": "Первый."}))
    screen = await office.marat.send(stale, **fields)
    assert screen.status == 409
    shown = Screen(200, screen.html.partition('id="unsent"')[2].partition("</textarea>")[0], "", {})
    for words in kept:
        assert words in shown.text


async def test_broadcast_page_shows_refused_times_again_as_they_were_typed(office: Office) -> None:
    path = await office.write()
    await office.marat.get(f"{path}/write/time")
    typed = {
        "not_before": "2027-03-22T09:05",
        "not_later_than": "12026-12-06T10:00",
        "quiet_from": "22:15",
        "quiet_until": "06:45",
    }
    screen = await office.marat.submit("/time", **typed)
    assert screen.status == 422
    for name, value in typed.items():
        assert re.search(f'name="{name}"[^>]* value="{value}"', screen.html), name


async def test_broadcast_page_stores_the_input_of_each_step(office: Office) -> None:
    path = await office.write()
    await office.marat.get(f"{path}/write/time")
    tomorrow = datetime.now(UTC).date() + timedelta(days=1)
    begins, ends = f"{tomorrow}T09:00", f"{tomorrow + timedelta(days=1)}T18:00"
    await office.marat.submit(
        "/time",
        not_before=begins,
        not_later_than=ends,
        quiet_from="22:00",
        quiet_until="07:00",
    )
    screen = await office.marat.get(f"{path}/write/time")
    for value in (begins, ends, "22:00", "07:00"):
        assert f'value="{value}"' in screen.html
    await office.marat.get(f"{path}/write/audience")
    screen = await office.marat.submit("/audience", countries="CN\nUZ", languages="kk", stay="1")
    assert ru("aud_nobody") in screen.text, "nobody of the crowd told a country"
    found = await _first_broadcast(office.stack)
    assert (found.draft.rule.countries, found.draft.rule.languages) == (("CN", "UZ"), ("kk",))


@pytest.mark.parametrize(
    ("mission", "zone", "hours_ahead"),
    [("cn_beijing", "Asia/Shanghai", 8), ("general", "Asia/Almaty", 5)],
)
async def test_console_uses_the_zone_of_the_missions_place_when_no_hours_are_set(
    office: Office, mission: str, zone: str, hours_ahead: int
) -> None:
    path = await office.write()
    async with office.stack.rt.pool.connection() as session:
        await session.execute("DELETE FROM missions")
        await session.execute("UPDATE officers SET mission = %s WHERE name = %s", (mission, MARAT))
    screen = await office.marat.get("/console/hours")
    assert f'value="{zone}"' in screen.html
    screen = await office.marat.get(f"{path}/write/time")
    assert ru("not_before_hint").format(zone=zone) in screen.text
    day = datetime.now(UTC).date() + timedelta(days=2)
    await office.marat.submit("/time", any_hour="1", not_before=f"{day}T10:00")
    stored = (await _first_broadcast(office.stack)).draft.not_before
    assert stored == datetime(day.year, day.month, day.day, 10 - hours_ahead, tzinfo=UTC)


@pytest.mark.parametrize("time_text", ["01.12.2027 09:00", "0001-01-01T00:00", "9999-12-31T23:59"])
async def test_broadcast_page_refuses_an_unreadable_time(office: Office, time_text: str) -> None:
    path = await office.write()
    await office.marat.get(f"{path}/write/time")
    screen = await office.marat.submit("/time", not_before=time_text)
    assert screen.status == 422
    assert (await _first_broadcast(office.stack)).draft.not_before is None
    assert (await office.marat.get("/console/broadcasts")).status == 200


async def test_broadcast_page_offers_a_retry_only_when_somebody_gets_it(office: Office) -> None:
    path = await office.send()
    for seq, reason in enumerate((*NOT_RETRIED, "rejected")):
        async with office.stack.rt.pool.connection() as session:
            await session.execute(
                "UPDATE broadcast_recipients SET state = 'failed', reason = %s WHERE seq = %s",
                (reason, seq),
            )
        screen = await office.marat.get(path)
        assert ("retry" in screen.actions) is (reason == "rejected"), reason


@pytest.mark.release
async def test_broadcast_page_offers_a_decision_on_each_uncertain_delivery(office: Office) -> None:
    path = await office.send()
    async with office.stack.rt.pool.connection() as session:
        await session.execute(
            "UPDATE broadcast_recipients SET state = 'in_doubt', reason = 'crash' WHERE seq < 3"
        )
    screen = await office.marat.get(path)
    decisions = [each for each in screen.forms if each.action.endswith("/doubt")]
    offered = {each.fields.get("seq", "all") for each in decisions}
    assert offered == {"0", "1", "2", "all"}
    assert WORDS.render(CAUSES["crash"], "ru") in screen.text
    screen = await office.marat.send(
        next(each for each in decisions if each.fields.get("seq") == "1"), decision="leave"
    )
    assert re.search(r"\(\s*#1\s*\)", screen.text), "the log says of whom"
    found = await _first_broadcast(office.stack)
    counts = await count_states(office.stack.rt, found)
    assert (counts["in_doubt crash"], counts["failed unknown"]) == (2, 1)
    # An auditor may read the announcement, but not decide whether Kosh sends it again to recipients
    # whose delivery is in doubt.
    async with Console.signed_in(office.stack.url, "Saule Testova") as saule:
        assert "doubt" not in (await saule.get(path)).actions


@pytest.mark.release
async def test_broadcast_page_distinguishes_outage_from_rate_limit(
    office: Office,
) -> None:
    path = await office.start()
    async with office.stack.rt.pool.connection() as session:
        await session.execute(
            "INSERT INTO channel_pauses SELECT channel, kosh_now() + interval '1 hour', why"
            " FROM (VALUES ('telegram', 'unreachable'), ('whatsapp', 'throttled')) p (channel, why)"
        )
    screen = await office.marat.get(path)
    assert f"Telegram: {WORDS.render(CAUSES['unreachable'], 'ru')}" in screen.text
    text = ru("pause_of").partition("{time}")[0]
    assert text.replace("{channel}", "WhatsApp") in screen.text
    assert text.replace("{channel}", "Telegram") not in screen.text


async def test_broadcast_audience_count_stores_nothing(office: Office) -> None:
    path = await office.write()
    await office.marat.get(f"{path}/write/audience")
    form = office.marat.screen.form("/write/audience")
    screen = await office.marat.post(f"{path}/count", form.fields | {"languages": "ru"})
    assert ru("aud_count").replace("{count}", "2") in screen.text
    assert (await _first_broadcast(office.stack)).draft.rule.languages == ()


def test_broadcast_refusals_and_send_errors_have_texts_for_officers() -> None:
    assert set(Refusal) == REFUSAL_TEXTS.keys()
    kinds = (
        BlockedByUser,
        TemporarilyRestricted,
        OptedOut,
        ChannelSuspended,
        NoTemplate,
        WindowClosed,
        Unreachable,
        TurnedDown,
    )
    errors: list[SendError] = [Throttled(1), *(kind() for kind in kinds)]
    judgements = [
        classify("whatsapp", error, attempt, template=template, known=known)
        for error, attempt, template, known in product(errors, (1, 9), (True, False), (True, False))
    ]
    reasons = {value for _fate, reason, _delay, stop in judgements for value in (reason, stop)}
    reasons |= set(
        re.findall(r"'(?:skipped|held|planned) (\w+)'", shard_statements.CLAIM.text.decode())
    )
    assert {"throttled", "quiet_hours", "blocked"} <= reasons
    assert reasons - CAUSES.keys() == {""}


async def _first_broadcast(stack: AppStack) -> broadcasts.Broadcast:
    editor = await _officer(stack, Role.EDITOR)
    return (await broadcasts.listing(stack.rt, editor))[0]


async def _officer(stack: AppStack, role: Role) -> Officer:
    async with stack.rt.pool.connection() as session:
        everyone = await directory.everyone(session)
    return next(each for each in everyone if role in each.roles)
