"""An officer's browser without JavaScript: it follows links and fills in forms as shown."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from html import unescape
from html.parser import HTMLParser
from typing import Any, Self
from urllib.parse import urlsplit

import aiohttp

from bot.i18n import Languages
from bot.web.console.labels import Wording

_RUSSIAN = Wording(Languages(("ru",)), "ru")


def ru(name: str) -> str:
    """Return a text of the console as a page in Russian shows it, without markup."""
    return " ".join(_RUSSIAN(name).split())


@dataclass
class Form:
    """A form of a page: its target address and current values."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._open: Form | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._open = Form(attributes.get("action", ""), attributes.get("method", "get"))
            self.forms.append(self._open)
        elif tag == "input" and self._open and attributes.get("type") == "hidden":
            self._open.fields[attributes["name"]] = attributes.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None


@dataclass
class Screen:
    """A page of the console as the server sent it."""

    status: int
    html: str
    url: str
    headers: Any

    @property
    def text(self) -> str:
        """Return the visible text of the page."""
        return " ".join(unescape(re.sub(r"<[^>]*>", " ", self.html)).split())

    @property
    def path(self) -> str:
        return urlsplit(self.url).path

    @property
    def forms(self) -> list[Form]:
        parser = _Forms()
        parser.feed(self.html)
        return parser.forms

    def form(self, ends: str) -> Form:
        """Return the form whose address ends with `ends`."""
        return next(each for each in self.forms if each.action.partition("?")[0].endswith(ends))

    @property
    def actions(self) -> set[str]:
        """Return the last path segment of each form's address."""
        return {each.action.partition("?")[0].rsplit("/", 1)[1] for each in self.forms}


@dataclass
class Console:
    """A browser with cookies; `language` is the language that it requests."""

    session: aiohttp.ClientSession
    url: str
    screen: Screen

    @classmethod
    @asynccontextmanager
    async def at(cls, url: str, language: str = "ru") -> AsyncIterator[Self]:
        jar = aiohttp.CookieJar(unsafe=True)
        headers = {"Accept-Language": language}
        async with aiohttp.ClientSession(cookie_jar=jar, headers=headers) as session:
            yield cls(session, url, Screen(0, "", url, {}))

    @classmethod
    @asynccontextmanager
    async def signed_in(cls, url: str, name: str, language: str = "ru") -> AsyncIterator[Self]:
        """Sign in with one click as the demo allows; yield the browser."""
        async with cls.at(url, language) as console:
            await console.sign_in(name)
            yield console

    async def sign_in(self, name: str) -> Screen:
        await self.get("/console/sign-in")
        found = re.search(
            rf'name="officer" value="([^"]+)"(?:(?!</form>).)*?<strong>{name}</strong>',
            self.screen.html,
            re.DOTALL,
        )
        assert found is not None, name
        form = self.screen.form("/demo")
        return await self.send(form, officer=found[1])

    async def get(self, path: str, **headers: str) -> Screen:
        async with self.session.get(self.url + path, headers=headers) as answer:
            return await self._shown(answer)

    async def csrf_token(self) -> str:
        """Return the signed-in officer's token against cross-site requests."""
        return (await self.get("/console/own")).form("/language").fields["csrf"]

    async def submit(self, ends: str, **fields: str) -> Screen:
        """Submit the form whose address ends with `ends`; return the next page."""
        return await self.send(self.screen.form(ends), **fields)

    async def send(self, form: Form, **fields: str) -> Screen:
        return await self.post(form.action, form.fields | fields)

    async def post(self, path: str, fields: dict[str, str], **headers: str) -> Screen:
        all_headers = {"Origin": self.url, "Sec-Fetch-Site": "same-origin"} | headers
        async with self.session.post(self.url + path, data=fields, headers=all_headers) as answer:
            return await self._shown(answer)

    async def _shown(self, answer: aiohttp.ClientResponse) -> Screen:
        html = await answer.text()
        self.screen = Screen(answer.status, html, str(answer.url), answer.headers)
        return self.screen
