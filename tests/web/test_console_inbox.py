"""The console's inbox, and the page of a case next to the inbox, without JavaScript."""

import re
from collections.abc import AsyncIterator
from html import unescape

import pytest

from bot.i18n import Languages
from bot.officers import directory
from bot.officers.permissions import Role
from bot.runtime import Pool, Runtime
from bot.web.console import demo_officers
from bot.web.console.labels import REFUSALS
from tests.app_stack import AppStack
from tests.browser.console_scene import ask_officer, close_visitor
from tests.console_client import Console, Screen, ru
from tests.officer_names import AIGUL, BERIK, DANA, MARAT, SAULE

WORDS = Languages(("ru",))


@pytest.fixture
async def desk(stack: AppStack) -> AsyncIterator[AppStack]:
    """Yield an application with two waiting cases, whose topics are "general" and "spouse"."""
    await demo_officers.enter(stack.rt)
    visitors = [
        await ask_officer(stack, "ru", topic, f"Testova asks of {topic}")
        for topic in ("general", "spouse")
    ]
    yield stack
    for visitor in visitors:
        await close_visitor(visitor)


async def test_case_page_keeps_the_inbox_list_from_which_it_was_opened(desk: AppStack) -> None:
    async with Console.signed_in(desk.url, AIGUL) as console:
        screen = await console.get("/console/inbox?queue=all&topic=spouse")
        assert screen.html.count('class="line') == 1
        link = unescape(screen.html.partition('class="what" href="')[2].partition('"')[0])
        await console.get(f"{link}&reason=answer")
        screen = await console.submit("/claim")
        assert ru("done_claimed") in screen.text
        assert screen.html.count('class="line') == 1
        assert 'aria-current="true"' in screen.html
        assert "queue=all&amp;topic=spouse" in screen.html
        screen = await console.submit("/resolve", where="menu")
        assert "queue=all&topic=spouse" in screen.url
        assert ru("done_resolved") in screen.text


@pytest.mark.parametrize("list_of", ["queue=nonsense", "after=x&queue=mine", "topic=" + "x" * 99])
async def test_case_page_ignores_invalid_parameters_of_the_inbox_list(
    desk: AppStack, list_of: str
) -> None:
    async with Console.signed_in(desk.url, AIGUL) as console:
        await console.get("/console/inbox")
        screen = await console.submit("/next")
        screen = await console.get(f"{screen.path}?{list_of}")
        assert screen.status == 200
        assert ru("yours") in screen.text


async def test_canned_reply_can_be_searched_and_previewed_without_scripts(desk: AppStack) -> None:
    async with Console.signed_in(desk.url, AIGUL) as console:
        await console.get("/console/inbox")
        await console.submit("/next")
        path = console.screen.path
        wanted = demo_officers.READY["documents-today"]["ru"]
        screen = await console.get(f"{path}/canned?search={wanted[:20].upper()}")
        assert screen.html.count('name="canned"') == 1
        screen = await console.submit("/preview", canned="documents-today")
        assert 'id="preview"' in screen.html
        screen = await console.get(f"{path}/canned?search=zzzzzz")
        assert ru("nothing") in screen.text
        assert 'name="canned"' not in screen.html


async def test_canned_reply_page_has_no_form_for_officers_not_owning_the_case(
    desk: AppStack,
) -> None:
    async with Console.signed_in(desk.url, AIGUL) as console:
        await console.get("/console/inbox")
        path = unescape(console.screen.html.partition('class="what" href="')[2].partition('"')[0])
        screen = await console.get(f"{path}/canned?reason=answer")
        assert (screen.status, "/preview" in screen.html) == (200, False)


async def _take_next_case(console: Console) -> str:
    await console.get("/console/inbox")
    await console.submit("/next")
    return console.screen.path


async def _numbers(console: Console, query: str) -> list[str]:
    screen = await console.get(f"/console/inbox?{query}")
    return re.findall(r'id="case-(\d+)"', screen.html)


