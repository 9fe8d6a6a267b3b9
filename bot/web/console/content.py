"""Edit published content: facts, answers, notices, missions' contacts, phrases, canned replies.

Each of them is a content item. One officer writes a draft of it, and a second officer approves the
draft.
"""

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Form
from starlette.responses import RedirectResponse, Response

from bot.attachments import form_library
from bot.cases import canned_replies
from bot.content import endings
from bot.content.cards import COUNTRIES
from bot.content.model import Body, Kind
from bot.editorial import announcing, drafts
from bot.editorial.drafts import NoSuchItem, Version
from bot.editorial.refusals import Blocker, Refusal, Refused
from bot.officers import directory
from bot.officers.permissions import Action
from bot.web.console.broadcast_editor import path_of
from bot.web.console.content_forms import ContentForm, values
from bot.web.console.content_preview import forms, last_day
from bot.web.console.content_values import (
    changes,
    edition_of,
    form_languages,
    of_kind,
    wrong_lines,
)
from bot.web.console.forms import Line
from bot.web.console.labels import WORDS
from bot.web.console.rendering import page, redirect
from bot.web.console.request_context import ROOT, RequestContext, fresh_key
from bot.web.console.routing import ConsoleRoute, require
from flows.knowledge.catalogue import FACTS
from flows.knowledge.intents.answers import ANSWERS, BY_INTENT
from flows.knowledge.offices import desk_name

KEEP = ("text_", "title_", "place_", "order_", "sources", "why_partial", "address")
# Kinds of content whose items come with the program, and which an editor can only replace.
SHIPPED_KINDS = (Kind.FACT, Kind.ANSWER)

router = APIRouter(prefix="/content", route_class=ConsoleRoute)


@router.get("")
async def listing(
    context: Annotated[RequestContext, require(Action.CONTENT_READ)], find: str = ""
) -> Response:
    """Return the overview: drafts, live versions, expiring facts, all facts and all answers.

    If `find` is not empty, only facts and answers whose key or heading contains it are listed.
    """
    found = await drafts.overview(context.rt, context.officer)
    today, edition = context.now.date(), edition_of(context)
    return page(
        context,
        "content.html",
        drafts=[each for versions in found.values() for each in versions if each.state == "draft"],
        live=[each for versions in found.values() for each in versions if each.state == "live"],
        due=[
            (fact, [context.say(each) for each in endings.afterwards(fact, edition)])
            for fact in endings.ending(edition)
        ],
        facts=[fact for fact in FACTS if _matches(context, f"{Kind.FACT}:{fact.key}", find)],
        answers=[
            answer
            for answer in ANSWERS
            if _matches(context, f"{Kind.ANSWER}:{answer.intent}", find)
        ],
        cards=[
            (f"{Kind.CARD}:{key}", desk_name(key))
            for key in sorted(COUNTRIES)
            if drafts.may_edit(context.officer, f"{Kind.CARD}:{key}")
        ],
        edits=context.may(Action.CONTENT_EDIT),
        find=find,
        today=today,
        last_day=lambda each: last_day(context.rt, each.item, each.body),
        heading=lambda item: _heading(context, item),
        names=await directory.names(context.rt, context.officer),
    )


def _matches(context: RequestContext, item: str, find: str) -> bool:
    shown = _heading(context, item) if find else ""
    return find.casefold() in f"{item} {shown}".casefold()


def _heading(context: RequestContext, item: str) -> str:
    """Return a content item's heading: a fact's sentence, an answer's label, or the item's key.

    The sentence is the published one if editors have changed the fact.
    """
    key = item.partition(":")[2]
    if item in drafts.SHIPPED:
        return context.say(drafts.SHIPPED[item].on(edition_of(context)).text)
    kind = item.partition(":")[0]
    if kind in (Kind.ANSWER, Kind.PHRASES) and key in BY_INTENT:
        return context.say(BY_INTENT[key].label)
    return context.say(desk_name(key)) if kind == Kind.CARD else key


@router.post("/notice")
async def notice(
    context: Annotated[RequestContext, require(Action.CONTENT_EDIT)],
    name: Annotated[Line, Form()] = "",
) -> Response:
    """Redirect to the editor of a new notice, a text above the menu and above answers."""
    item = f"{Kind.NOTICE}:{name}"
    drafts.kind_of(item)
    return RedirectResponse(f"{ROOT}/content/{item}", 303)


