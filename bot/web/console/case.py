"""Show a case (a person's request) to an officer: messages, data about the person, uploads."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BeforeValidator
from starlette.responses import Response

from bot import desk
from bot.attachments import form_library
from bot.cases import Case, canned_replies
from bot.cases.canned_replies import Canned
from bot.db.pipeline import Call, Rows
from bot.desk import marking, views
from bot.desk.views import Page, ReasonNeeded, View
from bot.i18n import direction, reader_script, tag
from bot.officers import directory
from bot.officers.directory import Officer
from bot.officers.permissions import Action, Reason
from bot.web.console import case_choices, readable_words
from bot.web.console import labels as console_labels
from bot.web.console.case_list import InboxQuery, addresses, list_query
from bot.web.console.case_rows import rows
from bot.web.console.rendering import PAGE_HEADERS, labels, page
from bot.web.console.request_context import BACKGROUND_REQUEST, RequestContext
from bot.web.console.routing import ConsoleRoute, require
from bot.web.request_parsing import QueryNumber, blank_to_none
from flows.engine.text import Text
from flows.engine.upload_states import State
from flows.knowledge.catalogue import withheld_about

# The header with which the page's script requests a part of the page: only the list beside the case
# (LIST_PART), or only the case itself (WHOLE).
LIVE_PART, LIST_PART, WHOLE = "x-live-part", "pane", "whole"
# The officer's reason for reading personal data; None if none was chosen.
OptionalReason = Annotated[Reason | None, BeforeValidator(blank_to_none)]

router = APIRouter(prefix="/cases/{case_id}", route_class=ConsoleRoute)


@dataclass(frozen=True, slots=True)
class Draft:
    """An officer's unsent texts: kept after a failed action, or shown as a preview."""

    words: str = ""
    canned: str = ""
    note: str = ""
    preview: bool = False
    # True if `words` is a machine translation of `original`.
    machine: bool = False
    original: str = ""


@dataclass(frozen=True, slots=True)
class CannedReply:
    """A canned reply: `words` is its text in the person's language, `meaning` in the officer's."""

    name: str
    title: str
    words: str
    meaning: str
    form: str = ""

    def has(self, words: Sequence[str]) -> bool:
        """Return True if the canned reply's name, title and texts contain all words of a search."""
        text = f"{self.name} {self.title} {self.words} {self.meaning}".casefold()
        return all(each in text for each in words)


@router.get("")
async def show(
    context: Annotated[RequestContext, require(Action.CASE_READ)],
    case_id: UUID,
    reason: OptionalReason = None,
) -> Response:
    """Return the page of a case, or a form that asks the officer for the reason to read it."""
    part = context.request.headers.get(LIVE_PART, "")
    if part == LIST_PART and context.request.headers.get("x-requested-with") == BACKGROUND_REQUEST:
        return await _list_part(context, case_id, reason)
    return await case_page(context, case_id, reason, part=part)


async def _list_part(context: RequestContext, case_id: UUID, reason: Reason | None) -> Response:
    """Return only the list of cases beside the open case, which needs no reason for access."""
    query = list_query(context, own=True)
    found = await views.listing(context.rt, context.officer, query.filter(), query.after)
    return page(
        context,
        "case.html",
        part=LIST_PART,
        case_id=case_id,
        at=found.at,
        **_list_values(context, query, reason, found, case_id),
    )


def _list_values(
    context: RequestContext, query: InboxQuery, reason: Reason | None, found: Page, case_id: UUID
) -> dict[str, Any]:
    """Return the template values of the list of cases that is shown beside a case."""
    links = addresses(query, reason)
    return {
        "found": found,
        "filter": query.filter(),
        "rows": rows(context, found.lines, links["kept_query"], case_id),
        **links,
    }


