"""Change what people read: facts, notices and contacts of missions, with a second person."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Form
from pydantic import ConfigDict
from starlette.responses import RedirectResponse, Response

from bot.content import endings
from bot.content.cards import COUNTRIES
from bot.content.model import ENGLISH, WRITTEN, Body, Kind
from bot.editorial import drafts
from bot.editorial.checks import Blocker, Refusal, Refused
from bot.editorial.drafts import NoSuchItem, Version
from bot.officers.permissions import Action
from bot.web.console import labels_content
from bot.web.console.broadcast_approval import names_of
from bot.web.console.content_preview import differences, forms
from bot.web.console.forms import Checkbox, Line, Lines, VersionedForm
from bot.web.console.labels import WORDS
from bot.web.console.rendering import done, page
from bot.web.console.request_context import ROOT, RequestContext
from bot.web.console.routing import ConsoleRoute, require
from flows.knowledge.catalogue import FACTS
from flows.knowledge.offices import desk_name

KEEP = ("text_", "sources", "why_partial", "address")
# Names of the fields in a difference, by the label that the form shows.
FIELDS = {
    "sources": "content_source",
    "as_of": "content_as_of",
    "checked": "content_checked",
    "since": "content_since",
    "until": "content_last",
    "address": "content_address",
    "telephone": "content_telephone",
}

router = APIRouter(prefix="/content", route_class=ConsoleRoute)


class ContentForm(VersionedForm):
    """The fields of an item; the sentences come as `text_<language>`."""

    model_config = ConfigDict(extra="allow")

    sources: Lines = ""
    as_of: Line = ""
    checked: Line = ""
    since: Line = ""
    until: Line = ""
    why_partial: Line = ""
    silent: Checkbox = False
    address: Line = ""
    telephone: Line = ""
    map_link: Line = ""

    def body(self) -> Body:
        """Return what the form says. Raises ValueError for a text that is no date."""
        sent = self.model_extra or {}
        texts = {
            code: str(sent.get(f"text_{code}", "")).replace("\r\n", "\n").strip()
            for code in WRITTEN
        }
        return Body(
            texts={code: text for code, text in texts.items() if text},
            sources=tuple(self.sources.split()),
            as_of=date.fromisoformat(self.as_of),
            checked=date.fromisoformat(self.checked),
            since=date.fromisoformat(self.since) if self.since else date.min,
            until=date.fromisoformat(self.until),
            why_partial=self.why_partial,
            silent=self.silent,
            address=self.address,
            telephone=self.telephone,
            map_link=self.map_link,
        )


@router.get("")
async def listing(
    context: Annotated[RequestContext, require(Action.CONTENT_READ)], find: str = ""
) -> Response:
    """Return the list: drafts, what is published, what ends, and all facts."""
    found = await drafts.overview(context.rt, context.officer)
    today = context.now.date()
    edition = context.rt.content.on(today)
    return page(
        context,
        "content.html",
        drafts=[each for versions in found.values() for each in versions if each.state == "draft"],
        live=[each for versions in found.values() for each in versions if each.state == "live"],
        due=[
            (fact, [context.say(each) for each in endings.afterwards(fact, edition)])
            for fact in endings.ending(edition)
        ],
        facts=[fact for fact in FACTS if _matches(context, fact.key, find)],
        cards=[
            (f"{Kind.CARD}:{key}", desk_name(key))
            for key in sorted(COUNTRIES)
            if drafts.may_edit(context.officer, f"{Kind.CARD}:{key}")
        ],
        edits=context.may(Action.CONTENT_EDIT),
        find=find,
        today=today,
        heading=lambda item: _heading(context, item),
        names=await names_of(context),
    )


def _matches(context: RequestContext, key: str, find: str) -> bool:
    shown = _heading(context, f"{Kind.FACT}:{key}") if find else ""
    return find.casefold() in f"{key} {shown}".casefold()


def _heading(context: RequestContext, item: str) -> str:
    """Return the words by which an officer knows an item: its sentence, or its name."""
    key = item.partition(":")[2]
    if item in drafts.SHIPPED:
        return context.say(drafts.SHIPPED[item].text)
    return context.say(desk_name(key)) if item.startswith(f"{Kind.CARD}:") else key


@router.post("/notice")
async def notice(
    context: Annotated[RequestContext, require(Action.CONTENT_EDIT)],
    name: Annotated[Line, Form()] = "",
) -> Response:
    """Open the page of a new notice."""
    item = f"{Kind.NOTICE}:{name}"
    drafts.kind_of(item)
    return RedirectResponse(f"{ROOT}/content/{item}", 303)


@router.get("/{item}")
async def one(
    context: Annotated[RequestContext, require(Action.CONTENT_READ)], item: str
) -> Response:
    """Return the page of one item."""
    return await _page(context, item)


@router.post("/{item}/save")
async def save(
    context: Annotated[RequestContext, require(Action.CONTENT_CARD, keep=KEEP)],
    item: str,
    form: Annotated[ContentForm, Form()],
) -> Response:
    """Check and save a draft; the page shows the blockers beside the form."""
    try:
        body = form.body()
        wrong = await drafts.save(context.rt, context.officer, item, body, form.version)
    except ValueError:
        return await _page(context, item, 422, [Blocker(Refusal.DATES)], form)
    except Refused as refused:
        return await _page(context, item, 409, [Blocker(refused.why)], form)
    if wrong:
        return await _page(context, item, 422, wrong, form)
    return done(f"/content/{item}", "content_saved")


@router.post("/{item}/approve")
async def approve(
    context: Annotated[RequestContext, require(Action.CONTENT_APPROVE)],
    item: str,
    number: Annotated[int, Form()],
    content_hash: Annotated[str, Form(alias="hash")] = "",
) -> Response:
    """Publish the draft that was shown."""
    try:
        given = bytes.fromhex(content_hash)
        await drafts.approve(context.rt, context.officer, item, number, given)
    except Refused as refused:
        return await _page(context, item, 409, [Blocker(refused.why, detail=refused.detail)])
    except ValueError:
        return await _page(context, item, 409, [Blocker(Refusal.CHANGED)])
    return done(f"/content/{item}", "content_live")


@router.post("/{item}/roll-back")
async def roll_back(
    context: Annotated[RequestContext, require(Action.CONTENT_ROLL_BACK)],
    item: str,
    number: Annotated[int, Form()],
) -> Response:
    """Publish an earlier version again."""
    try:
        await drafts.roll_back(context.rt, context.officer, item, number)
    except Refused as refused:
        return await _page(context, item, 409, [Blocker(refused.why, detail=refused.detail)])
    return done(f"/content/{item}", "content_live")


@router.post("/{item}/withdraw")
async def withdraw(
    context: Annotated[RequestContext, require(Action.CONTENT_ROLL_BACK)], item: str
) -> Response:
    """End the live version; the shipped content is said again."""
    try:
        await drafts.withdraw(context.rt, context.officer, item)
    except Refused as refused:
        return await _page(context, item, 409, [Blocker(refused.why)])
    return done(f"/content/{item}", "content_back")


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
    today = context.now.date()
    draft = next((each for each in versions if each.state == "draft"), None)
    current = next((each for each in versions if each.state == "live"), None)
    shipped = drafts.shipped(context.rt, item) if item in drafts.SHIPPED else None
    base = draft or current
    body = base.body if base else shipped
    said = current.body if current else shipped
    return page(
        context,
        "content_item.html",
        status,
        item=item,
        kind=drafts.kind_of(item),
        heading=_heading(context, item),
        names=await names_of(context),
        versions=versions,
        draft=draft,
        current=current,
        hash=draft.content_hash.hex() if draft else "",
        own=draft is not None and draft.author == context.officer.id,
        values=_values(form, body),
        newest=versions[0].number if versions else 0,
        wrong=list(_wrong(context, wrong or [])),
        now=forms(context.rt, item, current.body if current else None, today),
        next=forms(context.rt, item, draft.body, today) if draft else [],
        changes=differences(said, draft.body, _names(context)) if draft else [],
        written=_written(context),
        edits=drafts.may_edit(context.officer, item),
        approves=context.may(Action.CONTENT_APPROVE),
        rolls_back=drafts.may_roll_back(context.officer, item),
        repeatable=[each.number for each in versions if _is_repeatable(each, today)],
    )


def _is_repeatable(version: Version, today: date) -> bool:
    return bool(version.approver) and version.state != "live" and version.body.until >= today


def _written(context: RequestContext) -> list[tuple[str, str]]:
    """Return the languages to write, each with its own name; English is first."""
    own = dict(context.rt.languages.languages())
    english = context.say(WORDS["content_english"])
    return [(code, english if code == ENGLISH else own[code]) for code in WRITTEN
            if code == ENGLISH or code in own]  # fmt: skip


def _names(context: RequestContext) -> dict[str, str]:
    named = {field: context.say(WORDS[label]) for field, label in FIELDS.items()}
    return dict(_written(context)) | named


def _values(form: ContentForm | None, body: Body | None) -> Mapping[str, Any]:
    """Return the values of the form: those that were sent, or those of the newest version."""
    if form is not None:
        sent = form.model_dump() | (form.model_extra or {})
        return {name: value for name, value in sent.items() if name not in ("key", "version")}
    if body is None:
        return {}
    values: dict[str, Any] = {f"text_{code}": text for code, text in body.texts.items()}
    for name in ("as_of", "checked", "since", "until"):
        day: date = getattr(body, name)
        values[name] = "" if day in (date.min, date.max) else day.isoformat()
    for name in ("why_partial", "silent", "address", "telephone", "map_link"):
        values[name] = getattr(body, name)
    return values | {"sources": "\n".join(body.sources)}


def _wrong(context: RequestContext, found: list[Blocker]) -> Iterator[dict[str, str]]:
    """Yield each blocker once, in the officer's words, with the language it concerns."""
    own = dict(context.rt.languages.languages()) | {ENGLISH: context.say(WORDS["content_english"])}
    for each in dict.fromkeys(found):
        words = context.say(labels_content.REFUSALS[each.why])
        name = own.get(each.language, each.language)
        yield {"words": words, "language": name, "detail": each.detail}
