"""Serve answers, checklists, contacts and announcements as small pages in every written form.

A written form is a language in one script. The pages set no cookie, need no script and can be
printed. They serve people whose messengers are blocked.
"""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from fastapi import APIRouter, Request
from fastapi.exceptions import HTTPException
from jinja2.utils import htmlsafe_json_dumps
from starlette.responses import Response

from bot import broadcasts
from bot.broadcasts import archive
from bot.i18n import tag
from bot.web import info_feed
from bot.web.health import METHODS
from bot.web.info_feed import FEED, FEED_PATH, TITLE
from bot.web.public_pages import (
    INFO,
    Reader,
    Values,
    cached_page,
    fresh_page,
    public_headers,
    reader_of,
)
from bot.web.secure_page import TO_CHAT
from flows import FLOWS
from flows.checklist import Checklist, checklist, lead
from flows.engine import labels
from flows.engine.blocks import Caution
from flows.engine.edition import notices
from flows.engine.text import Country, Label, _
from flows.knowledge.intents.answer import Answer, part_texts
from flows.knowledge.intents.answers import ANSWERS, BY_INTENT
from flows.knowledge.offices import PLACES
from flows.knowledge.origins import ORIGINS
from flows.knowledge.programmes import PROGRAMMES
from flows.missions import missions

LISTS = _("Papers by country")
CONTACTS = _("Missions of Kazakhstan")
# Translators: a heading above addresses of laws and official pages.
SOURCES = _("Sources")
SEE_ALSO = _("See also")
CHANGES = _("What has changed")
LATEST = _("The latest announcements:")
OF_DAY = _("{date}")
FOR_ALL = _(
    "This list is for a family with children. Leave out what does not concern you, or make your own"
    " list in the chat."
)
ABSTRACT = _("Answers with sources, lists of papers, and addresses; to read and to print.")

# Headings of the index of answers. Each key lists intents by the part of their id before the dot;
# answers to these intents are listed below the heading.
GROUPS: Mapping[tuple[str, ...], Label] = {
    ("way", "kandas", "pilot"): PROGRAMMES[0].name,
    ("documents",): _("Papers"),
    ("citizenship",): _("Citizenship of Kazakhstan"),
    ("permit", "card"): _("Visa, stay and work"),
    ("test", "interview"): FLOWS["interview"].title,
    ("support",): FLOWS["support"].title,
    ("life",): _("Life in Kazakhstan"),
    ("where", "complaint", "fraud"): _("Where to turn"),
    ("registry",): FLOWS["preregistration"].title,
    ("privacy", "person", "news", "language", "bot"): labels.ABOUT,
}
# Answers to the checklist's questions about a family. The public list is made with these answers,
# so that it contains every paper that a family may need.
FAMILY = {"family": "both", "child_papers": "yes", "ethnicity_papers": "unsure"}
MISSION_COUNTRIES = tuple(dict.fromkeys(place.country for place in PLACES))
MAX_ANNOUNCEMENTS = 20

router = APIRouter()


@router.api_route("/info", methods=METHODS)
async def index(request: Request, lang: str = "") -> Response:
    """Return the index page: every answer by subject, lists of papers, missions, announcements."""
    return cached_page(request, reader_of(request, lang), "info.html", _index)


@router.api_route(FEED_PATH, methods=METHODS)
async def feed(request: Request, lang: str = "") -> Response:
    """Return the Atom feed of changes that editors published."""
    reader = reader_of(request, lang)
    written, headers = info_feed.feed(reader), public_headers(reader.rt)
    return Response(written, media_type="application/atom+xml", headers=headers)


@router.api_route("/info/announcements", methods=METHODS)
async def announcements(request: Request, lang: str = "") -> Response:
    """Return the latest public announcements and the changes that editors published."""
    reader = reader_of(request, lang)
    async with reader.rt.pool.connection() as transaction:
        latest = await broadcasts.latest_announcements(transaction, MAX_ANNOUNCEMENTS)
    listed = [
        (reader.say(_(OF_DAY.msgid, date=each.at.date())), text)
        for each in latest
        if (text := archive.text_in(each.texts, reader.language))
    ]
    return fresh_page(
        request,
        reader,
        "info_announcements.html",
        _announcements(reader) | {"announcements": listed},
    )


@router.api_route("/info/contacts", methods=METHODS)
async def contacts(request: Request, lang: str = "") -> Response:
    """Return the page of countries in which Kosh knows a mission of Kazakhstan."""
    return cached_page(request, reader_of(request, lang), "info_links.html", _contacts)


