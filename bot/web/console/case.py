"""A case: the talk, what is known, and every act of an officer as a form of its own."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from starlette.responses import Response
from starlette.routing import Route

from bot import desk
from bot.cases import CaseConflict, canned_replies
from bot.desk import ActionResult, Refusal, ToMission, ToOfficer, ToTopic, views
from bot.desk.views import ReasonNeeded, View
from bot.i18n import direction, tag
from bot.officers import directory
from bot.officers.permissions import Action, DenialReason, Forbidden, Reason
from bot.web.console import labels as console_labels
from bot.web.console.case_list import case_path
from bot.web.console.rendering import SENT, done, labels, page
from bot.web.console.request_context import Form, Visit
from bot.web.console.routing import Writes, get, post
from bot.web.request_parsing import number
from flows.engine.text import Text
from flows.engine.upload_states import State
from flows.knowledge.missions import GENERAL, MISSIONS
from flows.knowledge.offices import desk_name

SNOOZES = {
    "1h": timedelta(hours=1),
    "4h": timedelta(hours=4),
    "1d": timedelta(days=1),
    "3d": timedelta(days=3),
    "7d": timedelta(days=7),
}
MAX_REPLY = 10_000


@dataclass(frozen=True, slots=True)
class Draft:
    """What an officer was writing, kept when it could not be done; or to be looked at first."""

    words: str = ""
    canned: str = ""
    note: str = ""
    preview: bool = False


async def case(visit: Visit) -> Response:
    return await shown(visit)


async def shown(
    visit: Visit, status: int = 200, draft: Draft = Draft(), problem: str = ""
) -> Response:
    """The page of a case, or the question why it is read."""
    case_id = _case_id(visit)
    reason = _reason(visit.request.query_params.get("reason", ""))
    try:
        view = await views.view(visit.rt, visit.officer, case_id, reason)
    except ReasonNeeded:
        return page(
            visit, "reason.html", case_id=case_id, reasons=labels(visit, console_labels.REASONS)
        )
    ready = await _ready(visit, view)
    return page(
        visit,
        "case.html",
        status,
        view=view,
        case=view.line.case,
        case_id=case_id,
        reason=reason or "",
        own=view.line.case.owner == visit.officer.id,
        may={action.value for action in view.may},
        ready=ready,
        preview=_preview(visit, view, ready, draft),
        draft=draft,
        answers=None,
        reasons=labels(visit, console_labels.REASONS),
        colleagues=await _colleagues(visit) if Action.CASE_TRANSFER in view.may else [],
        missions=_missions(visit),
        documents=_documents(visit),
        papers=[(each, visit.say(_paper(each.paper))) for each in view.papers],
        wanted=visit.say(_paper(view.wanted)) if view.wanted else "",
        releasable=_releasable(view),
        registered=_registered(view),
        topics=labels(visit, console_labels.TOPICS),
        snoozes=[(name, f"snooze_{name}") for name in SNOOZES],
        places=_places(visit),
        at=view.at,
        reads=dict(visit.rt.languages.languages()).get(view.composer.language, ""),
        problem=problem,
    )


def _case_id(visit: Visit) -> UUID:
    return _uuid(visit.request.path_params["case_id"])


def _uuid(written: str) -> UUID:
    try:
        return UUID(written)
    except ValueError:
        raise LookupError("E_CASE: there is no such case; look at the list") from None


def _reason(word: str) -> Reason | None:
    return Reason(word) if word in set(Reason) else None


@dataclass(frozen=True, slots=True)
class Ready:
    """A ready answer as the person gets it, and in the officer's own language."""

    name: str
    words: str
    meaning: str


async def _ready(visit: Visit, view: View) -> list[Ready]:
    if Action.CASE_REPLY not in view.may:
        return []
    language = view.composer.language
    return [
        Ready(
            each.name, text, "" if visit.language == language else each.text(visit.language) or ""
        )
        for each in await canned_replies.listing(visit.rt, visit.officer)
        if (text := each.text(language))
    ]


def _preview(visit: Visit, view: View, ready: list[Ready], draft: Draft) -> dict[str, str] | None:
    """The officer's words as the person will see them."""
    if not draft.preview or Action.CASE_REPLY not in view.may:
        return None
    language = view.composer.language
    chosen = next((each.words for each in ready if each.name == draft.canned), "")
    head = visit.rt.languages.render(desk.OFFICER_SAYS, language)
    return {
        "head": head,
        "words": draft.words or chosen,
        "lang": tag(language),
        "dir": direction(language),
    }


