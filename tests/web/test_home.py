"""The website's front page explains Kosh in six languages and scripts, and links its channels.

It stores nothing about the visitor.
"""

import gzip
import re

import aiohttp
import pypdfium2
import pytest

from bot.web.home import chat_links
from tests.app_stack import AppStack
from tests.release_only import release_only

FORMS = ("kk", "kk_Arab", "ru", "zh_Hans", "uz", "uz_Cyrl")
PAGES = ("/", "/privacy", "/press")


@pytest.mark.parametrize("path", PAGES)
async def test_public_pages_exist_in_every_language_and_script(stack: AppStack, path: str) -> None:
    for form in FORMS:
        async with stack.http.get(f"{stack.url}{path}?lang={form}") as answer:
            assert answer.status == 200
            assert "Set-Cookie" not in answer.headers
            assert answer.headers["Cache-Control"] == "public, max-age=60"
            html = await answer.text()
        assert "<script" not in html
        assert 'property="og:image" content="http' in html
        assert html.count('rel="alternate" hreflang=') == len(FORMS) + 1
        for place in ("/info", "/privacy", "/status", "/press"):
            assert f'href="{place}?lang={form}"' in html


async def test_home_page_links_every_configured_channel(stack: AppStack) -> None:
    async with stack.http.get(f"{stack.url}/?lang=ru") as answer:
        html = await answer.text()
    links = ("/chat", "https://t.me/kosh_test_bot", "https://wa.me/77000000000")
    for link in links:
        assert f'href="{link}"' in html
    assert html.count('class="qr"') == len(links)
    addresses = set(re.findall(r'(?:src|href)="https?://([^/"]+)', html))
    site = stack.rt.settings.public_url.partition("://")[2]
    assert addresses == {site, "t.me", "wa.me"}


def test_home_page_omits_channels_without_a_public_name(stack: AppStack) -> None:
    settings = stack.rt.settings.model_copy(update={"telegram_name": "", "whatsapp_phone": ""})
    assert [way.name for way in chat_links(settings, "chat")] == ["chat"]
    off = stack.rt.settings.model_copy(update={"telegram_token": None, "whatsapp_token": None})
    assert [way.name for way in chat_links(off, "chat")] == ["chat"]


async def test_public_pages_write_no_database_row(stack: AppStack) -> None:
    tables = ("people", "conversations", "messages", "processed_updates")

    async def rows() -> list[tuple[int]]:
        async with stack.rt.pool.connection() as session:
            counted = [await session.execute(f"SELECT count(*) FROM {each}") for each in tables]
            return [row for cursor in counted if (row := await cursor.fetchone()) is not None]

    before = await rows()
    for path in PAGES:
        async with stack.http.get(f"{stack.url}{path}") as answer:
            assert answer.status == 200
    assert await rows() == before


async def test_web_manifest_has_language_start_url_and_icons(stack: AppStack) -> None:
    async with stack.http.get(f"{stack.url}/manifest.webmanifest?lang=kk_Arab") as answer:
        assert answer.content_type == "application/manifest+json"
        manifest = await answer.json()
    assert (manifest["lang"], manifest["dir"], manifest["start_url"]) == ("kk-Arab", "rtl", "/chat")
    assert {each["sizes"] for each in manifest["icons"]} == {"192x192", "512x512"}
    for icon in manifest["icons"]:
        async with stack.http.get(stack.url + icon["src"]) as answer:
            assert answer.content_type == "image/png"


@pytest.mark.parametrize("channel", ["web", "telegram", "whatsapp"])
@pytest.mark.parametrize("form", release_only(FORMS, keep=("kk_Arab", "zh_Hans")))
async def test_poster_pdf_has_one_page_in_every_language_and_script(
    stack: AppStack, channel: str, form: str
) -> None:
    address = f"{stack.url}/press/poster-{channel}.pdf?lang={form}"
    async with stack.http.get(address) as answer:
        pdf = await answer.read()
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/pdf")
    assert "Set-Cookie" not in answer.headers
    with pypdfium2.PdfDocument(pdf) as document:
        assert len(document) == 1


async def test_poster_of_a_channel_that_is_not_configured_is_not_found(stack: AppStack) -> None:
    object.__setattr__(stack.rt.settings, "telegram_name", "")
    async with stack.http.get(f"{stack.url}/press/poster-telegram.pdf") as answer:
        assert answer.status == 404
    async with stack.http.get(f"{stack.url}/press?lang=ru") as answer:
        assert "poster-web.pdf?lang=ru" in await answer.text()


async def test_static_files_are_compressed_and_pages_with_secrets_are_not(stack: AppStack) -> None:
    async with aiohttp.ClientSession(auto_decompress=False) as plain:
        for path, encoding in (("/static/chat.js", "gzip"), ("/chat", None)):
            headers = {"Accept-Encoding": "gzip"}
            async with plain.get(f"{stack.url}{path}", headers=headers) as answer:
                assert answer.headers.get("Content-Encoding") == encoding, path
                compressed = await answer.read()
            if encoding:
                assert answer.headers["Vary"] == "Accept-Encoding"
                headers = {"Accept-Encoding": "identity"}
                async with plain.get(f"{stack.url}{path}", headers=headers) as answer:
                    assert await answer.read() == gzip.decompress(compressed)
                headers = {"Accept-Encoding": "gzip", "If-None-Match": answer.headers["ETag"]}
                async with plain.get(f"{stack.url}{path}", headers=headers) as answer:
                    assert (answer.status, answer.headers["Vary"]) == (304, "Accept-Encoding")