@router.get("/{item}")
async def one(
    context: Annotated[RequestContext, require(Action.CONTENT_READ)], item: str
) -> Response:
    """Return the page of one content item."""
    return await _page(context, item)


@router.post("/{item}/save")
async def save(
    context: Annotated[RequestContext, require(Action.CONTENT_CARD, keep=KEEP)],
    item: str,
    form: Annotated[ContentForm, Form()],
) -> Response:
    """Check and save a draft of a content item.

    If the draft is rejected, return its form with the reasons.
    """
    try:
        body = form.body()
        wrong = await drafts.save(context.rt, context.officer, item, body, form.version)
    except ValueError:
        return await _page(context, item, 422, [Blocker(Refusal.DATES)], form)
    except Refused as refused:
        return await _page(context, item, 409, [Blocker(refused.why)], form)
    if wrong:
        return await _page(context, item, 422, wrong, form)
    return redirect(f"/content/{item}", "content_saved")


@router.post("/{item}/approve")
async def approve(
    context: Annotated[RequestContext, require(Action.CONTENT_APPROVE)],
    item: str,
    number: Annotated[int, Form()],
    content_hash: Annotated[str, Form(alias="hash")] = "",
) -> Response:
    """Publish the draft that the page showed.

    Return 409 if the draft was changed after the page was loaded, or if it is rejected.
    """
    try:
        content_digest = bytes.fromhex(content_hash)
        await drafts.approve(context.rt, context.officer, item, number, content_digest)
    except Refused as refused:
        return await _page(context, item, 409, [Blocker(refused.why, detail=refused.detail)])
    except ValueError:
        return await _page(context, item, 409, [Blocker(Refusal.CHANGED)])
    return redirect(f"/content/{item}", "content_live")


@router.post("/{item}/discard")
async def discard(
    context: Annotated[RequestContext, require(Action.CONTENT_ROLL_BACK)],
    item: str,
    number: Annotated[int, Form()],
) -> Response:
    """Discard the draft that the page showed; 409 if the draft was changed after that."""
    try:
        await drafts.discard(context.rt, context.officer, item, number)
    except Refused as refused:
        return await _page(context, item, 409, [Blocker(refused.why)])
    return redirect(f"/content/{item}", "content_discarded")


@router.post("/{item}/roll-back")
async def roll_back(
    context: Annotated[RequestContext, require(Action.CONTENT_ROLL_BACK)],
    item: str,
    number: Annotated[int, Form()],
    live: Annotated[int, Form()],
) -> Response:
    """Publish an earlier version of a content item again."""
    try:
        await drafts.roll_back(context.rt, context.officer, item, number, live)
    except Refused as refused:
        return await _page(context, item, 409, [Blocker(refused.why, detail=refused.detail)])
    return redirect(f"/content/{item}", "content_live")


@router.post("/{item}/withdraw")
async def withdraw(
    context: Annotated[RequestContext, require(Action.CONTENT_ROLL_BACK)],
    item: str,
    live: Annotated[int, Form()],
) -> Response:
    """End the live version of a content item; a sentence shipped with Kosh applies again."""
    try:
        await drafts.withdraw(context.rt, context.officer, item, live)
    except Refused as refused:
        return await _page(context, item, 409, [Blocker(refused.why)])
    is_shipped = drafts.kind_of(item) in SHIPPED_KINDS
    return redirect(f"/content/{item}", "content_back" if is_shipped else "cancelled")


@router.post("/{item}/announce")
async def announce(
    context: Annotated[RequestContext, require(Action.BROADCAST_DRAFT)],
    item: str,
    key: Annotated[str, Form()] = "",
) -> Response:
    """Create a draft announcement about a published fact, and redirect to its editor."""
    try:
        found = await announcing.propose(context.rt, context.officer, item, key or fresh_key())
    except Refused as refused:
        return await _page(context, item, 409, [Blocker(refused.why)])
    return redirect(path_of(found, "/write/audience"), "drafted")


