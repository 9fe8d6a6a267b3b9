"""The public pages say the same as the chat, in every form, without a trace."""

import json
import re
from xml.etree import ElementTree

import pytest

from bot.web.info import ATOM
from tests.app_stack import House
from tests.editorial.editors import TEXTS, approver, editor, publish

FORMS = ("kk", "kk_Arab", "ru", "zh_Hans", "uz", "uz_Cyrl")


async def _get(house: House, path: str) -> tuple[str, dict[str, str]]:
    async with house.http.get(house.url + path) as answer:
        assert answer.status == 200
        return await answer.text(), {name.lower(): each for name, each in answer.headers.items()}


@pytest.mark.parametrize("form", FORMS)
async def test_info_page_has_answers_lists_and_contacts(house: House, form: str) -> None:
    html, headers = await _get(house, f"/info?lang={form}")
    assert "set-cookie" not in headers
    assert headers["x-robots-tag"] == "noindex"
    assert "http" in html
    assert "{" not in re.sub(r"<script.*?</script>", "", html, flags=re.DOTALL)
    found = re.search(r'<script type="application/ld\+json">(.*?)</script>', html, re.DOTALL)
    assert found is not None
    data = json.loads(found[1])
    assert len(data["mainEntity"]) > 30
    for each in data["mainEntity"]:
        assert each["name"]
        assert each["acceptedAnswer"]["text"]


async def test_info_page_and_feed_follow_a_publication(house: House) -> None:
    before, _headers = await _get(house, "/info?lang=ru")
    assert TEXTS["ru"] not in before
    await publish(house.rt, await editor(house.rt), await approver(house.rt))
    async with house.rt.pool.connection() as transaction:
        await house.rt.content.load(transaction)
    after, _headers = await _get(house, "/info?lang=ru")
    assert TEXTS["ru"] in after
    assert "https://www.gov.kz/example" in after
    feed, headers = await _get(house, "/info/feed.atom?lang=zh_Hans")
    assert headers["content-type"].startswith("application/atom+xml")
    (content,) = ElementTree.fromstring(feed).iter(f"{{{ATOM}}}content")
    assert content.text == TEXTS["zh_Hans"]


async def test_info_page_takes_the_browsers_language(house: House) -> None:
    headers = {"Accept-Language": "uz-Cyrl"}
    async with house.http.get(f"{house.url}/info?lang=nothing", headers=headers) as answer:
        assert 'lang="uz-Cyrl"' in await answer.text()