async def case_page(
    context: RequestContext,
    case_id: UUID,
    reason: Reason | None,
    status: int = 200,
    draft: Draft = Draft(),
    problem: str = "",
    part: str = "",
    translated: Mapping[int, str] = MappingProxyType({}),
) -> Response:
    """Return the page of a case with the officer's unsent texts `draft` in its form.

    Return a form that asks for the reason to read the case if a reason is needed and missing. The
    form's page has the unsent texts too. With `part` WHOLE, the list beside the case is omitted.
    """
    officer, beside = context.officer, partial(_more_calls, context)
    try:
        view, more_rows = await views.view_with_rows(context.rt, officer, case_id, reason, beside)
    except ReasonNeeded:
        return _reason_page(context, case_id, status, draft, problem)
    own = view.line.case.owner == officer.id
    query = list_query(context, own=own)
    found, replies, choices = _surroundings(context, view, more_rows)
    return page(
        context,
        "case.html",
        status,
        part=part if part == WHOLE else "",
        case_id=case_id,
        reason=reason or "",
        own=own,
        **_list_values(context, query, reason, found, case_id),
        **_view_values(context, view),
        **_composer_values(context, view, replies, draft),
        answers=None,
        **choices,
        **readable_words.of_case(context, view, translated),
        problem=problem,
    )


def _view_values(context: RequestContext, view: View) -> dict[str, Any]:
    """Return the template values of the case, the person's uploads and their registration."""
    return {
        "view": view,
        "case": view.line.case,
        "at": view.at,
        "may": {action.value for action in view.may},
        "papers": [(each, context.say(_document_label(each.paper))) for each in view.papers],
        "wanted": context.say(_document_label(view.wanted)) if view.wanted else "",
        "releasable": _releasable(view),
        "registered": _is_registered(view),
        "withheld": withheld_about(view.line.case.country),
    }


def _composer_values(
    context: RequestContext, view: View, replies: list[CannedReply], draft: Draft
) -> dict[str, Any]:
    """Return the template values of the form in which the officer writes a reply."""
    return {
        "ready": replies,
        "preview": _preview(context, view, replies, draft),
        "draft": draft,
        "reads": dict(context.rt.languages.languages()).get(view.composer.language, ""),
    }


def _more_calls(context: RequestContext, case: Case) -> list[Call]:
    """Return the database calls for the list beside the case and for the choices in the forms."""
    officer = context.officer
    query = list_query(context, own=case.owner == officer.id)
    calls = views.listing_calls(officer, query.filter(), query.after)
    return [*calls, *_choice_calls(officer, case).values()]


def _choice_calls(officer: Officer, case: Case) -> dict[str, Call]:
    """Return the calls that read the choices in the forms of the permitted actions, by name."""
    may, calls = views.may(officer, case), dict[str, Call]()
    if Action.CASE_REPLY in may:
        calls["replies"] = canned_replies.listing_call(officer)
        calls["library"] = form_library.listing_call(officer)
    if Action.CASE_TRANSFER in may:
        calls["team"] = directory.team(officer.mission)
        calls["staffed"] = directory.staffed_call()
    if Action.CASE_MARK in may:
        calls["labels"] = marking.labels_call(officer)
    return calls


def _surroundings(
    context: RequestContext, view: View, found: Sequence[Rows]
) -> tuple[Page, list[CannedReply], dict[str, Any]]:
    """Convert rows read from the database to the case list, canned replies and form choices."""
    officer = context.officer
    calls = _choice_calls(officer, view.line.case)
    first = len(found) - len(calls)
    list_page = views.read_listing(context.rt, found[:first])
    rows = dict(zip(calls, found[first:], strict=True))
    case, now = view.line.case, context.now
    team = map(directory.read, rows.get("team", ()))
    receivers = (each for each in team if desk.may_receive(each, case, now))
    names = {name for (name,) in rows.get("labels", ())}
    known = names | {*view.line.case.labels} if Action.CASE_MARK in view.may else names
    staffed = {mission for (mission,) in rows.get("staffed", ())}
    choices = case_choices.choices(context, staffed) | {
        "colleagues": [(str(each.id), each.name) for each in receivers if each.id != officer.id],
        "labels": [(name, name) for name in sorted(known)],
        "forms": case_choices.forms(view, form_library.read(rows.get("library", []))),
    }
    if Action.CASE_LIMIT in view.may:
        choices |= case_choices.limit_choices(context)
    written = canned_replies.read(rows.get("replies", []))
    return list_page, _replies(context, view, written), choices