async def _page(
    context: RequestContext,
    item: str,
    status: int = 200,
    wrong: list[Blocker] | None = None,
    form: ContentForm | None = None,
) -> Response:
    try:
        versions = await drafts.history(context.rt, context.officer, item)
    except NoSuchItem:
        return page(context, "error.html", 404, headline=context.say(WORDS["not_there"]), reason="")
    today, kind = context.now.date(), drafts.kind_of(item)
    draft = next((each for each in versions if each.state == "draft"), None)
    current = next((each for each in versions if each.state == "live"), None)
    current_body = current.body if current else await _shipped_body(context, item)
    body = draft.body if draft else current_body
    return page(
        context,
        "content_item.html",
        status,
        item=item,
        kind=kind,
        heading=_heading(context, item),
        names=await directory.names(context.rt, context.officer),
        versions=versions,
        draft=draft,
        current=current,
        **_draft_values(context, item, draft, current_body),
        values=values(form, body),
        today=today,
        last=last_day(context.rt, item, current.body) if current else None,
        **of_kind(context, kind, item, _form_body(form) or body),
        newest=versions[0].number if versions else 0,
        wrong=list(wrong_lines(context, wrong or [])),
        now=forms(context.rt, item, current.body if current else None, today),
        written=form_languages(context, kind),
        library=await _library(context, item),
        **_rights(context, kind, item, current),
        repeatable=[each.number for each in versions if _is_repeatable(each, today)],
    )


def _draft_values(
    context: RequestContext, item: str, draft: Version | None, current: Body | None
) -> dict[str, Any]:
    """Return the template values of a content item's draft, which `current` is compared with."""
    today = context.now.date()
    return {
        "hash": draft.content_hash.hex() if draft else "",
        "own": draft is not None and draft.author == context.officer.id,
        "next": forms(context.rt, item, draft.body, max(today, draft.body.since)) if draft else [],
        "changes": changes(context, item, current, draft),
    }


def _rights(
    context: RequestContext, kind: Kind, item: str, current: Version | None
) -> dict[str, bool]:
    """Return the template values that say what the officer may do with a content item."""
    return {
        "edits": drafts.may_edit(context.officer, item),
        "approves": context.may(Action.CONTENT_APPROVE),
        "announces": _may_announce(context, kind, current),
        "discards": drafts.may_discard(context.officer, item),
        "rolls_back": drafts.may_roll_back(context.officer, item),
        "is_shipped": kind in SHIPPED_KINDS,
    }


def _may_announce(context: RequestContext, kind: Kind, current: Version | None) -> bool:
    if kind is not Kind.FACT or current is None or current.body.silent:
        return False
    last = last_day(context.rt, current.item, current.body)
    return last >= context.now.date() and context.may(Action.BROADCAST_DRAFT)


def _is_repeatable(version: Version, today: date) -> bool:
    return bool(version.approver) and version.state != "live" and version.body.until >= today


async def _shipped_body(context: RequestContext, item: str) -> Body | None:
    """Return the content item as it was before editors changed it; None if it did not exist.

    The returned item is the fact or answer shipped with the program, or the mission's stored canned
    reply.
    """
    if item in drafts.SHIPPED or item in drafts.ANSWERED:
        return drafts.shipped(context.rt, item)
    mission, _point, name = item.partition(":")[2].partition(".")
    own = mission == context.officer.mission and context.may(Action.CANNED_READ)
    if not item.startswith(f"{Kind.CANNED}:") or not own:
        return None
    stored = await canned_replies.listing(context.rt, context.officer)
    day = context.now.date()
    found = next((each for each in stored if each.name == name), None)
    if found is None:
        return None
    return Body(
        texts=dict(found.texts), titles=dict(found.titles), form=found.form,
        as_of=day, checked=day, until=date.max,
    )  # fmt: skip


async def _library(context: RequestContext, item: str) -> list[tuple[str, str]]:
    """Return the mission's library forms, which can be attached to a canned reply.

    A library form is a blank application form. Return [] for a content item of another kind, or if
    the officer may not edit it.
    """
    if not item.startswith(f"{Kind.CANNED}:") or not drafts.may_edit(context.officer, item):
        return []
    found = await form_library.listing(context.rt, context.officer)
    return [(name, name) for name in dict.fromkeys(each.name for each in found)]


def _form_body(form: ContentForm | None) -> Body | None:
    try:
        return form.body() if form else None
    except ValueError:
        return None
