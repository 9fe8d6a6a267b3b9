"""An officer's text is not lost if the session has expired when the officer submits it.

The tests use the console without JavaScript.
"""

import re
from html import unescape
from uuid import uuid4

import pytest

from bot import desk as desk_actions
from bot.officers import directory
from bot.officers.permissions import Role
from bot.web.console import demo_officers
from tests.app_stack import AppStack
from tests.browser.console_scene import ask_officer, close_visitor
from tests.console_client import Console, Form, Screen, ru
from tests.officer_names import AIGUL, MARAT
from tests.subscribers import TEXTS, TOPIC
from tests.web.database_faults import stopped_database
from tests.web.journey import ANSWERS

PRESSED = ("/next", "/shift", "/find")
ANSWER = 'Come <b>on Monday</b>,\r\nthe "second" floor & the third door'


@pytest.fixture
async def desk(stack: AppStack) -> AppStack:
    await demo_officers.enter(stack.rt)
    return stack


def _kept_texts(screen: Screen) -> dict[str, str]:
    """Return the texts in a page's text areas by field name, as a browser would submit them."""
    found = re.findall(r'<textarea name="([^"]+)"[^>]*>\n(.*?)</textarea>', screen.html, re.DOTALL)
    return {name: unescape(words) for name, words in found}


async def test_expired_session_keeps_a_reply_for_resubmission(desk: AppStack) -> None:
    visitor = await ask_officer(desk, "ru", "general", "Testova asks")
    async with Console.signed_in(desk.url, AIGUL) as console:
        await console.get("/console/inbox")
        await console.submit("/next")
        await desk.ahead("16 minutes")

        screen = await console.submit("/reply", words=ANSWER)
        assert screen.status == 401
        assert ru("kept_out") in screen.text
        assert "<b>on" not in screen.html
        form, texts = screen.form("/reply"), _kept_texts(screen)
        assert texts == {"words": ANSWER}

        await console.sign_in(AIGUL)
        screen = await console.send(form, **texts)
        assert screen.status == 403
        assert ru("kept_again") in screen.text

        await console.submit("/reply", **_kept_texts(screen))
        assert ru("done_replied") in console.screen.text

    async def has_answer() -> bool:
        return any("the third door" in each.text for each in visitor.bubbles)

    await desk.until(has_answer)
    await close_visitor(visitor)


async def test_answer_is_kept_for_resubmission_while_the_database_is_down(
    desk: AppStack, admin_url: str
) -> None:
    visitor = await ask_officer(desk, "ru", "general", "Testova asks")
    async with Console.signed_in(desk.url, AIGUL) as console:
        form, _case = await _answering(console)
        with stopped_database(admin_url, desk.rt.settings.database().rsplit("/", 1)[1]):
            for _again in range(2):
                screen = await console.send(form, words=ANSWER)
                assert (screen.status, _kept_texts(screen)) == (503, {"words": ANSWER})
                assert ru("off") in screen.text
                form = screen.form("/reply")

        async def is_sent() -> bool:
            await console.send(form, **_kept_texts(screen))
            return ru("done_replied") in console.screen.text

        await desk.until(is_sent, 60)
    await close_visitor(visitor)


