"""Serve facts, checklists and contacts as plain pages in every form, and changes as a feed.

The pages set no cookie, need no script, and can be printed. They help where messengers are blocked.
"""

import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from xml.etree import ElementTree

from fastapi import APIRouter, Request
from jinja2.utils import htmlsafe_json_dumps
from starlette.responses import HTMLResponse, Response

from bot.content.model import Kind, sentence
from bot.i18n import direction, tag
from bot.runtime import Runtime
from bot.web.chat_rendering import templates
from bot.web.health import METHODS, page_language
from flows.checklist import checklist
from flows.engine.edition import notices
from flows.engine.text import Country, Text, _
from flows.knowledge.facts import COLLECTED
from flows.knowledge.intents.answer import spoken
from flows.knowledge.intents.answers import ANSWERS
from flows.knowledge.offices import PLACES
from flows.knowledge.programmes import PROGRAMMES
from flows.missions import missions

TITLE = _("Information for Kazakhs abroad")
LISTS = _("Papers by programme")
CONTACTS = _("Missions of Kazakhstan")
# Translators: a heading above addresses of laws and official pages.
SOURCES = _("Sources")
FEED = _("Changes as a feed")
FEED_PATH = "/info/feed.atom"
SECONDS = 60
ATOM = "http://www.w3.org/2005/Atom"

type Section = dict[str, Any]

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Rendered:
    """A page as HTML, and compressed once for the readers on a slow line."""

    plain: bytes
    compressed: bytes


@router.api_route("/info", methods=METHODS)
async def page(request: Request, lang: str = "") -> Response:
    """Return the page in the reader's language."""
    rt: Runtime = request.app.state.rt
    language = page_language(rt, lang, request)
    rendered, headers = _page(request, rt, language), _headers(rt)
    if "gzip" not in request.headers.get("accept-encoding", ""):
        return HTMLResponse(rendered.plain, headers=headers)
    return HTMLResponse(rendered.compressed, headers=headers | {"Content-Encoding": "gzip"})


@router.api_route(FEED_PATH, methods=METHODS)
async def feed(request: Request, lang: str = "") -> Response:
    """Return the published changes as an Atom feed."""
    rt: Runtime = request.app.state.rt
    language = page_language(rt, lang, request)
    return Response(_feed(rt, language), media_type="application/atom+xml", headers=_headers(rt))


def _headers(rt: Runtime) -> dict[str, str]:
    robots = "all" if rt.settings.info_indexed else "noindex"
    shared = {
        "Cache-Control": f"public, max-age={SECONDS}",
        "Vary": "Accept-Encoding, Accept-Language",
    }
    return shared | {"X-Robots-Tag": robots}


def _page(request: Request, rt: Runtime, language: str) -> Rendered:
    """Return the page; it is rendered once for each publication, day and language."""
    today, version = datetime.now(UTC).date(), rt.content.snapshot.version
    kept: dict[tuple[int, date, str], Rendered] = getattr(request.app.state, "info", {})
    if (version, today, language) not in kept:
        others = {key: each for key, each in kept.items() if key[:2] == (version, today)}
        html = _rendered(rt, language, rt.content.on(today)).encode()
        rendered = Rendered(html, gzip.compress(html))
        request.app.state.info = kept = others | {(version, today, language): rendered}
    return kept[version, today, language]


def _rendered(rt: Runtime, language: str, edition: date) -> str:
    def say(text: Text) -> str:
        return rt.languages.render(text, language)

    answers = list(_answers(rt, language, edition))
    return templates.get_template("info.html").render(
        lang=tag(language),
        dir=direction(language),
        languages=[(code, tag(code), own) for code, own in rt.languages.languages()],
        title=say(TITLE),
        notices=[say(each) for each in notices(edition)],
        answers=answers,
        lists_title=say(LISTS),
        lists=list(_lists(rt, language, edition)),
        contacts_title=say(CONTACTS),
        contacts=list(_contacts(rt, language, edition)),
        sources_title=say(SOURCES),
        feed_title=say(FEED),
        feed=f"{FEED_PATH}?lang={language}",
        # Letters are not escaped, since Cyrillic would take three times as many bytes.
        data=htmlsafe_json_dumps(_structured(answers, tag(language)), ensure_ascii=False),
    )