async def _colleagues(visit: Visit) -> list[tuple[str, str]]:
    (rows,) = await directory.asked(visit.rt, visit.officer, directory.team(visit.officer.mission))
    team = map(directory.read, rows)
    return [(str(each.id), each.name) for each in team if each.id != visit.officer.id]


def _missions(visit: Visit) -> list[tuple[str, str]]:
    others = (GENERAL, *(each.key for each in MISSIONS))
    return [(key, visit.say(desk_name(key))) for key in others if key != visit.officer.mission]


def _documents(visit: Visit) -> list[tuple[str, str]]:
    return [(key, visit.say(label)) for key, label in desk.DOCUMENTS.items()]


def _paper(key: str) -> Text:
    return desk.DOCUMENTS.get(key, desk.DOCUMENTS[desk.OTHER])


def _registered(view: View) -> bool:
    gone = ("withdrawing", "withdrawn")
    return any(each.kind == "registration" and each.state not in gone for each in view.registry)


def _releasable(view: View) -> bool:
    """Whether a paper is here that can go to the registry now."""
    ready = (each for each in view.papers if each.state is State.READY)
    return _registered(view) and any(each.paper != desk.OTHER for each in ready)


def _places(visit: Visit) -> list[tuple[str, str]]:
    """Where the bot may go on once the case is closed."""
    flows = [
        (flow.name, visit.say(flow.title))
        for flow in visit.rt.flows.values()
        if not flow.hands_over
    ]
    t_same, t_menu = console_labels.CASE["where_same"], console_labels.CASE["where_menu"]
    return [("", visit.say(t_same)), ("menu", visit.say(t_menu)), *flows]


# Acts


type Verb = Callable[..., Awaitable[ActionResult]]
type Told = Callable[[Visit, Form], dict[str, Any]]


def act(
    path: str,
    action: Action,
    what: str,
    verb: Verb,
    told: Told = lambda _visit, _form: {},
    writes: Writes = (),
) -> Route:
    """A form of the case page: a verb of the desk with what the form `told` it, then the case.

    What was written is never lost.
    """

    async def acted(visit: Visit, form: Form) -> Response:
        case_id = _case_id(visit)
        version = number(form.get("version", ""), otherwise=-1)
        try:
            more = told(visit, form)
            await verb(visit.rt, visit.officer, case_id, version, key=form.get("key", ""), **more)
        except CaseConflict as taken:
            return await shown(visit, 409, _draft(form), _taken(visit, taken))
        except Forbidden as error:
            return await shown(visit, 403, _draft(form), await _lost(visit, case_id, error))
        except desk.Refused as refused:
            label = console_labels.REFUSALS[refused.why.value]
            return await shown(visit, 422, _draft(form), visit.say(label))
        return done(_back(visit, case_id, what), what)

    return post(f"/cases/{{case_id}}/{path}", action, acted, writes)


def _draft(form: Form) -> Draft:
    return Draft(form.get("words", ""), form.get("canned", ""), form.get("note", ""))


async def _lost(visit: Visit, case_id: UUID, error: Forbidden) -> str:
    """Why it may not be done; by name, where it is a colleague who has the case now."""
    say, holder = visit.say(console_labels.WHYS[error.why]), ""
    if error.why is DenialReason.OWNER:
        view = await views.view(visit.rt, visit.officer, case_id)
        holder = view.line.holder
    t = console_labels.Wording(visit.rt.languages, visit.language)
    return t("taken_meanwhile", name=holder) if holder else say


def _taken(visit: Visit, taken: CaseConflict) -> str:
    t = console_labels.Wording(visit.rt.languages, visit.language)
    if taken.holder and taken.holder != visit.officer.name:
        return t("taken_meanwhile", name=taken.holder)
    return t("changed_meanwhile")


def _back(visit: Visit, case_id: UUID, what: str) -> str:
    """The case again, except where the officer has nothing more to do there."""
    if what in ("released", "transferred", "resolved", "snoozed"):
        return "/inbox?queue=mine"
    reason = _reason(visit.request.query_params.get("reason", ""))
    return case_path(case_id) + (f"?reason={reason}" if reason else "")


# What the forms tell the verbs


def _written(form: Form, name: str) -> str:
    """Free words, with the line ends that people's messengers have."""
    return form.get(name, "").replace("\r\n", "\n").strip()[:MAX_REPLY]