async def test_case_can_be_labelled_and_marked_urgent(desk: AppStack) -> None:
    async with Console.signed_in(desk.url, MARAT) as lead:
        await lead.get("/console/labels")
        await lead.submit("/labels", name="  no   flat ")
        assert "no flat" in lead.screen.html
        assert (await lead.submit("/labels", name="x" * 31)).status == 422
    async with Console.signed_in(desk.url, AIGUL) as console:
        path = await _take_next_case(console)
        screen = await console.submit("/mark", urgent="1", labels="no flat")
        assert ru("done_saved") in screen.text
        assert len(await _numbers(console, "queue=mine&label=no+flat&urgent=1")) == 1
        assert await _numbers(console, "queue=mine&label=other") == []
        await console.get(path)
        await console.submit("/mark")
        assert await _numbers(console, "queue=mine&urgent=1") == []
        await console.get(path)
        assert (await console.submit("/mark", labels="made up")).status == 422
    async with Console.signed_in(desk.url, SAULE) as auditor:
        screen = await auditor.get("/console/audit")
        assert ru("marks") in screen.text
        assert "no flat" not in screen.text


async def test_case_stays_urgent_when_labels_are_saved_on_an_older_page(desk: AppStack) -> None:
    async with Console.signed_in(desk.url, AIGUL) as console:
        path = await _take_next_case(console)
        async with desk.rt.pool.connection() as session:
            await session.execute("UPDATE cases SET urgent = true WHERE owner IS NOT NULL")
        assert ru("done_saved") in (await console.submit("/mark")).text
        assert len(await _numbers(console, "queue=mine&urgent=1")) == 1
        await console.get(path)
        await console.submit("/mark")
        assert await _numbers(console, "queue=mine&urgent=1") == []


async def test_case_keeps_labels_set_meanwhile_when_an_older_page_is_saved(desk: AppStack) -> None:
    async with Console.signed_in(desk.url, MARAT) as lead:
        for name in ("first", "second"):
            await lead.get("/console/labels")
            await lead.submit("/labels", name=name)
    async with Console.signed_in(desk.url, AIGUL) as console:
        path = await _take_next_case(console)
        older = console.screen.form("/mark")
        await console.get(path)
        await console.submit("/mark", labels="first")
        assert ru("done_saved") in (await console.send(older, labels="second")).text
        for name in ("first", "second"):
            assert len(await _numbers(console, f"queue=mine&label={name}")) == 1
        await console.get(path)
        await console.submit("/mark", shown_labels="first")
        assert await _numbers(console, "queue=mine&label=first") == []
        assert len(await _numbers(console, "queue=mine&label=second")) == 1


async def test_case_marks_of_a_page_without_shown_labels_are_rejected(desk: AppStack) -> None:
    async with Console.signed_in(desk.url, MARAT) as lead:
        await lead.get("/console/labels")
        await lead.submit("/labels", name="first")
    async with Console.signed_in(desk.url, AIGUL) as console:
        path = await _take_next_case(console)
        await console.submit("/mark", labels="first")
        form = (await console.get(path)).form("/mark")
        # The previous version's page had no such field.
        del form.fields["shown_labels"]
        screen = await console.send(form)
        assert screen.status == 409
        assert ru("changed_meanwhile") in screen.text
        assert len(await _numbers(console, "queue=mine&label=first")) == 1
        await console.get(path)
        assert ru("done_saved") in (await console.submit("/mark")).text
        assert await _numbers(console, "queue=mine&label=first") == []


async def test_case_labels_are_edited_only_by_leads(desk: AppStack) -> None:
    async with Console.signed_in(desk.url, AIGUL) as console:
        screen = await console.get("/console/labels")
        assert screen.status == 200
        assert 'action="/console/labels' not in screen.html
        csrf = await console.csrf_token()
        fields = {"csrf": csrf, "name": "x"}
        assert (await console.post("/console/labels", fields)).status == 403


async def test_case_stays_on_the_call_back_list_until_called_back(desk: AppStack) -> None:
    async with Console.signed_in(desk.url, AIGUL) as console:
        path = await _take_next_case(console)
        await console.submit("/call-back", **{"for": "1h"})
        assert len(await _numbers(console, "queue=call_back")) == 1
        await desk.ahead("65 minutes")
        await console.sign_in(AIGUL)
        screen = await console.get("/console/inbox?queue=call_back")
        assert '<span class="chip late"><svg' in screen.html
        await console.get(path)
        await console.submit("/call-back", **{"for": ""})
        assert await _numbers(console, "queue=call_back") == []


