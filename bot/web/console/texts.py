"""Let translators and native speakers read all sentences of Kosh and report wrong ones."""

import asyncio
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Form, Query
from starlette.responses import Response

from bot.channels import Message, RenderedButton
from bot.content.model import ENGLISH, sentence
from bot.content.model import forms as written_forms
from bot.editorial import wording_reports
from bot.i18n import glossary
from bot.i18n.catalogues import BUILT
from bot.i18n.protected_spans import PLACE
from bot.i18n.sentences import Sentence, sentences
from bot.officers import directory
from bot.officers.permissions import Action
from bot.runtime import Runtime
from bot.web.console.broadcast_preview import Form as WrittenForm
from bot.web.console.broadcast_preview import form_of
from bot.web.console.forms import Lines
from bot.web.console.labels import WORDS
from bot.web.console.rendering import page, redirect
from bot.web.console.request_context import RequestContext
from bot.web.console.routing import ConsoleRoute, require
from bot.web.console.text_places import Place, is_for_officers, places
from bot.web.request_parsing import QueryNumber
from flows.engine.events import Kind as Button
from flows.engine.text import Text, sentence_id

SHOWN = 40
CHOICES = ("named", "unreviewed", "doubted")
Word = Annotated[str, Query(max_length=100)]

router = APIRouter(prefix="/texts", route_class=ConsoleRoute)


class NoSuchSentence(LookupError):
    """No current sentence has this id; the sentence may have been reworded."""

    code = "E_SENTENCE"


@dataclass(frozen=True, slots=True)
class TextFilter:
    """Filters of the list of sentences.

    `code` is the written form (a language in one script), `find` a text to search for, `which` a
    state (a name of CHOICES), and `start` the index of the first listed sentence.
    """

    code: str
    find: str = ""
    which: str = ""
    start: int = 0


@dataclass(frozen=True, slots=True)
class Term:
    """A glossary term that a sentence contains.

    `word` is the term's prescribed translation into the language of the page.
    """

    english: str
    word: str


@router.get("")
async def listing(
    context: Annotated[RequestContext, require(Action.WORDING_READ)],
    language: Word = "",
    find: Word = "",
    which: Word = "",
    start: QueryNumber = 0,
) -> Response:
    """Return the page with open reports of bad wording and the sentences that match the filters."""
    return await _list(
        context, TextFilter(_language(context, language), find, which, max(0, start))
    )


async def _list(
    context: RequestContext, wanted: TextFilter, status: int = 200, problem: str = ""
) -> Response:
    code, first = wanted.code, wanted.start
    reports = await wording_reports.listing(context.rt, context.officer)
    of = await _all_known(context.rt)
    known = of[code]
    named = {each.sentence for each in reports if each.language == code}
    found = [each for each in known.values() if _matches(each, wanted, named)]
    query = urlencode({"language": code, "find": wanted.find, "which": wanted.which,
                       "start": first + SHOWN})  # fmt: skip
    return page(
        context,
        "texts.html",
        status,
        wanted=wanted,
        code=code,
        owns=dict(context.rt.languages.languages()),
        choices=[(name, context.say(WORDS[f"texts_{name}"])) for name in CHOICES],
        count=len(found),
        sentences=found[first : first + SHOWN],
        named=named,
        more=query if len(found) > first + SHOWN else "",
        reports=[(each, of.get(each.language, {}).get(each.sentence)) for each in reports],
        names=await directory.names(context.rt, context.officer),
        closes=context.may(Action.WORDING_CLOSE),
        problem=problem,
    )


def _language(context: RequestContext, wanted: str) -> str:
    offered = [code for code, _own in context.rt.languages.languages()]
    return wanted if wanted in offered else context.language


type Known = Mapping[str, Mapping[str, Sentence]]
"""Sentences by written form and id."""


async def _all_known(rt: Runtime) -> Known:
    """Return all sentences by language and script, from catalogues and published content."""
    codes = [code for code, _own in rt.languages.languages()]
    # The first call reads the message catalogues, which takes a large part of a second, so it runs
    # in a thread.
    catalogues = await asyncio.to_thread(lambda: [sentences(code) for code in codes])
    return {
        code: {**{each.id: each for each in _published_sentences(rt, code)}, **catalogue}
        for code, catalogue in zip(codes, catalogues, strict=True)
    }


def _published_sentences(rt: Runtime, code: str) -> Iterator[Sentence]:
    for body in rt.content.snapshot.bodies.values():
        english = body.texts.get(ENGLISH, "")
        if english and not body.silent:
            text = dict(written_forms(body.texts)).get(code, "")
            yield Sentence(sentence_id("", english), "", english, text, is_reviewed=False)


def _matches(each: Sentence, wanted: TextFilter, named: set[str]) -> bool:
    fits = {
        "named": each.id in named,
        "unreviewed": not each.is_reviewed,
        "doubted": bool(each.doubts),
    }
    words = f"{each.english} {each.text}".casefold()
    return fits.get(wanted.which, True) and wanted.find.casefold() in words


