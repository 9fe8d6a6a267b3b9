"""The public pages under /info show the answers of the chat in each language and script.

They store nothing about their readers.
"""

import json
import re
from datetime import date, timedelta
from xml.etree import ElementTree

import msgspec
import pytest

from bot.content import Body
from bot.editorial import drafts
from bot.officers.directory import Officer
from bot.officers.permissions import Role
from bot.runtime import Runtime
from bot.web import info_feed
from bot.web.info import GROUPS
from bot.web.info_feed import ATOM
from bot.web.public_pages import Reader
from flows.knowledge.intents.answers import ANSWERS
from flows.knowledge.origins import ORIGINS
from flows.knowledge.programmes import PROGRAMMES
from tests.app_stack import AppStack
from tests.desk.desks import insert_officer
from tests.editorial.editors import TEXTS, approver, database_day, editor, publish
from tests.release_only import release_only

MAX_BYTES = 60_000
FORMS = ("kk", "kk_Arab", "ru", "zh_Hans", "uz", "uz_Cyrl")
DATA = re.compile(r'<script type="application/ld\+json">(.*?)</script>', re.DOTALL)
LINK = re.compile(r'href="(/info[^"?]*)\?lang=(\w+)"')


async def _get(stack: AppStack, path: str) -> tuple[str, dict[str, str]]:
    async with stack.http.get(stack.url + path) as answer:
        assert answer.status == 200, path
        return await answer.text(), {name.lower(): each for name, each in answer.headers.items()}


async def _pages(stack: AppStack, form: str) -> dict[str, str]:
    """Return the HTML of each page to which /info links, by path.

    `form` is the language and script of the pages.
    """
    found: dict[str, str] = {}
    waiting = ["/info"]
    while waiting:
        path = waiting.pop()
        found[path], headers = await _get(stack, f"{path}?lang={form}")
        assert "set-cookie" not in headers
        linked = {link for link, language in LINK.findall(found[path]) if language == form}
        waiting += sorted(linked - found.keys() - set(waiting) - {"/info/feed.atom"})
    return found


@pytest.mark.parametrize("form", release_only(FORMS, keep=("kk_Arab", "zh_Hans")))
async def test_info_pages_are_all_linked_and_below_the_size_limit(
    stack: AppStack, form: str
) -> None:
    pages = await _pages(stack, form)
    lists = {f"/info/papers/{code}/{each.key}" for code in ORIGINS for each in PROGRAMMES}
    assert lists <= pages.keys()
    answered = {each.intent for each in ANSWERS if not each.unanswered}
    assert len(answered & {path.removeprefix("/info/") for path in pages}) > 50
    assert max(len(page.encode()) for page in pages.values()) < MAX_BYTES
    for path, page in pages.items():
        text = DATA.sub("", page)
        assert "{" not in text, path
        assert text.count("<h1>") == 1
        assert "\\u04" not in page, "letters of the structured data are not escaped"


async def test_info_page_has_structured_data(stack: AppStack) -> None:
    index, headers = await _get(stack, "/info?lang=kk")
    assert headers["x-robots-tag"] == "noindex"
    (found,) = DATA.findall(index)
    entries = json.loads(found)["itemListElement"]
    assert len(entries) > 50
    assert [each["position"] for each in entries] == list(range(1, len(entries) + 1))
    topic, _headers = await _get(stack, "/info/kandas.documents?lang=kk")
    (found,) = DATA.findall(topic)
    (question,) = json.loads(found)["mainEntity"]
    assert question["name"]
    assert question["acceptedAnswer"]["text"]


async def test_info_index_keeps_the_anchors_of_the_former_single_page(stack: AppStack) -> None:
    index, _headers = await _get(stack, "/info?lang=ru")
    for anchor in ("kandas.documents", "documents.apostille", "papers", "contacts"):
        assert f'id="{anchor}"' in index


def test_info_index_groups_contain_every_public_answer() -> None:
    answers = [first for group in GROUPS for first in group]
    assert len(answers) == len(set(answers))
    public = {each.intent.partition(".")[0] for each in ANSWERS if not each.unanswered}
    assert public <= set(answers)


async def test_info_page_is_gzip_compressed_when_accepted(stack: AppStack) -> None:
    path, plain = f"{stack.url}/info?lang=ru", {"Accept-Encoding": "identity"}
    async with stack.http.get(path, headers=plain) as answer:
        whole = await answer.read()
        assert "Content-Encoding" not in answer.headers
    async with stack.http.get(path, headers={"Accept-Encoding": "gzip"}) as answer:
        assert answer.headers["Content-Encoding"] == "gzip"
        assert "Accept-Encoding" in answer.headers["Vary"]
        assert int(answer.headers["Content-Length"]) < len(whole) / 3
        assert await answer.read() == whole


async def test_info_page_of_an_unknown_subject_is_not_found(stack: AppStack) -> None:
    for path in (
        "/info/nothing",
        "/info/contacts/XX",
        "/info/papers/XX",
        "/info/papers/CN/nothing",
    ):
        async with stack.http.get(stack.url + path) as answer:
            assert answer.status == 404, path