async def test_case_and_inbox_show_that_an_urgent_case_waits(desk: AppStack) -> None:
    first = await ask_officer(desk, "ru", "general", "Testova asks")
    async with Console.signed_in(desk.url, AIGUL) as console:
        await console.get("/console/inbox")
        path = (await console.submit("/next")).path
        second = await ask_officer(desk, "ru", "general", "Testova too")
        assert "urgent-waits" not in (await console.get(path)).html
        await second.send("said", text="мне угрожают")
        waits = ru("urgent_waits").format(count=1)

        async def is_shown() -> bool:
            return waits in (await console.get(path)).text

        await desk.until(is_shown, 60)
        assert waits in (await console.get("/console/inbox?queue=mine")).text
        await console.get("/console/inbox")
        await console.submit("/next")
        assert "urgent-waits" not in console.screen.html
    await close_visitor(first)
    await close_visitor(second)


async def test_case_is_offered_only_to_colleagues_who_answer_people(desk: AppStack) -> None:
    visitor = await ask_officer(desk, "ru", "general", "Testova asks")
    async with (
        Console.signed_in(desk.url, AIGUL) as console,
        Console.signed_in(desk.url, MARAT) as lead,
    ):
        await console.get("/console/inbox")
        case, inbox = await console.submit("/next"), await console.get("/console/inbox?queue=mine")
        team = await lead.get("/console/now")
    for screen in (case, inbox, team):
        assert BERIK in screen.html
        assert [each for each in (DANA, SAULE) if each in screen.html] == []
    await close_visitor(visitor)


async def test_inbox_filters_by_country_and_language(desk: AppStack) -> None:
    async with desk.rt.pool.connection() as session:
        await session.execute("UPDATE cases SET country = 'CN' WHERE number = 1")
        await session.execute("UPDATE cases SET language = 'kk' WHERE number = 2")
    async with Console.signed_in(desk.url, AIGUL) as console:
        assert await _numbers(console, "country=CN") == ["1"]
        assert 'value="CN"' in console.screen.html
        assert await _numbers(console, "language=kk") == ["2"]
        assert await _numbers(console, "country=CN&language=kk") == []


async def test_inbox_saved_view_is_shown_only_to_the_officer_who_saved_it(desk: AppStack) -> None:
    async with Console.signed_in(desk.url, AIGUL) as console:
        await console.get("/console/inbox?queue=all&topic=spouse")
        screen = await console.submit("/views", name="Wives & husbands")
        link = re.search(r'<a class="chip" href="([^"]+)">Wives &amp; husbands<', screen.html)
        assert link is not None
        assert len(await _numbers(console, unescape(link[1]).partition("?")[2])) == 1
        assert (await console.submit("/views", name="x" * 41)).status == 422
        async with Console.signed_in(desk.url, BERIK) as other:
            assert "Wives" not in (await other.get("/console/inbox")).html
        await console.get("/console/inbox")
        screen = await console.submit("/views/remove", name="Wives & husbands")
        assert "Wives" not in screen.html


async def test_inbox_view_saved_on_a_later_page_begins_at_the_first_page(desk: AppStack) -> None:
    async with Console.signed_in(desk.url, AIGUL) as console:
        numbers = await _numbers(console, "queue=all")
        assert await _numbers(console, f"queue=all&after={numbers[0]}") == numbers[1:]
        screen = await console.submit("/views", name="Everything")
        link = re.search(r'<a class="chip" href="([^"]+)">Everything<', screen.html)
        assert link is not None
        assert await _numbers(console, unescape(link[1]).partition("?")[2]) == numbers


