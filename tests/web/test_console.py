"""The console without JavaScript: sign-in, inbox, and a case from claim to close."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from html import unescape
from typing import Any

import pytest

from bot.cases import canned_replies
from bot.desk import form_funnel, statistics
from bot.i18n import Languages, kazakh_arabic, reader_script
from bot.officers import credentials, directory
from bot.officers.permissions import Role
from bot.web.console import demo_officers, sign_in
from bot.web.console.labels import REASONS
from flows.knowledge.missions import GENERAL
from tests.app_stack import AppStack
from tests.browser.console_scene import ask_officer, close_visitor
from tests.console_client import Console, Form, ru
from tests.database_locks import wait_for_blocked_session
from tests.officer_names import AIGUL, BERIK, DANA, MARAT, SAULE, TIMUR
from tests.release_only import release_only
from tests.visitor import Visitor
from tests.web.console_sign_in import PASSWORD, enrol, one_time_code
from tests.web.journey import ANSWERS

WORDS = "Testova asks how long it takes"


@pytest.fixture
async def desk(stack: AppStack) -> AppStack:
    await demo_officers.enter(stack.rt)
    return stack


@pytest.fixture
async def waiting(desk: AppStack) -> AsyncIterator[Visitor]:
    """Yield a visitor of the web chat who reads Kazakh and waits for an officer."""
    visitor = await ask_officer(desk, "kk", "registration", WORDS)
    yield visitor
    await close_visitor(visitor)


async def _open_first_case(console: Console) -> None:
    """Open the first case in the inbox; give a reason for reading the case."""
    await console.get("/console/inbox")
    found = re.search(r'href="(/console/cases/[^"]+)"', console.screen.html)
    assert found is not None
    await console.get(f"{found[1]}?reason=answer")


async def _claim(console: Console) -> None:
    await _open_first_case(console)
    await console.submit("/claim")


# Sign-in to the console


@pytest.mark.requirement("S-57")
@pytest.mark.row(90)
async def test_console_redirects_to_sign_in_without_a_session(desk: AppStack) -> None:
    async with Console.at(desk.url) as console:
        screen = await console.get("/console/inbox")
    assert screen.path == "/console/sign-in"
    assert ru("session_over") in screen.text


@pytest.mark.parametrize("name", [AIGUL, DANA, MARAT, SAULE, TIMUR])
async def test_console_logo_leads_to_a_page_that_the_officer_may_open(
    desk: AppStack, name: str
) -> None:
    async with Console.signed_in(desk.url, name) as console:
        link = re.search(r'class="brand" href="([^"]+)"', console.screen.html)
        assert link is not None
        screen = await console.get(link[1])
        assert screen.status == 200


async def test_demo_console_signs_in_with_one_click_and_shows_a_demo_note(desk: AppStack) -> None:
    async with Console.signed_in(desk.url, AIGUL) as console:
        assert console.screen.path == "/console/inbox"
        assert ru("demo") in console.screen.text
        assert AIGUL in console.screen.text


@pytest.mark.requirement("S-55")
async def test_sign_in_gives_the_same_answer_for_wrong_name_and_password(desk: AppStack) -> None:
    answers = set()
    async with Console.at(desk.url) as console:
        await enrol(desk, console, "Good Testova")
        for name, password in (("Nobody", "x" * 20), ("Good Testova", "x" * 20)):
            await console.get("/console/sign-in")
            screen = await console.submit("/sign-in", name=name, password=password, code="000000")
            assert screen.status == 401
            answers.add(screen.text)
    assert len(answers) == 1


@pytest.mark.requirement("S-55")
@pytest.mark.row(91)
async def test_enrolment_link_and_totp_code_are_each_accepted_only_once(desk: AppStack) -> None:
    async with Console.at(desk.url) as console:
        secret = await enrol(desk, console, "Good Testova")
        await desk.ahead("1 minute")
        await console.submit("/sign-out")
        assert ru("signed_out") in console.screen.text
        code = await one_time_code(desk, secret)
        fields = {"name": "good testova", "password": PASSWORD, "code": code}
        assert (await console.submit("/sign-in", **fields)).path == "/console/inbox"
        await console.submit("/sign-out")
        assert (await console.submit("/sign-in", **fields)).status == 401


async def test_enrolment_refuses_a_used_link_and_a_weak_password(desk: AppStack) -> None:
    async with Console.at(desk.url) as console:
        token = await credentials.reissue_link(desk.rt, BERIK)
        screen = await console.get(f"/console/welcome?token={token}")
        secret = re.search(r'class="secret">([^<]+)<', screen.html)
        assert secret is not None
        code = await one_time_code(desk, secret[1].replace(" ", ""))
        screen = await console.submit("/welcome", password="kosh kosh kosh kosh", code=code)
        assert ru("weak") in screen.text
        screen = await console.submit("/welcome", password=PASSWORD, code=code)
        assert screen.path == "/console/inbox"
        assert (await console.get(f"/console/welcome?token={token}")).status == 404


async def test_enrolment_link_is_redeemed_once_when_used_twice_at_once(
    desk: AppStack, admin_url: str
) -> None:
    token = await credentials.reissue_link(desk.rt, BERIK)
    console = directory.console(desk.rt)

    async def redeem() -> None:
        async with console.connection() as transaction:
            secret = credentials.new_secret()
            await credentials.enrol(desk.rt, transaction, token, f"{PASSWORD} again", secret)

    async with console.connection() as first:
        await credentials.enrol(desk.rt, first, token, PASSWORD, credentials.new_secret())
        second = asyncio.create_task(redeem())
        await wait_for_blocked_session(desk.rt, admin_url)
    with pytest.raises(credentials.BadLink):
        await second


async def test_enrolment_page_keeps_its_link_when_the_language_is_changed(desk: AppStack) -> None:
    async with Console.at(desk.url) as console:
        token = await credentials.reissue_link(desk.rt, BERIK)
        screen = await console.get(f"/console/welcome?token={token}")
        screen = await console.get(f"/console/welcome{_language_link(screen.html, 'kk')}")
        assert screen.status == 200
        assert 'lang="kk"' in screen.html
        screen = await console.submit("/welcome", password=PASSWORD, code="000000")
        assert screen.status == 422
        screen = await console.get(f"/console/welcome{_language_link(screen.html, 'ru')}")
        assert screen.form("/welcome").fields["token"] == token


async def test_sign_in_keeps_the_wanted_page_after_a_mistake(desk: AppStack) -> None:
    wanted = "/console/own"
    async with Console.at(desk.url) as console:
        screen = await console.get(wanted)
        screen = await console.submit("/sign-in", name="Nobody", password="x" * 20, code="000000")
        assert screen.status == 401
        assert screen.form("/sign-in").fields["next"] == wanted
        screen = await console.get(f"/console/sign-in{_language_link(screen.html, 'kk')}")
        assert screen.form("/sign-in").fields["next"] == wanted
        screen = await console.post("/console/passkey", {"credential": "{}", "next": wanted})
        assert screen.path == "/console/sign-in"
        assert screen.form("/sign-in").fields["next"] == wanted


def _language_link(page: str, language: str) -> str:
    """Return the address of the page's link to a language, relative to the page."""
    found = re.search(rf'href="([^"]*language={language}[^"]*)"', page)
    assert found is not None
    return unescape(found[1])