async def test_info_pages_and_feed_show_a_newly_published_fact(stack: AppStack) -> None:
    path = "/info/permit.visa?lang=ru"
    before, _headers = await _get(stack, path)
    assert TEXTS["ru"] not in before
    await publish(stack.rt, await editor(stack.rt), await approver(stack.rt))
    async with stack.rt.pool.connection() as transaction:
        await stack.rt.content.load(transaction)
    after, _headers = await _get(stack, path)
    assert TEXTS["ru"] in after
    assert "https://www.gov.kz/example" in after
    changes, _headers = await _get(stack, "/info/announcements?lang=ru")
    assert '<article id="fact:tr.stay">' in changes
    assert TEXTS["ru"] in changes
    feed, headers = await _get(stack, "/info/feed.atom?lang=zh_Hans")
    assert headers["content-type"].startswith("application/atom+xml")
    root = ElementTree.fromstring(feed)
    (content,) = root.iter(f"{{{ATOM}}}content")
    assert content.text == TEXTS["zh_Hans"]
    (entry,) = root.iter(f"{{{ATOM}}}entry")
    link = entry.find(f"{{{ATOM}}}link")
    assert link is not None
    assert link.get("href", "").endswith("/info/announcements?lang=zh_Hans#fact:tr.stay")


async def _publish(rt: Runtime, author: Officer, item: str, body: Body) -> None:
    """Publish the first version of a content item with content of any kind."""
    assert await drafts.save(rt, author, item, body, 0) == []
    (found,) = await drafts.history(rt, author, item)
    second = await approver(rt, f"Approver of {item}")
    await drafts.approve(rt, second, item, found.number, found.content_hash)


async def test_info_changes_show_no_internal_content(stack: AppStack) -> None:
    rt, today = stack.rt, await database_day(stack.rt)
    lead, author = await insert_officer(rt, "Lead Testova", roles=(Role.LEAD,)), await editor(rt)
    reply = Body(texts={"ru": "Мы закрыли Ваш вопрос."}, as_of=today, checked=today, until=date.max)
    phrase = msgspec.structs.replace(reply, texts={"ru": "моя тётя просрочила визу"})
    answer = drafts.shipped(rt, "answer:permit.visa")
    arranged = msgspec.structs.replace(
        answer, as_of=today, checked=today, opening=answer.opening[:1]
    )
    await _publish(rt, lead, "canned:general.closed", reply)
    await _publish(rt, author, "phrases:permit.visa", phrase)
    await _publish(rt, author, "answer:permit.visa", arranged)
    async with rt.pool.connection() as transaction:
        await rt.content.load(transaction)
    for path in ("/info/announcements", "/info/feed.atom"):
        page, _headers = await _get(stack, f"{path}?lang=ru")
        for internal in ("canned:", "phrases:", "answer:", "закрыли", "тётя"):
            assert internal not in page, path


async def _arrange(stack: AppStack, intent: str, fact: str) -> None:
    """Publish an answer to an intent that consists of one fact only."""
    rt, today = stack.rt, await database_day(stack.rt)
    body = Body(texts={}, opening=(fact,), as_of=today, checked=today, until=date.max)
    await _publish(rt, await editor(rt, f"Editor of {intent}"), f"answer:{intent}", body)
    async with rt.pool.connection() as transaction:
        await rt.content.load(transaction)


async def test_info_omits_an_answer_whose_arranged_facts_are_withheld(stack: AppStack) -> None:
    rt, path = stack.rt, "/info/support.housing?lang=ru"
    await publish(rt, await editor(rt), await approver(rt), texts={}, silent=True)
    await _get(stack, path)
    await _arrange(stack, "support.housing", "tr.stay")
    async with stack.http.get(stack.url + path) as answer:
        assert answer.status == 404
    assert path not in (await _get(stack, "/info?lang=ru"))[0]


async def test_info_shows_facts_that_editors_add_to_an_unanswered_intent(stack: AppStack) -> None:
    intent = next(each.intent for each in ANSWERS if each.unanswered)
    path = f"/info/{intent}?lang=ru"
    assert path not in (await _get(stack, "/info?lang=ru"))[0]
    await publish(stack.rt, await editor(stack.rt), await approver(stack.rt))
    await _arrange(stack, intent, "tr.stay")
    assert path in (await _get(stack, "/info?lang=ru"))[0]
    assert TEXTS["ru"] in (await _get(stack, path))[0]


async def test_info_changes_show_content_only_on_its_days(rt: Runtime) -> None:
    today = await database_day(rt)
    day, author, second = timedelta(days=1), await editor(rt), await approver(rt)
    await publish(rt, author, second, until=today + day)
    await publish(rt, author, second, "notice:soon", since=today + day, until=today + 2 * day)
    async with rt.pool.connection() as transaction:
        await rt.content.load(transaction)
    shown = [
        {item for item, _body, _text in info_feed.changes(Reader(rt, "ru", rt.content.on(each)))}
        for each in (today, today + day, today + 2 * day, today + 3 * day)
    ]
    assert shown == [{"fact:tr.stay"}, {"fact:tr.stay", "notice:soon"}, {"notice:soon"}, set()]


async def test_info_page_uses_the_browsers_language(stack: AppStack) -> None:
    for accepted, lang in (
        ("uz-Cyrl", "uz-Cyrl"),
        ("en-US,en;q=0.9,ru;q=0.8", "ru"),
        ("ru;q=0.2, zh-CN;q=0.9", "zh-Hans"),
        ("kk-CN", "kk-Arab"),
        ("de;q=nan,fr;q=2,*", "kk"),
        ("", "kk"),
    ):
        headers = {"Accept-Language": accepted}
        async with stack.http.get(f"{stack.url}/info?lang=nothing", headers=headers) as answer:
            assert f'<html lang="{lang}"' in await answer.text(), accepted
            assert answer.headers["Content-Language"] == lang