async def test_inbox_hands_over_selected_cases_together_or_not_at_all(desk: AppStack) -> None:
    async with Console.signed_in(desk.url, AIGUL) as console:
        for _each in range(2):
            await _take_next_case(console)
        screen = await console.get("/console/inbox?queue=mine")
        chosen = re.findall(r'name="case" value="([^"]+)"', screen.html)
        goal = re.search(rf'value="(officer:[^"]+)">{BERIK}<', screen.html)
        assert goal is not None
        form = screen.form("/hand-over")
        stale = f"{chosen[0].partition(':')[0]}:999"
        fields = [*form.fields.items(), ("to", goal[1])]
        screen = await _post(console, form.action, [*fields, ("case", stale), ("case", chosen[1])])
        assert screen.status == 409
        assert len(await _numbers(console, "queue=mine")) == 1
        fields = [*console.screen.form("/hand-over").fields.items(), ("to", goal[1])]
        screen = await _post(console, form.action, [*fields, ("case", chosen[0])])
        assert ru("done_handed_over") in screen.text
        assert (await _post(console, form.action, fields)).status == 422
    async with Console.signed_in(desk.url, BERIK) as berik:
        assert sorted(await _numbers(berik, "queue=mine")) == ["1", "2"]


async def _post(console: Console, path: str, fields: list[tuple[str, str]]) -> Screen:
    return await console.post(path, fields)  # type: ignore[arg-type]


async def test_inbox_hands_over_only_the_officers_own_cases(desk: AppStack) -> None:
    async with Console.signed_in(desk.url, AIGUL) as console:
        screen = await console.get("/console/inbox")
        chosen = re.findall(r'name="case" value="([^"]+)"', screen.html)
        form = screen.form("/hand-over")
        fields = [*form.fields.items(), ("to", "topic:spouse"), ("case", chosen[0])]
        assert (await _post(console, form.action, fields)).status == 409
        assert await _numbers(console, "topic=spouse") == ["2"]


async def test_inbox_says_that_the_chosen_colleague_cannot_take_the_cases(desk: AppStack) -> None:
    async with desk.rt.pool.connection() as session:
        await session.execute("UPDATE officers SET topics = '{danger}' WHERE name = %s", (BERIK,))
    async with Console.signed_in(desk.url, AIGUL) as console:
        for _each in range(2):
            await _take_next_case(console)
        screen = await console.get("/console/inbox?queue=mine")
        first, second = re.findall(r'name="case" value="([^"]+)"', screen.html)
        goal = re.search(rf'value="(officer:[^"]+)">{BERIK}<', screen.html)
        assert goal is not None
        form = screen.form("/hand-over")
        fields = [*form.fields.items(), ("to", goal[1]), ("case", first)]
        screen = await _post(console, form.action, fields)
        assert screen.status == 409
        assert ru("bulk_refused").format(count=1) in screen.text
        assert ru("bulk_kept").partition("{")[0] not in screen.text
        async with desk.rt.pool.connection() as session:
            await session.execute(
                "UPDATE cases SET owner = (SELECT id FROM officers WHERE name = %s) WHERE id = %s",
                (MARAT, second.partition(":")[0]),
            )
        screen = await _post(console, form.action, [*fields, ("case", second)])
        assert screen.status == 409
        for name, count in (("bulk_done", 0), ("bulk_kept", 1), ("bulk_refused", 1)):
            assert ru(name).format(count=count) in screen.text


async def test_note_that_is_too_long_is_refused_as_a_note_and_kept(desk: AppStack) -> None:
    async with Console.signed_in(desk.url, AIGUL) as console:
        path = await _take_next_case(console)
        screen = await console.get(path)
        assert (
            re.findall(r'<textarea name="note"[^>]* maxlength="(\d+)"', screen.html) == ["4000"] * 2
        )
        note = "ж" * 11_500
        screen = await console.submit("/note", note=note)
        assert screen.status == 422
        assert ru("problem") in screen.text
        assert WORDS.render(REFUSALS["note_too_long"], "ru") in screen.text
        assert f"{note}</textarea>" in screen.html
        assert ru("done_noted") in (await console.submit("/note", note="ж" * 4_000)).text


async def test_case_is_offered_only_to_missions_with_officers(desk: AppStack) -> None:
    async with desk.rt.pool.connection() as session:
        dana = next(each for each in await directory.everyone(session) if each.name == DANA)
    await directory.enter(desk.rt, dana, "Nurlan Testov", "cn_beijing", [Role.OFFICER])
    await directory.enter(desk.rt, dana, "Editor Testova", "uz_tashkent", [Role.EDITOR])
    async with Console.signed_in(desk.url, AIGUL) as console:
        path = await _take_next_case(console)
        screen = await console.get(path)
        offered = screen.html.partition('<select name="mission">')[2].partition("</select>")[0]
        assert re.findall(r'value="([^"]+)"', offered) == ["cn_beijing"]
        screen = await console.submit("/transfer", to="mission", mission="cn_beijing")
        assert screen.status == 200