@pytest.mark.release
@pytest.mark.requirement("S-55")
async def test_sign_in_locks_an_account_after_five_failures(desk: AppStack) -> None:
    async with Console.at(desk.url) as console:
        secret = await enrol(desk, console, "Good Testova")
        await desk.ahead("1 minute")
        await console.submit("/sign-out")
        # Delete the cookies, so that the browser is a device on which the officer never signed in.
        console.session.cookie_jar.clear()
        for _each in range(5):
            await console.submit("/sign-in", name="Good Testova", password="no" * 9, code="123456")
        right = {"name": "Good Testova", "password": PASSWORD}
        assert (await console.submit("/sign-in", **right, code=await one_time_code(desk, secret))
                ).status == 401  # fmt: skip
        await desk.ahead("6 minutes")
        screen = await console.submit("/sign-in", **right, code=await one_time_code(desk, secret))
        assert screen.path == "/console/inbox"


@pytest.mark.requirement("S-55")
async def test_sign_in_limits_attempts_per_address(
    desk: AppStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    burst, rate = sign_in.TRIES[sign_in.CODE]
    assert rate <= 0.1, "attempts per second after the first ones"
    # Refill the rate limit slowly. Otherwise a slow machine would never exceed the limit.
    monkeypatch.setitem(sign_in.TRIES, sign_in.CODE, (burst, rate / 1000))
    async with Console.at(desk.url) as console:
        await console.get("/console/sign-in")
        form = console.screen.form("/sign-in")
        statuses = [
            (await console.send(form, name="x", password="y", code="1")).status for _ in range(14)
        ]
    assert statuses == [401] * 12 + [429] * 2


@pytest.mark.requirement("S-57")
@pytest.mark.row(90)
async def test_console_session_ends_by_idle_timeout_age_or_sign_out(desk: AppStack) -> None:
    async with Console.signed_in(desk.url, AIGUL) as console:
        await desk.ahead("16 minutes")
        assert (await console.get("/console/inbox")).path == "/console/sign-in"
        await console.sign_in(AIGUL)
        for _each in range(35):
            await desk.ahead("14 minutes")
            await console.get("/console/inbox")
        assert console.screen.path == "/console/sign-in"
        await console.sign_in(AIGUL)
        async with Console.signed_in(desk.url, AIGUL) as other:
            await other.get("/console/own")
            await other.submit("/own/end", session="others")
        assert (await console.get("/console/inbox")).path == "/console/sign-in"


async def test_console_session_is_not_extended_by_background_requests(desk: AppStack) -> None:
    live = {"X-Requested-With": "kosh-live"}
    async with Console.signed_in(desk.url, AIGUL) as console:
        for _each in range(2):
            await desk.ahead("9 minutes")
            screen = await console.get("/console/inbox", **live)
        assert screen.status == 401


async def test_console_session_is_not_extended_by_an_open_stream(desk: AppStack) -> None:
    async with Console.signed_in(desk.url, AIGUL) as console:
        for _each in range(2):
            await desk.ahead("9 minutes")
            headers = {"Accept": "text/event-stream"}
            stream = await console.session.get(f"{desk.url}/console/stream", headers=headers)
            stream.close()
        assert (await console.get("/console/inbox")).path == "/console/sign-in"


@pytest.mark.requirement("S-57")
@pytest.mark.row(90)
async def test_console_session_ends_when_the_officers_role_changes(desk: AppStack) -> None:
    async with Console.signed_in(desk.url, AIGUL) as aigul:
        async with Console.signed_in(desk.url, DANA) as dana:
            aiguls = await _officer_id(desk, AIGUL)
            await dana.get("/console/officers")
            form = next(
                each
                for each in dana.screen.forms
                if each.action.endswith("/officers/change") and each.fields["officer"] == aiguls
            )
            screen = await dana.send(form, mission=GENERAL, roles=Role.EDITOR, active="1")
            assert screen.status == 200
        assert (await aigul.get("/console/inbox")).path == "/console/sign-in"


async def test_case_text_in_arabic_script_is_shown_in_cyrillic_to_the_officer(
    desk: AppStack,
) -> None:
    arabic = kazakh_arabic.to_arabic("Сәлем! Маған құжат керек.")
    visitor = await ask_officer(desk, "kk_Arab", "registration", arabic)
    async with Console.signed_in(desk.url, AIGUL) as console:
        await _claim(console)
        cyrillic = reader_script.for_officer(arabic, "ru")
        assert cyrillic is not None
        assert cyrillic[1] in console.screen.text
        assert arabic in console.screen.text
        await console.submit("/preview", words="Здравствуйте, принесите справку")
        assert 'id="other-language"' in console.screen.html
        await console.submit("/preview", words="Құжатты алып келіңіз.")
        assert 'id="other-language"' not in console.screen.html
        await console.submit("/preview", words="Қабылдау: 9:00-18:00.")
        assert "\u20689:00-18:00\u2069" in console.screen.html
        await console.submit("/reply", words="Құжатты алып келіңіз.")
        assert "Құжатты алып келіңіз." in console.screen.text
        await desk.until(
            lambda: _has_bubble(visitor, kazakh_arabic.to_arabic("Құжатты алып келіңіз."))
        )
        assert not await _has_bubble(visitor, "Құжатты")
    await close_visitor(visitor)


async def _officer_id(stack: AppStack, name: str) -> str:
    async with stack.rt.pool.connection() as session:
        return next(str(each.id) for each in await directory.everyone(session) if each.name == name)


# The inbox and the page of a case


async def test_console_canned_reply_is_sent_in_the_persons_language(
    desk: AppStack, waiting: Visitor
) -> None:
    async with Console.signed_in(desk.url, AIGUL) as console:
        await _claim(console)
        assert ru("done_claimed") in console.screen.text
        assert WORDS in console.screen.text
        await console.submit("/preview", canned="documents-today")
        preview = console.screen
        kazakh = demo_officers.READY["documents-today"]["kk"]
        assert kazakh in preview.html
        await console.submit("/reply")
        assert ru("done_replied") in console.screen.text
        await desk.until(lambda: _has_bubble(waiting, kazakh))
        await console.submit("/resolve", where="", intent="kandas.cost")
        assert ru("done_resolved") in console.screen.text


async def test_case_note_is_never_sent(desk: AppStack, waiting: Visitor) -> None:
    async with Console.signed_in(desk.url, AIGUL) as console:
        await _claim(console)
        await console.submit("/note", note="only for colleagues")
        assert ru("done_noted") in console.screen.text
        assert "only for colleagues" in console.screen.text
        await console.submit("/reply", words="words for the person")
    await desk.until(lambda: _has_bubble(waiting, "words for the person"))
    assert not await _has_bubble(waiting, "only for colleagues")


async def _has_bubble(visitor: Visitor, words: str) -> bool:
    return any(words in bubble.text for bubble in visitor.bubbles)


async def test_case_is_not_closed_over_words_that_its_page_did_not_show(
    desk: AppStack, waiting: Visitor
) -> None:
    async with Console.signed_in(desk.url, AIGUL) as console:
        await _claim(console)
        page, path = console.screen, console.screen.path
        await waiting.send("said", text="Маған қауіп төніп тұр")
        await desk.until(lambda: _shows(console, path, "қауіп"))
        screen = await console.send(page.form("/resolve"), where="")
        assert screen.status == 409
        assert ru("changed_meanwhile") in screen.text
        assert "қауіп" in screen.text
        await console.submit("/resolve", where="")
        assert ru("done_resolved") in console.screen.text


async def _shows(console: Console, path: str, words: str) -> bool:
    return words in (await console.get(path)).text


async def test_console_form_submitted_twice_runs_once(desk: AppStack, waiting: Visitor) -> None:
    async with Console.signed_in(desk.url, AIGUL) as console:
        await _claim(console)
        form = console.screen.form("/reply")
        for _each in range(2):
            await console.send(form, words="said once")
        assert console.screen.html.count(">said once<") == 1


async def test_console_shows_new_owner_and_typed_text_after_a_case_is_taken_over(
    desk: AppStack, waiting: Visitor
) -> None:
    async with (
        Console.signed_in(desk.url, AIGUL) as aigul,
        Console.signed_in(desk.url, BERIK) as berik,
    ):
        await _claim(aigul)
        writing = aigul.screen.form("/reply")
        await _open_case(berik, aigul.screen.path)
        await berik.submit("/take-over")
        screen = await aigul.send(writing, words="half an answer")
        assert screen.status in (403, 409)
        assert BERIK in screen.text
        assert "half an answer" in screen.text


async def _open_case(console: Console, path: str) -> None:
    await console.get(f"{path}?reason=handover")


@pytest.mark.requirement("S-62")
async def test_case_page_requires_a_reason_before_showing_messages(
    desk: AppStack, waiting: Visitor
) -> None:
    async with Console.signed_in(desk.url, AIGUL) as console:
        await console.get("/console/inbox")
        found = re.search(r'href="(/console/cases/[^"]+)"', console.screen.html)
        assert found is not None
        screen = await console.get(found[1])
        assert ru("why") in screen.text
        assert WORDS not in screen.text


@pytest.mark.requirement("S-67")
async def test_officers_reading_of_form_answers_is_audited_with_its_reason(
    desk: AppStack, waiting: Visitor
) -> None:
    async with Console.signed_in(desk.url, AIGUL) as console:
        await _claim(console)
        screen = await console.submit("/answers", reason="check")
        assert screen.status == 200
    async with Console.signed_in(desk.url, SAULE) as auditor:
        screen = await auditor.get("/console/audit")
        read = f"{ru('answers_show')} {Languages(('ru',)).render(REASONS['check'], 'ru')}"
        assert read in screen.text
        assert ru("chain_whole") in screen.text
        assert WORDS not in screen.text


def _transfer_form(console: Console) -> Form:
    """Return the form that hands the shown case to a colleague."""
    return next(
        each
        for each in console.screen.forms
        if each.action.partition("?")[0].endswith("/transfer") and each.fields["to"] == "officer"
    )


async def test_console_transfers_and_snoozes_a_case(desk: AppStack, waiting: Visitor) -> None:
    async with (
        Console.signed_in(desk.url, AIGUL) as aigul,
        Console.signed_in(desk.url, BERIK) as berik,
    ):
        await _claim(aigul)
        await aigul.send(
            _transfer_form(aigul), officer=await _officer_id(desk, BERIK), note="please look"
        )
        assert ru("done_transferred") in aigul.screen.text
        await berik.get("/console/inbox?queue=mine")
        found = re.search(r'href="(/console/cases/[^"]+)"', berik.screen.html)
        assert found is not None
        await berik.get(found[1])
        assert "please look" in berik.screen.text
        await berik.submit("/snooze", **{"for": "4h"})
        assert ru("done_snoozed") in berik.screen.text
        await berik.get("/console/inbox?queue=snoozed")
        assert found[1].partition("?")[0] in berik.screen.html


async def test_case_can_be_handed_to_a_colleague_who_signs_in_after_a_shift(
    desk: AppStack, waiting: Visitor
) -> None:
    async with Console.signed_in(desk.url, BERIK) as berik:
        await berik.get("/console/inbox")
        await berik.submit("/shift")
        await berik.submit("/shift")
    await desk.ahead("1 minute")
    async with Console.signed_in(desk.url, AIGUL) as aigul:
        await _claim(aigul)
        path, officer = aigul.screen.path, await _officer_id(desk, BERIK)
        assert officer not in aigul.screen.html
        assert (await aigul.send(_transfer_form(aigul), officer=officer)).status == 422
        async with Console.signed_in(desk.url, BERIK):
            await aigul.get(path)
            assert officer in aigul.screen.html
            await aigul.send(_transfer_form(aigul), officer=officer)
        assert ru("done_transferred") in aigul.screen.text


async def test_console_next_case_button_opens_the_most_urgent_case(desk: AppStack) -> None:
    ordinary = await ask_officer(desk, "ru", "general", "Testov asks")
    urgent = await ask_officer(desk, "uz", "danger", "Testova hurries")
    async with Console.signed_in(desk.url, AIGUL) as console:
        await console.get("/console/inbox")
        await console.submit("/next")
        assert "Testova hurries" in console.screen.text
        await console.get("/console/inbox?queue=mine")
        await console.submit("/next")
        assert "Testov asks" in console.screen.text
        await console.get("/console/inbox")
        await console.submit("/next")
        assert ru("done_no_next") in console.screen.text
    for visitor in (ordinary, urgent):
        await close_visitor(visitor)


@pytest.mark.requirement("S-60")
async def test_console_never_renders_user_text_as_markup(desk: AppStack) -> None:
    hostile = "<script>alert(1)</script><img src=x onerror=alert(1)>{{7*7}}"
    visitor = await ask_officer(desk, "ru", "general", hostile)
    async with Console.signed_in(desk.url, AIGUL) as console:
        await _open_first_case(console)
        assert "<script>alert" not in console.screen.html
        assert "&lt;script&gt;alert(1)" in console.screen.html
        assert "{{7*7}}" in console.screen.html
    await close_visitor(visitor)


# Other pages of the console


async def test_console_canned_reply_is_offered_after_its_approval(desk: AppStack) -> None:
    async with Console.signed_in(desk.url, MARAT) as console:
        await console.get("/console/canned")
        await console.submit("/canned", name="Not a name")
        assert console.screen.status == 422
        screen = await console.submit("/canned", name="brand-new")
        assert screen.path == "/console/content/canned:general.brand-new"
        await console.submit("/save", text_kk="Жаңа", text_ru="Новое", title_ru="Вести")
        assert ru("done_content_saved") in console.screen.text, console.screen.text
        assert "Вести" not in (await console.get("/console/canned")).text
    async with Console.signed_in(desk.url, "Timur Testov") as approver:
        await approver.get("/console/content/canned:general.brand-new")
        await approver.submit("/approve")
        assert ru("done_content_live") in approver.screen.text
    async with desk.rt.pool.connection() as session:
        found = await canned_replies.find(session, GENERAL, "brand-new")
    assert found is not None
    assert found.texts == {"kk": "Жаңа", "ru": "Новое"}
    assert found.title("ru") == "Вести"


async def test_console_lead_sets_the_working_hours(desk: AppStack) -> None:
    async with Console.signed_in(desk.url, MARAT) as console:
        await console.get("/console/hours")
        fields: dict[str, Any] = {
            "zone": "Asia/Almaty", "opens_0_0": "09:00", "closes_0_0": "18:00",
            "holidays": "2027-03-22", "first_minutes": "60", "next_minutes": "60",
            "resolve_minutes": "600", "claim_timeout_minutes": "120",
        }  # fmt: skip
        await console.submit("/hours", **fields)
        assert ru("done_saved") in console.screen.text
        assert 'value="09:00"' in console.screen.html
        screen = await console.submit("/hours", **(fields | {"opens_0_0": "25:00"}))
        assert screen.status == 422


async def test_console_keeps_typed_hours_when_they_are_refused_or_stale(desk: AppStack) -> None:
    async with Console.signed_in(desk.url, MARAT) as console:
        await console.get("/console/hours")
        form = console.screen.form("/hours")
        fields = {
            "zone": "Asia/Almaty", "opens_0_0": "10:11", "closes_0_0": "18:00",
            "opens_0_1": "19:12", "closes_0_1": "20:00", "holidays": "2027-03-22 22.03.2027",
            "first_minutes": "61", "next_minutes": "60", "resolve_minutes": "600",
            "claim_timeout_minutes": "120", "gives": "1",
        }  # fmt: skip
        screen = await console.submit("/hours", **fields)
        assert screen.status == 422
        for typed in ("10:11", "19:12", "61"):
            assert f'value="{typed}"' in screen.html
        assert "22.03.2027</textarea>" in screen.html
        assert 'name="gives" value="1" checked' in screen.html
        await console.submit("/hours", **(fields | {"holidays": "2027-03-22"}))
        assert ru("done_saved") in console.screen.text

        screen = await console.send(form, **(fields | {"opens_0_0": "08:07", "holidays": ""}))
        assert screen.status == 409
        assert 'value="10:11"' in screen.html, "the form has what it is now"
        _before, _found, kept = screen.html.partition('id="unsent"')
        assert "08:07 – 18:00, 19:12 – 20:00" in kept
        assert (ru("holidays") in kept, ru("zone") in kept) == (True, False)


async def test_console_team_page_shows_no_message_text(desk: AppStack, waiting: Visitor) -> None:
    async with Console.signed_in(desk.url, AIGUL) as aigul:
        await _claim(aigul)
    async with Console.signed_in(desk.url, MARAT) as console:
        screen = await console.get("/console/now")
        assert AIGUL in screen.text
        assert WORDS not in screen.text


async def test_console_new_officer_enrols_by_a_link(desk: AppStack) -> None:
    async with Console.signed_in(desk.url, DANA) as dana:
        await dana.get("/console/officers")
        screen = await dana.submit(
            "/officers", name="New Testova", mission=GENERAL, roles="officer"
        )
        link = re.search(r'value="[^"]*(/console/welcome\?token=[^"]+)"', screen.html)
        assert link is not None
        again = await dana.submit("/officers", name="New Testova", mission=GENERAL, roles="officer")
        assert again.status == 409
    async with Console.at(desk.url) as console:
        assert "New Testova" in (await console.get(link[1])).text


@pytest.mark.parametrize(
    "language",
    release_only(
        ["kk", "ru", "zh-Hans", "uz", "kk-Arab", "uz-Cyrl"], keep=("kk", "kk-Arab", "uz-Cyrl")
    ),
)
async def test_console_pages_use_the_officers_language(desk: AppStack, language: str) -> None:
    async with Console.signed_in(desk.url, MARAT, language) as console:
        for path in ("/inbox", "/now", "/statistics", "/canned", "/hours", "/officers", "/own"):
            screen = await console.get(f"/console{path}")
            assert screen.status == 200, path
            assert f'lang="{language}"' in screen.html
            assert f'dir="{"rtl" if language == "kk-Arab" else "ltr"}"' in screen.html


async def test_console_reply_field_shows_the_time_left_of_the_whatsapp_window(
    desk: AppStack, waiting: Visitor
) -> None:
    async def set_last_message_age(ago: str) -> None:
        async with desk.rt.pool.connection() as session:
            await session.execute("UPDATE conversations SET channel = 'whatsapp'")
            await session.execute(
                "UPDATE handles SET channel = 'whatsapp', spoke_at = kosh_now() - %s::interval",
                (ago,),
            )

    async with Console.signed_in(desk.url, AIGUL) as console:
        await _claim(console)
        path = console.screen.path
        await set_last_message_age("22 hours")
        screen = await console.get(path)
        assert "1 ч 59 мин" in screen.text
        assert "reply" in screen.actions
        await set_last_message_age("25 hours")
        screen = await console.get(path)
        assert ru("arrives_closed") in screen.text
        assert "reply" in screen.actions


@pytest.mark.requirement("S-62")
async def test_statistics_suppress_groups_smaller_than_five(
    desk: AppStack, waiting: Visitor
) -> None:
    assert await form_funnel.count_steps(desk.rt) == 1
    async with Console.signed_in(desk.url, MARAT) as console:
        screen = await console.get("/console/statistics")
        assert ru("few") in screen.text
        async with desk.rt.pool.connection() as session:
            await session.execute("DELETE FROM form_funnel")
            await session.execute(
                "INSERT INTO form_funnel (flow, question, position, language, channel, entered,"
                " stopped)"
                " VALUES ('preregistration', 'purpose', 1, 'kk', 'web', 1234, 4),"
                " ('preregistration', 'surname', 2, 'kk', 'web', 987, 17)"
            )
        screen = await console.get("/console/statistics?language=kk&channel=web")
        assert "1230" in screen.text
        assert "1234" not in screen.text
        assert ">15<" in screen.html
        assert ">4<" not in screen.html
        assert "1230" not in (await console.get("/console/statistics?language=ru")).text


@pytest.mark.parametrize(("zone", "hours_ahead"), [("Asia/Almaty", 5), ("Asia/Shanghai", 8)])
async def test_statistics_count_cases_by_the_day_in_the_missions_zone(
    desk: AppStack, zone: str, hours_ahead: int
) -> None:
    async with desk.rt.pool.connection() as session:
        await session.execute("UPDATE missions SET zone = %s", (zone,))
        # 22:00 UTC is already the next day at the mission.
        await session.execute(
            "UPDATE test_clock SET ahead = ahead + date_trunc('day', kosh_now(), 'UTC')"
            " + interval '1 day 22 hours' - kosh_now()"
        )
        for state, count in (("queued", 5), ("resolved", 10)):
            await session.execute(
                "WITH made AS (INSERT INTO people (id, key, key_version)"
                " SELECT gen_random_uuid(), '', 1 FROM generate_series(1, %s) RETURNING id)"
                " INSERT INTO cases (id, person_id, mission, topic, urgent, language, state,"
                " opened_at, state_at) SELECT id, id, 'general', 'general', false, 'kk', %s,"
                " kosh_now(), kosh_now() FROM made",
                (count, state),
            )
        cursor = await session.execute("SELECT kosh_now()")
        (now,) = await cursor.fetchone() or (None,)
    assert now is not None
    today = (now + timedelta(hours=hours_ahead)).date()
    async with Console.signed_in(desk.url, MARAT) as console:
        screen = await console.get("/console/statistics")
    row = r'<th scope="row">(\d{4}-\d\d-\d\d)</th><td[^>]*>(\d+)</td><td[^>]*>(\d+)<'
    rows = re.findall(row, screen.html)
    assert rows[-1] == (today.isoformat(), "15", "10")


async def test_statistics_offer_a_country_of_people_with_several_languages(desk: AppStack) -> None:
    async with desk.rt.pool.connection() as session:
        await session.execute("DELETE FROM form_funnel")
        await session.execute(
            "INSERT INTO form_funnel (flow, question, position, language, channel, country,"
            " entered, stopped) SELECT 'preregistration', question, 0, language, 'web', country,"
            " 3, 0 FROM (VALUES ('surname'), ('birth_date')) q (question), (VALUES ('CN', 'kk'),"
            " ('CN', 'zh_Hans'), ('UZ', 'uz')) p (country, language)"
        )
        marat = await directory.by_name(session, MARAT)
    found = await statistics.report(desk.rt, marat, "UTC")
    assert found.live_in == ("CN",), "3 people each at two questions are not 6 people"
    shown = await statistics.report(desk.rt, marat, "UTC", country="CN")
    assert [each.reached for each in shown.stages] == [5, 5]


async def test_form_funnel_counts_people_per_question(desk: AppStack) -> None:
    visitor = await ask_officer(desk, "kk", "general", WORDS, after=ANSWERS[:14])
    await form_funnel.count_steps(desk.rt)
    async with desk.rt.pool.connection() as session:
        cursor = await session.execute(
            "SELECT question, entered, stopped FROM form_funnel ORDER BY position"
        )
        rows = await cursor.fetchall()
    assert all(reached == 1 for _question, reached, _staying in rows)
    assert [question for question, _reached, staying in rows if staying] == [rows[-1][0]]
    await close_visitor(visitor)