@router.api_route("/info/contacts/{country}", methods=METHODS)
async def contacts_in(request: Request, country: str, lang: str = "") -> Response:
    """Return the page with the missions in a country; 404 for an unknown country."""
    _require(country in MISSION_COUNTRIES)
    values = partial(_contacts_in, country=country)
    return cached_page(request, reader_of(request, lang), "info_topic.html", values)


@router.api_route("/info/papers", methods=METHODS)
async def papers(request: Request, lang: str = "") -> Response:
    """Return the page of countries for whose citizens there are lists of papers."""
    return cached_page(request, reader_of(request, lang), "info_links.html", _papers)


@router.api_route("/info/papers/{country}", methods=METHODS)
async def papers_of(request: Request, country: str, lang: str = "") -> Response:
    """Return the page of programmes that have a list of papers for a country's citizens.

    A programme is a status or a card for which a person may apply.
    """
    _require(country in ORIGINS)
    values = partial(_papers_of, country=country)
    return cached_page(request, reader_of(request, lang), "info_links.html", values)


@router.api_route("/info/papers/{country}/{programme}", methods=METHODS)
async def papers_for(request: Request, country: str, programme: str, lang: str = "") -> Response:
    """Return the page with a programme's list of papers for a country's citizens."""
    _require(country in ORIGINS and programme in {each.key for each in PROGRAMMES})
    values = partial(_papers_for, country=country, programme=programme)
    return cached_page(request, reader_of(request, lang), "info_papers.html", values)


@router.api_route("/info/{intent}", methods=METHODS)
async def topic(request: Request, intent: str, lang: str = "") -> Response:
    """Return the page of one answer with its sources.

    Return 404 if no sentence of the answer is verified and valid today.
    """
    reader = reader_of(request, lang)
    _require(intent in BY_INTENT and _is_public(reader, _answer(reader, intent)))
    return cached_page(request, reader, "info_topic.html", partial(_topic, intent=intent))


def _require(known: bool) -> None:
    if not known:
        raise HTTPException(404)


def _page(reader: Reader, title: Label, *above: tuple[str, Label]) -> dict[str, Any]:
    """Return the template values that all information pages share.

    `above` are the parent pages for the breadcrumbs, as path and label.
    """
    words = reader.rt.languages.render(title, reader.language)
    return {
        "title": words,
        "description": reader.say(ABSTRACT),
        "crumbs": [
            (reader.url(path), reader.rt.languages.render(label, reader.language))
            for path, label in above
        ],
        "crumbs_label": reader.say(INFO),
        "notices": [reader.say(each) for each in notices(reader.edition)],
        "feed": reader.url(FEED_PATH),
        "feed_title": reader.say(FEED),
        "to_chat": reader.say(TO_CHAT),
        "data": "",
    }


def _answer(reader: Reader, intent: str) -> Answer:
    """Return the answer to an intent as editors arranged it, else as it is shipped."""
    return reader.rt.content.snapshot.answers.get(intent, BY_INTENT[intent])


def _is_public(reader: Reader, answer: Answer) -> bool:
    """Return True if the answer may be shown: one of its sentences is verified and valid today."""
    parts = answer.parts
    return not answer.unanswered and any(True for _each in part_texts(parts, reader.edition))


def _link(reader: Reader, answer: Answer) -> tuple[str, str, str]:
    """Return the link to an answer: its anchor in the index, its address and its title."""
    return answer.intent, reader.url(f"/info/{answer.intent}"), reader.say(answer.label)


def _index(reader: Reader) -> Values:
    answers = (_answer(reader, each.intent) for each in ANSWERS)
    found = [each for each in answers if _is_public(reader, each)]
    groups = [
        (
            reader.rt.languages.render(head, reader.language),
            [_link(reader, each) for each in found if each.intent.partition(".")[0] in prefixes],
        )
        for prefixes, head in GROUPS.items()
    ]
    return _page(reader, TITLE) | {
        "lead": reader.say(ABSTRACT),
        "groups": groups,
        "lists": (reader.say(LISTS), _countries(reader, "papers", ORIGINS)),
        "contacts": (reader.say(CONTACTS), _countries(reader, "contacts", MISSION_COUNTRIES)),
        "announcements": (reader.url("/info/announcements"), reader.say(labels.ANNOUNCEMENTS)),
        "data": _json_ld({
            "@type": "ItemList",
            "itemListElement": [
                {"@type": "ListItem", "position": place, "name": title,
                 "url": reader.rt.settings.public_url + url}
                for place, (_intent, url, title) in enumerate(
                    (each for _head, links in groups for each in links), 1)
            ],
        }),
    }  # fmt: skip