async def test_canned_reply_is_found_by_its_title(desk: AppStack) -> None:
    async with Console.signed_in(desk.url, MARAT) as lead:
        await lead.get("/console/canned")
        await lead.submit("/canned", name="flat")
        await lead.submit("/save", title_ru="Жильё на время", text_ru="Обратитесь в центр.")
    async with Console.signed_in(desk.url, "Timur Testov") as approver:
        await approver.get("/console/content/canned:general.flat")
        await approver.submit("/approve")
        assert "Обратитесь" in approver.screen.text
    async with Console.signed_in(desk.url, AIGUL) as console:
        path = await _take_next_case(console)
        screen = await console.get(f"{path}/canned?search=жильё")
        assert screen.html.count('name="canned"') == 1


PANE = {"X-Requested-With": "kosh-live", "X-Live-Part": "pane"}
WHOLE = PANE | {"X-Live-Part": "whole"}


async def test_inbox_list_can_be_fetched_without_the_case_beside_it(desk: AppStack) -> None:
    async with Console.signed_in(desk.url, AIGUL) as console:
        await console.get("/console/inbox")
        path = unescape(console.screen.html.partition('class="what" href="')[2].partition('"')[0])
        async with console.session.get(f"{desk.url}{path}?queue=all", headers=PANE) as answer:
            html = await answer.text()
        assert (answer.status, html.count('class="line'), 'id="whole"' in html) == (200, 2, False)
    async with desk.rt.pool.connection() as session:
        found = await session.execute(
            "SELECT count(*) FROM audit_entries WHERE action = 'case.read'"
        )
        assert await found.fetchone() == (0,)


async def test_case_page_can_be_fetched_without_the_inbox_list(desk: AppStack) -> None:
    async with Console.signed_in(desk.url, AIGUL) as console:
        path = await _take_next_case(console)
        async with console.session.get(f"{desk.url}{path}", headers=WHOLE) as answer:
            html = await answer.text()
        assert ('id="whole"' in html, 'id="pane"' in html) == (True, False)
        assert "<nav" not in html


async def test_inbox_row_of_a_changed_case_is_rendered_again(desk: AppStack) -> None:
    async with Console.signed_in(desk.url, AIGUL) as console:
        path = await _take_next_case(console)
        before = (await console.get("/console/inbox?queue=mine")).html
        assert "line urgent" not in before
        await console.get(path)
        await console.submit("/mark", urgent="1")
        assert "line urgent" in (await console.get("/console/inbox?queue=mine")).html


async def test_case_page_uses_exactly_three_database_connections(
    desk: AppStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Console.signed_in(desk.url, AIGUL) as console:
        path = await _take_next_case(console)
        await console.get(path)
        connections: list[object] = []
        console_of = directory.console

        def count_connection(rt: Runtime) -> Pool:
            connections.append(rt)
            return console_of(rt)

        monkeypatch.setattr(directory, "console", count_connection)
        await console.get(path)
        assert len(connections) == 3


@pytest.mark.release
async def test_case_page_shows_which_colleague_is_typing(desk: AppStack) -> None:
    async with (
        Console.signed_in(desk.url, AIGUL) as writer,
        Console.signed_in(desk.url, BERIK) as reader,
    ):
        path = await _take_next_case(writer)
        assert 'id="writing"' not in (await reader.get(f"{path}?reason=check")).html
        csrf = writer.screen.form("/note").fields["csrf"]
        response = await writer.post(f"{path}/writing", {"csrf": "another"})
        assert response.status == 403
        assert 'id="writing"' not in (await reader.get(f"{path}?reason=check")).html
        await writer.post(f"{path}/writing", {"csrf": csrf})
        screen = await reader.get(f"{path}?reason=check")
        assert ru("writing_now").replace("{names}", AIGUL) in screen.text
        assert 'id="writing"' not in (await writer.get(path)).html