async def test_answer_is_kept_for_resubmission_after_an_unexpected_error(
    desk: AppStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor = await ask_officer(desk, "ru", "general", "Testova asks")
    async with Console.signed_in(desk.url, AIGUL) as console:
        form, _case = await _answering(console)

        async def fail(*_args: object, **_options: object) -> None:
            raise ZeroDivisionError

        with monkeypatch.context() as patch:
            patch.setattr(desk_actions, "reply", fail)
            screen = await console.send(form, words=ANSWER)
        assert (screen.status, _kept_texts(screen)) == (500, {"words": ANSWER})
        assert ru("off") in screen.text
        form, texts = screen.form("/reply"), _kept_texts(screen)
        # The server closed the connection. Unlike a GET, a POST is not repeated on a new one.
        await console.get("/console/inbox")
        await console.send(form, **texts)
        assert ru("done_replied") in console.screen.text
    await close_visitor(visitor)


async def _answering(aigul: Console) -> tuple[Form, str]:
    """Claim the next case; return the form for its answer and the path of its page."""
    await aigul.get("/console/inbox")
    await aigul.submit("/next")
    form = aigul.screen.form("/reply")
    return form, form.action.partition("?")[0].removesuffix("/reply")


async def _take_over(marat: Console, case: str) -> None:
    await marat.get(f"{case}?reason=supervision")
    await marat.submit("/take-over")


@pytest.mark.parametrize("part", ["reply", "preview", "translate", "facts"])
async def test_words_are_kept_when_a_case_was_taken_after_15_minutes(
    desk: AppStack, part: str
) -> None:
    visitor = await ask_officer(desk, "ru", "general", "Testova asks")
    async with (
        Console.signed_in(desk.url, AIGUL) as aigul,
        Console.signed_in(desk.url, MARAT) as marat,
    ):
        form, case = await _answering(aigul)
        for _step in range(2):
            await desk.ahead("8 minutes")
            await aigul.get("/console/inbox")
            await marat.get("/console/inbox")
        await _take_over(marat, case)
        form.action = form.action.replace("/reply", f"/{part}")
        screen = await aigul.send(form, words="A long answer")
        assert (screen.status, "A long answer" in screen.html) == (409, True)
        taken = ru("taken_meanwhile").format(name=MARAT)
        assert (taken if part == "reply" else ru("kept_gone")) in screen.text
    await close_visitor(visitor)


@pytest.mark.parametrize(
    ("to", "done", "status"),
    [("release", "done_released", 409), ("transfer", "done_transferred", 404)],
)
async def test_words_are_kept_when_a_case_left_its_officer_and_mission(
    desk: AppStack, to: str, done: str, status: int
) -> None:
    async with desk.rt.pool.connection() as session:
        dana = await directory.by_name(session, "Dana Testova")
    await directory.enter(desk.rt, dana, "Bat Testov", "mn_ulaanbaatar", [Role.OFFICER])
    visitor = await ask_officer(desk, "ru", "general", "Testova asks")
    async with (
        Console.signed_in(desk.url, AIGUL) as aigul,
        Console.signed_in(desk.url, MARAT) as marat,
    ):
        form, case = await _answering(aigul)
        for _step in range(2):
            await desk.ahead("8 minutes")
            await aigul.get("/console/inbox")
            await marat.get("/console/inbox")
        await _take_over(marat, case)
        await marat.submit(f"/{to}", to="mission", mission="mn_ulaanbaatar")
        assert ru(done) in marat.screen.text
        screen = await aigul.send(form, words="A long answer")
        assert (screen.status, "A long answer" in screen.html) == (status, True)
    await close_visitor(visitor)


@pytest.mark.parametrize("part", ["translate", "facts"])
async def test_words_are_kept_when_the_answer_became_a_colleagues(
    desk: AppStack, part: str
) -> None:
    visitor = await ask_officer(desk, "ru", "general", "Testova asks")
    async with (
        Console.signed_in(desk.url, AIGUL) as aigul,
        Console.signed_in(desk.url, MARAT) as marat,
    ):
        form, case = await _answering(aigul)
        await _take_over(marat, case)
        form.action = form.action.replace("/reply", f"/{part}")
        screen = await aigul.send(form, words="A long answer")
        assert (screen.status, "A long answer" in screen.html) == (403, True)
    await close_visitor(visitor)


async def test_refused_answer_for_the_person_is_kept_in_its_form(desk: AppStack) -> None:
    until_surname = ANSWERS[: ANSWERS.index("TESTOVA")]
    visitor = await ask_officer(desk, "ru", "general", "Testova asks", after=until_surname)
    async with (
        Console.signed_in(desk.url, AIGUL) as aigul,
        Console.signed_in(desk.url, MARAT) as marat,
    ):
        _form, case = await _answering(aigul)
        form = (await aigul.submit("/answers", reason="check")).form("/fill")
        for status, value, version in ((422, "x <b>1", form.fields["version"]), (409, "Test", "0")):
            screen = await aigul.send(form, value=value, version=version)
            assert screen.status == status
            assert 'id="problem"' in screen.html
            (kept,) = re.findall(r'<details open>.*?name="value" value="([^"]*)"', screen.html)
            assert unescape(kept) == value
        await _take_over(marat, case)
        screen = await aigul.send(screen.form("/fill"), value="Testova")
        assert (screen.status, _kept_texts(screen)) == (403, {})
        assert "Testova</textarea>" in screen.html
    await close_visitor(visitor)


async def test_search_of_ready_answers_asks_for_the_reason_to_read(desk: AppStack) -> None:
    visitor = await ask_officer(desk, "ru", "general", "Testova asks")
    async with (
        Console.signed_in(desk.url, AIGUL) as aigul,
        Console.signed_in(desk.url, MARAT) as marat,
    ):
        _form, case = await _answering(aigul)
        screen = await marat.get(f"{case}/canned?search=x")
        assert (screen.status, screen.path) == (200, case)
        assert ru("why") in screen.text
    await close_visitor(visitor)


async def test_expired_session_ignores_a_form_of_another_site(desk: AppStack) -> None:
    async with Console.at(desk.url) as console:
        elsewhere = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
        screen = await console.post("/console/shift", {"hours": "eight hours"}, **elsewhere)
        assert (screen.status, screen.html) == (401, "")


async def _denials(stack: AppStack) -> list[str]:
    async with stack.rt.pool.connection() as session:
        query = "SELECT detail FROM audit_entries WHERE action = 'denied' ORDER BY seq"
        return [row[0] for row in await (await session.execute(query)).fetchall()]


async def test_expired_session_offers_text_only_to_its_author(desk: AppStack) -> None:
    visitor = await ask_officer(desk, "ru", "general", "Testova asks")
    async with Console.signed_in(desk.url, AIGUL) as console:
        await console.get("/console/inbox")
        await console.submit("/next")
        await desk.ahead("16 minutes")
        screen = await console.submit("/reply", words="tomorrow")
        assert ru("answer_title") in screen.text, "it says what would be sent"
        assert '<input name="words" value="tomorrow"' in screen.html, "nothing goes unseen"
        form = screen.form("/reply")

        await console.sign_in(MARAT)
        for _press in range(2):
            screen = await console.send(form, words="tomorrow")
            assert (screen.status, screen.forms) == (403, [])
            assert ru("kept_before") in screen.text
            assert "tomorrow" not in screen.html

        await console.sign_in(AIGUL)
        screen = await console.send(form, words="tomorrow")
        await console.submit("/reply", words="tomorrow")
        assert ru("done_replied") in console.screen.text
    # The audit log distinguishes an officer's late form from a form submitted by another site.
    assert await _denials(desk) == ["POST foreign", "POST foreign", "POST stale"]
    await close_visitor(visitor)


async def test_expired_session_offers_only_forms_with_text_for_resubmission(desk: AppStack) -> None:
    """Check that forms without text, such as decisions, are not offered again after sign-in."""
    async with Console.signed_in(desk.url, MARAT) as console:
        inbox = await console.get("/console/inbox?queue=all")
        old = inbox.form("/next").fields["csrf"]
        await desk.ahead("16 minutes")
        pressed = [(inbox.form(each).action, {"number": "12 34"}) for each in PRESSED]
        one = f"/console/broadcasts/{uuid4()}"
        decided = [f"{one}/{action}" for action in ("ask", "approve", "start", "cancel", "doubt")]
        decided += [
            "/console/break-glass",
            "/console/break-glass/grant",
            "/console/officers/change",
        ]
        pressed += [(path, {"hash": "ab cd", "reason": "a b", "name": "ә"}) for path in decided]
        for path, fields in pressed:
            screen = await console.post(path, {"csrf": old} | fields)
            assert (screen.status, screen.forms) == (401, []), path
            assert ru("session_over") in screen.text
        screen = await console.send(inbox.form("/sign-out"))
        assert screen.path == "/console/sign-in"
        assert ru("signed_out") in screen.text

        await console.sign_in(MARAT)
        screen = await console.send(inbox.form("/next"))
        assert (screen.status, screen.forms) == (403, [])
        assert ru("kept_before") in screen.text


async def _open_text_step(console: Console) -> None:
    await console.get("/console/broadcasts/new")
    await console.submit("/broadcasts", purpose="news", topic=TOPIC, why="Test")
    await console.submit("/audience", channels="telegram\nweb")


async def test_broadcast_texts_of_all_languages_survive_an_expired_session(desk: AppStack) -> None:
    texts_by_field = {f"text_{code}": each.body for code, each in TEXTS.items()}
    async with Console.signed_in(desk.url, MARAT) as console:
        await _open_text_step(console)
        await desk.ahead("16 minutes")
        screen = await console.submit("/text", **texts_by_field)
        assert (screen.status, _kept_texts(screen)) == (401, texts_by_field)
        form = screen.form("/text")
        await console.sign_in(MARAT)
        screen = await console.send(form, **texts_by_field)
        await console.submit("/text", **_kept_texts(screen))
        screen = await console.get(console.screen.path.replace("/test", "/text"))
        assert all(each in unescape(screen.html) for each in texts_by_field.values())


async def test_expired_session_keeps_the_ticked_checkboxes_of_a_form(desk: AppStack) -> None:
    async with Console.signed_in(desk.url, MARAT) as console:
        await _open_text_step(console)
        form = (await console.get(console.screen.path.replace("/text", "/audience"))).form(
            "/audience"
        )
        await desk.ahead("16 minutes")
        ticked = [*form.fields.items(), ("countries", "CN"), ("countries", "UZ")]
        headers = {"Origin": desk.url, "Sec-Fetch-Site": "same-origin"}
        async with console.session.post(
            desk.url + form.action, data=ticked, headers=headers
        ) as response:
            assert re.findall(r'name="countries" value="(\w+)"', await response.text()) == [
                "CN",
                "UZ",
            ]


async def test_console_conflict_page_shows_the_typed_and_the_stored_text(desk: AppStack) -> None:
    async with Console.signed_in(desk.url, MARAT) as console:
        await _open_text_step(console)
        stale = console.screen.form("/text")
        await console.send(stale, text_ru="The words that came first")
        screen = await console.send(stale, text_ru="The words that came second")
        assert screen.status == 409
        assert "The words that came first" in screen.html
        assert ru("kept_words") in screen.text
        assert "The words that came second" in screen.html
        too_long = screen.form("/text")
        screen = await console.send(too_long, text_ru="A long word " * 400)
        assert screen.status == 422
        assert "A long word " * 300 in screen.html