def _answers(rt: Runtime, language: str, edition: date) -> Iterator[Section]:
    """Yield each answer that has a sentence, with its sources."""
    for answer in ANSWERS:
        parts = (*answer.opening, *answer.more)
        told = [rt.languages.render(each, language) for each in spoken(parts, edition)]
        current = (fact.on(edition) for fact in answer.facts if fact.current(edition))
        sources = dict.fromkeys(source for fact in current for source in fact.sources)
        if told and not answer.unanswered:
            title = rt.languages.render(answer.label, language)
            yield {"id": answer.intent, "title": title, "lines": told, "sources": list(sources)}


def _lists(rt: Runtime, language: str, edition: date) -> Iterator[Section]:
    for programme in PROGRAMMES:
        made = checklist({"programme": programme.key}, edition)
        papers = [
            (rt.languages.render(paper.document.name, language),
             [rt.languages.render(each, language) for each in paper.remarks])
            for paper in made.papers
        ]  # fmt: skip
        if papers:
            yield {"title": rt.languages.render(programme.name, language), "papers": papers}


def _contacts(rt: Runtime, language: str, edition: date) -> Iterator[Section]:
    for country in dict.fromkeys(place.country for place in PLACES):
        told = [rt.languages.render(each, language) for each in missions(country, edition)]
        yield {"title": rt.languages.render(Country(country), language), "lines": told}


def _structured(answers: list[Section], language: str) -> dict[str, Any]:
    """Return the answers as schema.org describes questions with their answers."""
    questions = [
        {
            "@type": "Question",
            "name": each["title"],
            "acceptedAnswer": {"@type": "Answer", "text": "\n".join(each["lines"])},
        }
        for each in answers
    ]
    return {
        "@context": "https://schema.org",
        "@type": "FAQPage",
        "inLanguage": language,
        "mainEntity": questions,
    }


def _feed(rt: Runtime, language: str) -> bytes:
    """Return the feed: an entry for each published fact and notice, the newest first."""
    ElementTree.register_namespace("", ATOM)
    here = f"{rt.settings.public_url}/info?lang={language}"
    bodies = [
        (item, body)
        for item, body in rt.content.snapshot.bodies.items()
        if not body.silent and not item.startswith(f"{Kind.CARD}:")
    ]
    newest = max((body.checked for _item, body in bodies), default=COLLECTED)
    root = ElementTree.Element(f"{{{ATOM}}}feed", {"xml:lang": tag(language)})
    _described(root, here, rt.languages.render(TITLE, language), newest)
    ElementTree.SubElement(root, f"{{{ATOM}}}link", href=here)
    author = ElementTree.SubElement(root, f"{{{ATOM}}}author")
    ElementTree.SubElement(author, f"{{{ATOM}}}name").text = "Kosh"
    for item, body in sorted(bodies, key=lambda pair: pair[1].checked, reverse=True):
        entry = ElementTree.SubElement(root, f"{{{ATOM}}}entry")
        told = rt.languages.render(sentence(rt.languages, body.texts), language)
        _described(entry, f"{here}#{item}", told, body.checked)
        ElementTree.SubElement(entry, f"{{{ATOM}}}content").text = told
    written: bytes = ElementTree.tostring(root, "utf-8", xml_declaration=True)
    return written


def _described(parent: ElementTree.Element, identity: str, title: str, day: date) -> None:
    for name, text in (("id", identity), ("title", title), ("updated", f"{day}T00:00:00Z")):
        ElementTree.SubElement(parent, f"{{{ATOM}}}{name}").text = text