def _countries(reader: Reader, kind: str, codes: tuple[str, ...]) -> list[tuple[str, str, str]]:
    return [("", reader.url(f"/info/{kind}/{code}"), _country(reader, code)) for code in codes]


def _country(reader: Reader, code: str) -> str:
    return reader.rt.languages.render(Country(code), reader.language)


def _topic(reader: Reader, intent: str) -> Values:
    answer = _answer(reader, intent)
    parts = part_texts(answer.parts, reader.edition)
    lines = [(reader.say(each), isinstance(each, Caution)) for each in parts]
    question = {
        "@type": "Question",
        "name": reader.say(answer.label),
        "acceptedAnswer": {"@type": "Answer", "text": "\n".join(words for words, _box in lines)},
    }
    structured = {"@type": "FAQPage", "inLanguage": tag(reader.language), "mainEntity": [question]}
    near = (_answer(reader, each) for each in answer.neighbours if each in BY_INTENT)
    return _page(reader, answer.label, ("/info", INFO)) | {
        "description": lines[0][0],
        "lines": lines,
        "sources_title": reader.say(SOURCES),
        "sources": list(_sources(reader, answer)),
        "also_title": reader.say(SEE_ALSO),
        "also": [_link(reader, each) for each in near if _is_public(reader, each)],
        "data": _json_ld(structured),
    }


def _sources(reader: Reader, answer: Answer) -> Iterator[str]:
    current = (fact.on(reader.edition) for fact in answer.facts if fact.current(reader.edition))
    yield from dict.fromkeys(source for fact in current for source in fact.sources)


def _contacts(reader: Reader) -> Values:
    return _page(reader, CONTACTS, ("/info", INFO)) | {
        "found": _countries(reader, "contacts", MISSION_COUNTRIES)
    }


def _contacts_in(reader: Reader, country: str) -> Values:
    lines = [(reader.say(each), False) for each in missions(country, reader.edition)]
    above = (("/info", INFO), ("/info/contacts", CONTACTS))
    return _page(reader, Country(country), *above) | {
        "lines": lines,
        "sources": [],
        "sources_title": "",
        "also_title": reader.say(SEE_ALSO),
        "also": [_link(reader, BY_INTENT[each]) for each in ("where.mission", "where.hotline")],
    }


def _papers(reader: Reader) -> Values:
    return _page(reader, LISTS, ("/info", INFO)) | {"found": _countries(reader, "papers", ORIGINS)}


def _papers_of(reader: Reader, country: str) -> Values:
    links = [
        ("", reader.url(f"/info/papers/{country}/{each.key}"), reader.say(each.name))
        for each in PROGRAMMES
        if each.current(reader.edition)
    ]
    above = (("/info", INFO), ("/info/papers", LISTS))
    return _page(reader, Country(country), *above) | {"found": links}


def _papers_for(reader: Reader, country: str, programme: str) -> Values:
    answers = FAMILY | {"programme": programme, "citizenship": country}
    content: Checklist = checklist(answers, reader.edition)
    above = (
        ("/info", INFO),
        ("/info/papers", LISTS),
        (f"/info/papers/{country}", Country(country)),
    )
    return _page(reader, content.programme.name, *above) | {
        "lead": reader.say(lead(content)),
        "for_all": reader.say(FOR_ALL),
        "before": [reader.say(each) for each in content.before],
        "papers": [
            (reader.say(paper.document.name), [reader.say(each) for each in paper.remarks])
            for paper in content.papers
        ],
        "after": [reader.say(each) for each in content.after],
    }


def _announcements(reader: Reader) -> dict[str, Any]:
    sentences = part_texts(BY_INTENT["news.read"].ordered("")[0], reader.edition)
    return _page(reader, labels.ANNOUNCEMENTS, ("/info", INFO)) | {
        "how": [reader.say(each) for each in sentences],
        "none": reader.say(archive.NONE),
        "latest_title": reader.say(LATEST),
        "changes_title": reader.say(CHANGES),
        "changes": [
            (item, reader.say(_(OF_DAY.msgid, date=body.checked)), words)
            for item, body, words in info_feed.changes(reader)
        ],
    }


def _json_ld(document: dict[str, Any]) -> str:
    """Return schema.org data as JSON-LD text.

    Non-ASCII letters are not escaped, which makes the text two thirds smaller.
    """
    return htmlsafe_json_dumps({"@context": "https://schema.org"} | document, ensure_ascii=False)
