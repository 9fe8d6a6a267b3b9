"""Edit an announcement in five steps; each step is a form that is saved on its own."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, time
from hashlib import sha256
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from fastapi import APIRouter, Form
from starlette.responses import Response

from bot import broadcasts
from bot.broadcasts import Broadcast, Count, Draft, Purpose, Refusal, Refused, Rule, Stale, Words
from bot.broadcasts.audience import push_channels
from bot.cases.canned_replies import BUILT
from bot.channels.limits import LIMITS
from bot.officers.permissions import Action
from bot.web.console import labels as console_labels
from bot.web.console.broadcast_audience import audience_values, bounds
from bot.web.console.broadcast_form import KEEP, StepForm, Times, differences, local_time
from bot.web.console.broadcast_preview import previews
from bot.web.console.broadcast_steps import STEPS, blockers_of, is_shown, mark_of, refusal
from bot.web.console.forms import Codes
from bot.web.console.labels_broadcasts import PURPOSES
from bot.web.console.rendering import labels, page, redirect
from bot.web.console.request_context import RequestContext, fresh_key
from bot.web.console.routing import ConsoleRoute, require
from flows.knowledge.topics import TOPICS

# Steps whose page shows the number of recipients. On other pages the recipients are not counted,
# because counting millions of people takes seconds.
COUNTING: Final = ("audience", "time")
MAX_WHY = 500

type Step = Literal["purpose", "audience", "text", "test", "time"]

router = APIRouter(prefix="/broadcasts", route_class=ConsoleRoute)


def path_of(found: Broadcast, more: str = "") -> str:
    return f"/broadcasts/{found.id}{more}"


@router.get("/new")
async def new(context: Annotated[RequestContext, require(Action.BROADCAST_DRAFT)]) -> Response:
    """Return the page of the first step, for a new announcement."""
    return await _page(context, None, "purpose", Draft(Purpose.NEWS, "", {}))


@router.get("/{broadcast_id}/write/{step}")
async def show_step(
    context: Annotated[RequestContext, require(Action.BROADCAST_DRAFT)],
    broadcast_id: UUID,
    step: Step,
) -> Response:
    """Return the page of one step of the announcement's editor."""
    found = await broadcasts.find(context.rt, context.officer, broadcast_id)
    return await _page(context, found, step, found.draft)


async def _page(
    context: RequestContext,
    found: Broadcast | None,
    at: Step,
    draft: Draft,
    status: int = 200,
    problem: str = "",
    yours: Draft | None = None,
    form: StepForm | None = None,
) -> Response:
    """Return the page of step `at` with the draft's values; times are those of `form` if given.

    If a colleague changed the announcement after the page was loaded, `yours` is the officer's own
    version. Its texts are shown beside the saved ones, and its other values below the form.
    """
    wrong = await blockers_of(context, found) if found else []
    counts = found is not None and at in COUNTING
    count = await broadcasts.count(context.rt, context.officer, draft) if counts else Count()
    return page(
        context,
        "broadcast_editor.html",
        status,
        found=found,
        at=at,
        draft=draft,
        steps=[(name, mark_of(found, draft, name, wrong)) for name in STEPS],
        wrong=wrong,
        shown=[each for each in wrong if at == "time" or is_shown(each, at, draft)],
        **audience_values(context, draft, count),
        **_choices(context),
        samples=broadcasts.samples(context.rt, draft),
        previews=previews(context.rt, draft),
        untested={each.detail for each in wrong if each.step == "test"},
        estimate=broadcasts.estimate(context.rt, draft, count),
        stars=broadcasts.estimate(context.rt, replace(draft, paid=True), count).stars,
        times=Times.posted(form) if form else Times.stored(draft, context.zone),
        yours=(yours or draft).texts,
        unsent=differences(context, at, yours, draft) if yours else "",
        problem=problem,
    )


