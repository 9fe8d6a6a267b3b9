"""Render public pages with one layout; they set no cookie, need no script and store nothing.

A cached page is rendered once for each language, each day and each publication of content. The HTML
is stored compressed.
"""

import gzip
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from fastapi import Request
from starlette.responses import HTMLResponse, Response

from bot.i18n import direction, tag
from bot.runtime import Runtime
from bot.web.reader_language import page_language
from bot.web.templating import templates
from flows.engine.text import Text, _

MAX_AGE_SECONDS = 60
# Translators: a link to the pages with answers and sources.
INFO = _("Information")
# Translators: a link to the page on what is kept about people.
PRIVACY = _("Privacy")
PRESS = _("For the press")
STATUS = _("Does everything work?")
CHAT = _("Chat on the website")
# Translators: a heading above the list of languages.
LANGUAGES = _("Languages")
NAME = _("Kosh")
CARD_PATH = "/static/icons/card.png"

type Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Reader:
    """The context of a public page: language, valid content, and functions to render texts.

    `edition` is today's date, as an instance of a subclass of `date` that also holds the published
    content (see flows/engine/edition.py).
    """

    rt: Runtime
    language: str
    edition: date

    def say(self, text: Text) -> str:
        return self.rt.languages.render(text, self.language)

    def url(self, path: str) -> str:
        """Return the address of a public page with this reader's language in its query."""
        return f"{path}?lang={self.language}"


@dataclass(slots=True)
class PageCache:
    """Compressed public pages by path and language.

    `of` is the version of the published content and the day for which the pages were rendered. If
    one of them changes, the pages are outdated.
    """

    of: tuple[int, date] = (-1, date.min)
    pages: dict[tuple[str, str], bytes] = field(default_factory=dict)


def reader_of(request: Request, lang: str) -> Reader:
    """Return the `Reader` of a request: its language, and the content that is valid today.

    `lang` is the language in the request's query, or "".
    """
    rt: Runtime = request.app.state.rt
    day = rt.content.on(datetime.now(UTC).date())
    return Reader(rt, page_language(rt, lang, request), day)


def cached_page(
    request: Request, reader: Reader, template: str, values: Callable[[Reader], Values]
) -> Response:
    """Return a public page from the cache; if the cache lacks it, render it and add it.

    Use this function only if the number of possible paths is limited, because the cache keeps every
    page until the content or the day changes.
    """
    state = request.app.state
    of = (reader.rt.content.snapshot.version, datetime.now(UTC).date())
    cache: PageCache = getattr(state, "public_pages", PageCache())
    if cache.of != of:
        state.public_pages = cache = PageCache(of)
    key = (request.url.path, reader.language)
    if key not in cache.pages:
        html = rendered(reader, request.url.path, template, values(reader))
        cache.pages[key] = gzip.compress(html.encode(), mtime=0)
    return _response(request, reader, cache.pages[key])


def fresh_page(
    request: Request,
    reader: Reader,
    template: str,
    values: Values,
    seconds: int = MAX_AGE_SECONDS,
) -> Response:
    """Return a public page rendered for this request; HTTP caches may store it for `seconds`."""
    html = rendered(reader, request.url.path, template, values)
    return _response(request, reader, gzip.compress(html.encode(), 1), seconds)


def rendered(reader: Reader, path: str, template: str, values: Values) -> str:
    """Return the HTML of a page in the layout of all public pages."""
    codes = [(code, tag(code), own) for code, own in reader.rt.languages.languages()]
    return templates.get_template(template).render(
        lang=tag(reader.language),
        dir=direction(reader.language),
        language=reader.language,
        languages=codes,
        languages_label=reader.say(LANGUAGES),
        public_url=reader.rt.settings.public_url,
        path=path,
        name=reader.say(NAME),
        card=CARD_PATH,
        operator=reader.rt.settings.operator,
        footer=[
            (reader.url(place), reader.say(text), place == path)
            for place, text in {
                "/": NAME,
                "/info": INFO,
                "/privacy": PRIVACY,
                "/status": STATUS,
                "/press": PRESS,
            }.items()
        ],
        **values,
    )


def public_headers(rt: Runtime, seconds: int = MAX_AGE_SECONDS) -> dict[str, str]:
    """Return the headers of a public page, which any HTTP cache may store for `seconds`."""
    return {
        "Cache-Control": f"public, max-age={seconds}",
        "Vary": "Accept-Encoding, Accept-Language",
        "X-Robots-Tag": "all" if rt.settings.info_indexed else "noindex",
    }


def _response(
    request: Request, reader: Reader, compressed: bytes, seconds: int = MAX_AGE_SECONDS
) -> Response:
    headers = public_headers(reader.rt, seconds) | {"Content-Language": tag(reader.language)}
    if "gzip" not in request.headers.get("accept-encoding", ""):
        return HTMLResponse(gzip.decompress(compressed), headers=headers)
    return HTMLResponse(compressed, headers=headers | {"Content-Encoding": "gzip"})