def _reply(_visit: Visit, form: Form) -> dict[str, Any]:
    return {"words": _written(form, "words"), "canned": form.get("canned", "")}


def _note(_visit: Visit, form: Form) -> dict[str, Any]:
    return {"words": _written(form, "note")}


def _document(_visit: Visit, form: Form) -> dict[str, Any]:
    return {"document": form.get("document", "")}


def _fill(_visit: Visit, form: Form) -> dict[str, Any]:
    return {"question": form.get("question", ""), "value": form.get("value", "").strip()}


def _transfer(_visit: Visit, form: Form) -> dict[str, Any]:
    return {"to": _to(form), "words": _written(form, "note")}


def _snooze(visit: Visit, form: Form) -> dict[str, Any]:
    return {"until": visit.now + SNOOZES.get(form.get("for", ""), SNOOZES["1h"])}


def _resolve(_visit: Visit, form: Form) -> dict[str, Any]:
    return {"where": form.get("where", "")}


def _to(form: Form) -> ToOfficer | ToMission | ToTopic:
    try:
        match form.get("to"):
            case "officer":
                return ToOfficer(UUID(form.get("officer", "")))
            case "mission":
                return ToMission(form.get("mission", "").strip())
            case _:
                return ToTopic(form.get("topic", ""))
    except ValueError:
        raise desk.Refused(Refusal.NO_OFFICER) from None


async def preview(visit: Visit, form: Form) -> Response:
    """The answer as the person will read it; nothing is sent."""
    wanted = Draft(form.get("words", "").strip(), form.get("canned", ""), preview=True)
    if not wanted.words and not wanted.canned:
        return await shown(visit, 422, problem=visit.say(console_labels.REFUSALS["empty"]))
    return await shown(visit, draft=wanted)


async def paper(visit: Visit) -> Response:
    """A page of a paper, by itself: pixels that we made, never the file that came."""
    at = visit.request.path_params
    asked = number(at["number"], otherwise=-1)
    if asked < 0:
        raise LookupError("E_CASE: there is no such page; look at the case")
    picture = await views.page(
        visit.rt, visit.officer, _case_id(visit), _uuid(at["upload_id"]), asked
    )
    named = {"Content-Disposition": 'inline; filename="page.jpg"'}
    return Response(picture, media_type="image/jpeg", headers=SENT | named)


async def answers(visit: Visit, form: Form) -> Response:
    """What the person answered, after a reason was given; the reading is audited."""
    case_id = _case_id(visit)
    reason = _reason(form.get("reason", ""))
    if reason is None:
        raise Forbidden(DenialReason.OWNER)
    found = await views.answers(
        visit.rt, visit.officer, case_id, reason, unmasked=bool(form.get("unmasked"))
    )
    view = await views.view(visit.rt, visit.officer, case_id, reason)
    return page(
        visit,
        "answers.html",
        view=view,
        case=view.line.case,
        case_id=case_id,
        reason=reason,
        found=found,
        unmasked=bool(form.get("unmasked")),
        may={action.value for action in view.may},
    )


ROUTES = [
    get("/cases/{case_id}", Action.CASE_READ, case),
    act("claim", Action.CASE_CLAIM, "claimed", desk.claim),
    act("take-over", Action.CASE_TAKE_OVER, "claimed", desk.take_over),
    act("release", Action.CASE_RELEASE, "released", desk.release),
    act("reply", Action.CASE_REPLY, "replied", desk.reply, _reply, ("words",)),
    post("/cases/{case_id}/preview", Action.CASE_REPLY, preview, ("words",)),
    act("note", Action.CASE_NOTE, "noted", desk.note, _note, ("note",)),
    act("document", Action.CASE_DOCUMENT, "asked", desk.ask_document, _document),
    act("papers", Action.CASE_PAPERS, "passed", desk.release_papers),
    get("/cases/{case_id}/papers/{upload_id}/{number}", Action.CASE_PAGE, paper),
    act("fill", Action.CASE_FILL, "filled", desk.fill, _fill, ("value",)),
    act("pin", Action.CASE_PIN, "pin_lifted", desk.lift_pin),
    act("transfer", Action.CASE_TRANSFER, "transferred", desk.transfer, _transfer, ("note",)),
    act("snooze", Action.CASE_SNOOZE, "snoozed", desk.snooze, _snooze),
    act("resolve", Action.CASE_RESOLVE, "resolved", desk.resolve, _resolve),
    post("/cases/{case_id}/answers", Action.CASE_ANSWERS, answers),
]