def _choices(context: RequestContext) -> dict[str, Any]:
    """Return the template values that do not depend on the announcement."""
    return {
        "purposes": labels(context, PURPOSES),
        "topics": [(each.key, context.say(each.name)) for each in TOPICS],
        "written": written(context),
        "built": [(code, own) for code, own in context.rt.languages.languages() if code in BUILT],
        "written_to": push_channels(context.rt),
        "limit": _tightest(context),
    }


def written(context: RequestContext) -> list[tuple[str, str]]:
    """Return the languages in which editors write texts, each with its own name.

    Texts in other scripts are converted from these.
    """
    return [(code, own) for code, own in context.rt.languages.languages() if code not in BUILT]


def _tightest(context: RequestContext) -> tuple[str, int]:
    """Return the name of the channel with the smallest text limit, and this limit.

    The limit applies to every text, because one text is sent on all channels. The limit is in the
    channel's unit of measure, such as characters.
    """
    name = min(push_channels(context.rt), key=lambda each: LIMITS[each].text_over_buttons)
    return console_labels.CHANNELS[name], LIMITS[name].text_over_buttons


@router.post("")
async def create(
    context: Annotated[RequestContext, require(Action.BROADCAST_DRAFT, keep=("why",))],
    form: Annotated[StepForm, Form()],
) -> Response:
    """Create a draft announcement from the form of the first step; nothing is sent.

    If the same form is posted twice with the same values, the second post returns the same draft.
    """
    new_draft = _purpose(Draft(Purpose.NEWS, "", {}), context, form)
    posted = sha256((form.key or fresh_key()).encode() + new_draft.content_hash)
    try:
        found = await broadcasts.draft_once(
            context.rt, context.officer, new_draft, posted.hexdigest(), posted.digest()
        )
    except Refused as error:
        problem = refusal(context, error.why, error.detail)
        return await _page(context, None, "purpose", new_draft, 422, problem)
    return redirect(path_of(found, "/write/audience"), "drafted")


@router.post("/{broadcast_id}/write/{step}")
async def save_step(
    context: Annotated[RequestContext, require(Action.BROADCAST_DRAFT, keep=KEEP)],
    broadcast_id: UUID,
    step: Step,
    form: Annotated[StepForm, Form()],
) -> Response:
    """Save a step, then show the next step, or the same step again if `stay` is ticked.

    Return 409 if a colleague changed the announcement after the page was loaded.
    """
    found = await broadcasts.find(context.rt, context.officer, broadcast_id)
    new_draft = found.draft
    try:
        new_draft = APPLY[step](new_draft, context, form)
        await broadcasts.edit(context.rt, context.officer, found.id, new_draft, form.version)
    except Refused as error:
        problem = refusal(context, error.why, error.detail)
        shown = found.draft if step in COUNTING else new_draft  # a refused draft cannot be counted
        return await _page(context, found, step, shown, 422, problem, form=form)
    except Stale:
        problem = context.say(console_labels.WORDS["stale"])
        return await _page(context, found, step, found.draft, 409, problem, new_draft)
    following = STEPS[STEPS.index(step) + 1 :]
    onward = [step] if form.stay else following[:1]
    return redirect(path_of(found, "".join(f"/write/{each}" for each in onward)), "saved")


def _purpose(draft: Draft, context: RequestContext, form: StepForm) -> Draft:
    return replace(
        draft,
        purpose=Purpose(form.purpose) if form.purpose in set(Purpose) else Purpose.NEWS,
        topic=form.topic if form.topic in {each.key for each in TOPICS} else "",
        why=form.why[:MAX_WHY],
    )


def _audience(draft: Draft, context: RequestContext, form: StepForm) -> Draft:
    known = {each.name: {key for key, _label in each.choices} for each in bounds(context, Rule())}
    chosen = {
        name: _in_stored_order(getattr(draft.rule, name), getattr(form, name), keys)
        for name, keys in known.items()
    }
    return replace(draft, rule=Rule(**chosen))