def _reason_page(
    context: RequestContext, case_id: UUID, status: int, draft: Draft, problem: str
) -> Response:
    unsent = "\n\n".join(filter(None, (draft.words, draft.note)))
    if unsent and not problem:
        status, problem = 409, context.say(console_labels.WORDS["kept_gone"])
    query = list_query(context, own=False)
    return page(
        context,
        "reason.html",
        status,
        problem=problem,
        unsent=unsent,
        case_id=case_id,
        reasons=labels(context, console_labels.REASONS),
        **addresses(query, None),
    )


@router.get("/canned")
async def choose_canned(
    context: Annotated[RequestContext, require(Action.CASE_READ)],
    case_id: UUID,
    reason: OptionalReason = None,
    search: Annotated[str, Query(max_length=64)] = "",
) -> Response:
    """Return the page of canned replies that match a search, for browsers without JavaScript."""
    view = await views.view(context.rt, context.officer, case_id, reason)
    words = search.casefold().split()
    return page(
        context,
        "case_canned.html",
        view=view,
        case=view.line.case,
        case_id=case_id,
        searched=search,
        ready=[each for each in await canned_for(context, view) if each.has(words)],
        **addresses(list_query(context, own=True), reason),
    )


async def canned_for(context: RequestContext, view: View) -> list[CannedReply]:
    """Return the canned replies in the person's language; [] if the officer may not reply."""
    if Action.CASE_REPLY not in view.may:
        return []
    return _replies(context, view, await canned_replies.listing(context.rt, context.officer))


def _replies(context: RequestContext, view: View, written: Sequence[Canned]) -> list[CannedReply]:
    language = view.composer.language
    return [
        CannedReply(
            each.name,
            each.title(context.language),
            text,
            "" if context.language == language else each.text(context.language) or "",
            each.form,
        )
        for each in written
        if (text := each.text(language))
    ]


def _preview(
    context: RequestContext, view: View, replies: list[CannedReply], draft: Draft
) -> dict[str, Any] | None:
    """Return the preview of a reply; `other` names the reply's language if not the person's."""
    if not draft.preview or Action.CASE_REPLY not in view.may:
        return None
    language = view.composer.language
    chosen = next((each.words for each in replies if each.name == draft.canned), "")
    render = context.rt.languages.render
    names = dict(context.rt.languages.languages())
    return {
        "heads": [render(each, language) for each in desk.header_lines(is_machine=draft.machine)],
        "words": reader_script.displayed(draft.words or chosen, language),
        "other": names.get(reader_script.other_language(draft.words, language) or "", ""),
        "lang": tag(language),
        "dir": direction(language),
    }


def _document_label(key: str) -> Text:
    return desk.DOCUMENTS.get(key, desk.DOCUMENTS[desk.OTHER])


def _is_registered(view: View) -> bool:
    ended = ("withdrawing", "withdrawn")
    return any(each.kind == "registration" and each.state not in ended for each in view.registry)


def _releasable(view: View) -> bool:
    """Return True if at least one of the person's uploads can be sent to the registry now."""
    ready = (each for each in view.papers if each.state is State.READY)
    return _is_registered(view) and any(each.paper != desk.OTHER for each in ready)


@router.get("/papers/{upload_id}/{number}")
async def upload_page(
    context: Annotated[RequestContext, require(Action.CASE_PAGE)],
    case_id: UUID,
    upload_id: UUID,
    number: QueryNumber,
) -> Response:
    """Return one page of an uploaded file as a JPEG that Kosh rendered, never the original file."""
    picture = await views.page(context.rt, context.officer, case_id, upload_id, number)
    named = {"Content-Disposition": 'inline; filename="page.jpg"'}
    return Response(picture, media_type="image/jpeg", headers=PAGE_HEADERS | named)
