"""The public pages say the same as the chat, in every form, without a trace."""

import json
import re
from xml.etree import ElementTree

import pytest

from bot.web.info import ATOM
from tests.app_stack import House
from tests.editorial.editors import TEXTS, approver, editor, publish

# Six seconds on a line of 128 kbit/s.
MAX_SENT_BYTES = 96_000
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


@pytest.mark.parametrize("form", FORMS)
async def test_info_page_is_small_on_the_line(house: House, form: str) -> None:
    path, plain = f"{house.url}/info?lang={form}", {"Accept-Encoding": "identity"}
    async with house.http.get(path, headers=plain) as answer:
        whole = await answer.read()
        assert "Content-Encoding" not in answer.headers
    async with house.http.get(path, headers={"Accept-Encoding": "gzip"}) as answer:
        assert answer.headers["Content-Encoding"] == "gzip"
        assert "Accept-Encoding" in answer.headers["Vary"]
        assert int(answer.headers["Content-Length"]) < MAX_SENT_BYTES
        assert await answer.read() == whole
    assert rb"\u04" not in whole, "letters of the structured data are not escaped"


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