def _in_stored_order(stored: Codes, posted: Codes, known: set[str]) -> Codes:
    """Return the known codes among `posted`.

    If these are the stored codes, return `stored`, because another order would count as a change of
    the announcement.
    """
    chosen = tuple(key for key in posted if key in known)
    return stored if set(stored) == set(chosen) else chosen


def _text(draft: Draft, context: RequestContext, form: StepForm) -> Draft:
    texts = {
        code: Words(form.text(f"text_{code}"), form.text(f"template_{code}"))
        for code, _own in written(context)
    }
    return replace(draft, texts={code: each for code, each in texts.items() if each.body})


def _time(draft: Draft, context: RequestContext, form: StepForm) -> Draft:
    """Return the draft with the times that were posted in the step "time".

    If begin or end of the quiet hours is invalid, the draft's quiet hours are kept. Raises Refused
    for an unreadable sending time, because an announcement without a time is sent at once.
    """
    opens, closes = _hour(form.quiet_from), _hour(form.quiet_until)
    quiet = (opens, closes) if opens is not None and closes is not None else draft.quiet
    return replace(
        draft,
        not_before=_moment(context, form.not_before, draft.not_before, "not_before"),
        not_later_than=_moment(context, form.not_later_than, draft.not_later_than, "not_later"),
        quiet=None if form.any_hour else quiet,
        paid=form.paid,
    )


def _moment(
    context: RequestContext, written: str, stored: datetime | None, label: str
) -> datetime | None:
    """Return the posted time, or the stored one, which may have seconds, if the field shows it."""
    if written == local_time(stored, context.zone):
        return stored
    try:
        return datetime.fromisoformat(written).replace(tzinfo=context.zone) if written else None
    except ValueError:
        raise Refused(Refusal.FORM, context.say(console_labels.WORDS[label])) from None


def _hour(written: str) -> time | None:
    try:
        return time.fromisoformat(written)
    except ValueError:
        return None


def _unchanged(draft: Draft, context: RequestContext, form: StepForm) -> Draft:
    return draft


type Apply = Callable[[Draft, RequestContext, StepForm], Draft]
APPLY: Mapping[Step, Apply] = {
    "purpose": _purpose,
    "audience": _audience,
    "text": _text,
    "test": _unchanged,
    "time": _time,
}


@router.post("/{broadcast_id}/count")
async def count(
    context: Annotated[RequestContext, require(Action.BROADCAST_DRAFT)],
    broadcast_id: UUID,
    form: Annotated[StepForm, Form()],
) -> Response:
    """Return the page of the step "audience" with the number of people whom the filters select.

    Nothing is saved.
    """
    found = await broadcasts.find(context.rt, context.officer, broadcast_id)
    return await _page(context, found, "audience", _audience(found.draft, context, form))


@router.post("/{broadcast_id}/test")
async def test(
    context: Annotated[RequestContext, require(Action.BROADCAST_DRAFT)],
    broadcast_id: UUID,
    language: Annotated[str, Form()] = "",
) -> Response:
    """Send the announcement's text in one language to the phones that are configured for tests.

    Without `language`, send every text that was changed after its last test.
    """
    found = await broadcasts.find(context.rt, context.officer, broadcast_id)
    due = [language] if language else await _due_for_test(context, found)
    try:
        for each in due:
            await broadcasts.test_send(context.rt, context.officer, found.id, each)
    except Refused as error:
        problem = refusal(context, error.why, error.detail)
        return await _page(context, found, "test", found.draft, 422, problem)
    return redirect(path_of(found, "/write/test"), "tested")


async def _due_for_test(context: RequestContext, found: Broadcast) -> list[str]:
    """Return the languages whose text was never tested, or was changed after its last test."""
    wrong = await broadcasts.blockers(context.rt, context.officer, found.id)
    return [each.detail for each in wrong if each.why is Refusal.UNTESTED]
