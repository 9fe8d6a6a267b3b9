"""The QR code of a poster leads to a channel and names the poster as the source.

Kosh counts only the number of chats by channel.
"""

import re

import pytest

from bot.observability.metrics import REGISTRY
from bot.web.home import chat_links, poster_link
from tests.app_stack import AppStack
from tests.web import whatsapp_chat


def _open_count(channel: str) -> float:
    return REGISTRY.get_sample_value("kosh_poster_opens_total", {"channel": channel}) or 0


def _links(stack: AppStack) -> dict[str, str]:
    settings = stack.rt.settings
    return {each.key: poster_link(settings, each) for each in chat_links(settings, "chat")}


async def test_poster_links_lead_to_the_channels_and_name_the_poster(stack: AppStack) -> None:
    assert _links(stack) == {
        "web": f"{stack.rt.settings.public_url}/chat?from=poster",
        "telegram": "https://t.me/kosh_test_bot?start=poster",
        "whatsapp": "https://wa.me/77000000000?text=%2Fstart%20poster",
    }


async def test_poster_link_to_the_web_chat_is_counted_and_redirected(stack: AppStack) -> None:
    before = _open_count("web")
    for address in ("/chat?from=poster", "/chat?from=elsewhere", "/chat"):
        async with stack.http.get(stack.url + address) as answer:
            assert answer.status == 200
            assert "Set-Cookie" not in answer.headers
            if address.endswith("poster"):
                assert answer.url.query_string == ""
    assert _open_count("web") == before + 1


async def test_poster_link_to_telegram_is_counted_and_opens_the_welcome_screen(
    stack: AppStack,
) -> None:
    await stack.receive_telegram()
    before = _open_count("telegram")
    user = stack.telegram.user(4711, first_name="Test")
    await user.start("poster")
    await user.wait_for_message(1)
    await user.start("")
    await user.wait_for_message(2)
    assert _open_count("telegram") == before + 1


async def test_poster_link_to_whatsapp_is_counted_and_opens_the_welcome_screen(
    stack: AppStack,
) -> None:
    before = _open_count("whatsapp")
    user = await whatsapp_chat.new_user(stack, "77010001122")
    first = await whatsapp_chat.wait_for_reply(user, lambda: user.say("/start poster"))
    assert re.search("Кош|Көш|Kosh", first.text) or first.rows or first.buttons
    assert _open_count("whatsapp") == before + 1


@pytest.mark.parametrize("table", ["people", "conversations", "processed_updates"])
async def test_poster_count_stores_nothing_about_people(stack: AppStack, table: str) -> None:
    async with stack.http.get(stack.url + "/chat?from=poster") as answer:
        assert answer.status == 200
    async with stack.rt.pool.connection() as session:
        row = await (await session.execute(f"SELECT count(*) FROM {table}")).fetchone()
    assert row == (0,)