@router.post("/close")
async def close(
    context: Annotated[RequestContext, require(Action.WORDING_CLOSE)],
    report: Annotated[UUID, Form()],
) -> Response:
    """Close a report that a sentence sounds wrong; 409 if a colleague closed it first."""
    try:
        await wording_reports.close(context.rt, context.officer, report)
    except wording_reports.Closed:
        stale = context.say(WORDS["stale"])
        return await _list(context, TextFilter(context.language), 409, stale)
    return redirect("/texts", "report_closed")


@router.get("/{name}")
async def one(
    context: Annotated[RequestContext, require(Action.WORDING_READ)],
    name: str,
    language: Word = "",
) -> Response:
    """Return the page of one sentence. Raises NoSuchSentence for an unknown id."""
    return await _page(context, name, _language(context, language))


@router.post("/{name}/report")
async def report(
    context: Annotated[RequestContext, require(Action.WORDING_REPORT, keep=("comment",))],
    name: str,
    language: Annotated[str, Form(max_length=20)] = "",
    comment: Annotated[Lines, Form()] = "",
) -> Response:
    """Report that a sentence sounds wrong; 422 if the comment is empty or too long."""
    code = _language(context, language)
    if name not in (await _all_known(context.rt))[code]:
        raise NoSuchSentence(NoSuchSentence.code)
    try:
        await wording_reports.report(context.rt, context.officer, name, code, comment)
    except wording_reports.Unclear:
        return await _page(context, name, code, 422, comment)
    return redirect(f"/texts/{name}?language={code}", "reported")


async def _page(
    context: RequestContext, name: str, code: str, status: int = 200, comment: str = ""
) -> Response:
    of = await _all_known(context.rt)
    found = of[code].get(name)
    if found is None:
        raise NoSuchSentence(NoSuchSentence.code)
    where = _places(context, found)
    reports = await wording_reports.listing(context.rt, context.officer)
    return page(
        context,
        "text.html",
        status,
        code=code,
        sentence=found,
        published=name not in sentences(code),
        places=where,
        terms=list(_terms(found.english, code)),
        forms=[] if is_for_officers(where) else _forms(context.rt, of, found, code),
        reports=[each for each in reports if (each.sentence, each.language) == (name, code)],
        own=dict(context.rt.languages.languages())[code],
        names=await directory.names(context.rt, context.officer),
        comment=comment,
        problem=context.say(WORDS["texts_unclear"]) if status != 200 else "",
        opens=context.may(Action.CONTENT_READ),
        reports_it=context.may(Action.WORDING_REPORT),
        closes=context.may(Action.WORDING_CLOSE),
        heading=partial(_heading, context),
    )


def _heading(context: RequestContext, place: Place) -> str:
    return " › ".join(context.say(each) for each in place.names)


def _places(context: RequestContext, found: Sentence) -> tuple[Place, ...]:
    """Return the places where people read a sentence.

    Content items in which editors published this sentence come first.
    """
    items = [
        item
        for item, body in context.rt.content.snapshot.bodies.items()
        if body.texts.get(ENGLISH) == found.english
    ]
    published = tuple(Place((WORDS["texts_published"],), item) for item in items)
    return (*published, *places(found.id, found.files))


def _terms(english: str, code: str) -> Iterator[Term]:
    origin, convert = BUILT.get(code, (code, str))
    for entry in glossary.mentioned_terms(english):
        word = entry.words.get(code) or entry.words.get(origin)
        if word is not None:
            own = word.text if code in entry.words else convert(word.text)
            yield Term(entry.english, own)


def _forms(rt: Runtime, of: Known, found: Sentence, code: str) -> list[WrittenForm]:
    """Return a preview of the sentence for each written form that has it, `code` first.

    A written form is a language in one script.
    """
    codes = [each for each, known in of.items() if known[found.id].text]
    codes.sort(key=lambda each: (each != code, each.partition("_")[0] != code.partition("_")[0]))
    return [form_of(rt, each, _message(rt, found, each)) for each in codes]


def _message(rt: Runtime, found: Sentence, code: str) -> Message:
    """Return a message that shows the sentence; a sentence for buttons is shown as a button."""
    shown = rt.languages.render(_text(rt, found), code)
    if not found.is_label:
        return Message((shown,), (), code)
    button = RenderedButton("!", shown, Button.OPTION.value)
    return Message((rt.languages.render(WORDS["texts_seen"], code),), (button,), code)


def _text(rt: Runtime, found: Sentence) -> Text:
    """Return the sentence as the chat renders it, with names of placeholders instead of values."""
    for body in rt.content.snapshot.bodies.values():
        if body.texts.get(ENGLISH) == found.english and not found.context:
            return sentence(rt.languages, body.texts)
    named = dict.fromkeys(re.findall(PLACE, found.english))
    return Text(found.english, tuple((name, f"{{{name}}}") for name in named), found.context)
