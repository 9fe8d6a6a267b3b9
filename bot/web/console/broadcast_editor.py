"""Writing an announcement, in five steps; each is saved by itself and can be come back to."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, time
from typing import Final
from uuid import UUID

from starlette.responses import Response

from bot import broadcasts
from bot.broadcasts import Broadcast, Count, Draft, Purpose, Refusal, Refused, Rule, Stale, Words
from bot.broadcasts.audience import REGISTERED, pushed
from bot.cases.canned_replies import BUILT
from bot.channels.limits import LIMITS
from bot.officers.permissions import Action
from bot.web.console import labels as console_labels
from bot.web.console.broadcast_preview import previews
from bot.web.console.labels_broadcasts import BROADCAST_STATES, MENDED_IN, PURPOSES, STANDS_AGAINST
from bot.web.console.rendering import done, labels, page
from bot.web.console.request_context import Form, Visit
from bot.web.console.routing import get, post
from bot.web.request_parsing import number
from flows.engine.text import Country, Text
from flows.knowledge.missions import MISSIONS
from flows.knowledge.offices import desk_name
from flows.knowledge.origins import ORIGINS
from flows.knowledge.programmes import PROGRAMMES
from flows.knowledge.regions import REGIONS
from flows.knowledge.topics import TOPICS, topic

STEPS: Final = ("purpose", "audience", "text", "test", "time")
# Of millions a count takes seconds: only where it is shown.
COUNTING: Final = ("audience", "time")


@dataclass(frozen=True, slots=True)
class Bound:
    """A part of the audience's rule: its choices, and those that are chosen."""

    name: str
    title: str
    choices: list[tuple[str, str]]
    chosen: tuple[str, ...]

    @property
    def values(self) -> str:
        return ", ".join(label for key, label in self.choices if key in self.chosen)


@dataclass(frozen=True, slots=True)
class Wrong:
    """What stands against sending it: in words, where, and the step that mends it."""

    words: str
    detail: str
    step: str


def broadcast_id(visit: Visit) -> UUID:
    try:
        return UUID(visit.request.path_params["broadcast_id"])
    except ValueError:
        raise LookupError("E_BROADCAST: there is no such broadcast; look at the list") from None


def path_of(found: Broadcast, more: str = "") -> str:
    return f"/broadcasts/{found.id}{more}"


# What is shown


async def new(visit: Visit) -> Response:
    """The first step of an announcement that does not exist yet."""
    return await _shown(visit, None, "purpose", Draft(Purpose.NEWS, "", {}))


async def step(visit: Visit) -> Response:
    found = await broadcasts.find(visit.rt, visit.officer, broadcast_id(visit))
    return await _shown(visit, found, _step(visit), found.draft)


def _step(visit: Visit) -> str:
    named: str = visit.request.path_params["step"]
    if named not in STEPS:
        raise LookupError("E_BROADCAST: there is no such step; look at the list")
    return named


async def _shown(
    visit: Visit,
    found: Broadcast | None,
    at: str,
    draft: Draft,
    status: int = 200,
    problem: str = "",
    yours: Draft | None = None,
) -> Response:
    """A step as it is filled in; what was typed and could not be kept is not lost: where somebody
    else changed it meanwhile, `yours` stands beside theirs."""
    wrong = await standing_against(visit, found) if found else []
    counts = found is not None and at in COUNTING
    count = await broadcasts.count(visit.rt, visit.officer, draft) if counts else Count()
    return page(
        visit,
        "composing.html",
        status,
        found=found,
        at=at,
        draft=draft,
        steps=[(name, _mark(found, draft, name, wrong)) for name in STEPS],
        wrong=wrong,
        count=count,
        table=counted(visit, count),
        out=left_out(visit, count),
        summary=list(summary(visit, draft)),
        bounds=list(bounds(visit, draft.rule)),
        purposes=labels(visit, PURPOSES),
        topics=[(each.key, visit.say(each.name)) for each in TOPICS],
        written=written(visit),
        built=[(code, own) for code, own in visit.rt.languages.languages() if code in BUILT],
        samples=broadcasts.samples(visit.rt, draft),
        previews=previews(visit.rt, draft),
        written_to=pushed(visit.rt),
        limit=_tightest(visit),
        untested={each.detail for each in wrong if each.step == "test"},
        estimate=broadcasts.estimate(visit.rt, draft, count),
        stars=broadcasts.estimate(visit.rt, replace(draft, paid=True), count).stars,
        local=lambda moment: moment and moment.astimezone(visit.zone).strftime("%Y-%m-%dT%H:%M"),
        yours=(yours or draft).texts,
        problem=problem,
    )


def written(visit: Visit) -> list[tuple[str, str]]:
    """The languages that somebody writes, each with its own name."""
    return [(code, own) for code, own in visit.rt.languages.languages() if code not in BUILT]


def _tightest(visit: Visit) -> tuple[str, int]:
    """The channel that takes the least, and how much: a text has to be one message on all."""
    name = min(pushed(visit.rt), key=lambda each: LIMITS[each].text_over_buttons)
    return console_labels.CHANNELS[name], LIMITS[name].text_over_buttons


def _mark(found: Broadcast | None, draft: Draft, name: str, wrong: list[Wrong]) -> str:
    """Whether a step is done; one that was not come to is open."""
    if found is None or any(each.step == name for each in wrong):
        return "open"
    return "open" if name in ("text", "test", "time") and not draft.texts else "done"


async def standing_against(visit: Visit, found: Broadcast) -> list[Wrong]:
    blockers = await broadcasts.blockers(visit.rt, visit.officer, found.id)
    return [
        Wrong(refusal(visit, each.why, each.detail), each.detail, MENDED_IN.get(each.why, ""))
        for each in blockers
    ]


def refusal(visit: Visit, why: Refusal, detail: str) -> str:
    """Why it can't be, in words; languages and states by their names."""
    names = dict(visit.rt.languages.languages())
    names |= {state: visit.say(label) for state, label in BROADCAST_STATES.items()}
    told = STANDS_AGAINST[why]
    parts = [names.get(part, part) for part in detail.split(": ")]
    values = (("detail", ": ".join(parts)),) if "{detail}" in told.msgid else ()
    return visit.say(Text(told.msgid, values))


# The audience in words


def bounds(visit: Visit, rule: Rule) -> Iterator[Bound]:
    t, say = console_labels.Wording(visit.rt.languages, visit.language), visit.say
    codes = tuple(dict.fromkeys((*ORIGINS, *rule.countries)))
    countries = [(each, say(Country(each))) for each in codes]
    programmes = [(each.key, say(each.name)) for each in PROGRAMMES]
    regions = [(each.key, say(each.name)) for each in REGIONS]
    registered = [(each, say(console_labels.REGISTRATION[each])) for each in REGISTERED]
    missions = [(each.key, say(desk_name(each.key))) for each in MISSIONS]
    forms = list(visit.rt.languages.languages())
    yield Bound("languages", t.written_forms, forms, rule.languages)
    yield Bound("channels", t.channels, list(console_labels.CHANNELS.items()), rule.channels)
    yield Bound("countries", t.told_country, countries, rule.countries)
    yield Bound("programmes", t.told_programme, programmes, rule.programmes)
    yield Bound("regions", t.told_region, regions, rule.regions)
    yield Bound("registration", t.states_of_registration, registered, rule.registration)
    yield Bound("missions", t.mission_of, missions, rule.missions)


def summary(visit: Visit, draft: Draft) -> Iterator[str]:
    """Who gets it, in sentences."""
    t = console_labels.Wording(visit.rt.languages, visit.language)
    if draft.purpose is Purpose.SERVICE and draft.rule.registration:
        yield t.aud_service
    elif draft.topic:
        yield t("aud_topic", topic=visit.say(topic(draft.topic).name))
    for each in bounds(visit, draft.rule):
        if each.chosen:
            yield t("aud_only", what=each.title, values=each.values)


@dataclass(frozen=True, slots=True)
class Table:
    """How many get it: a line for each written form, a figure for each channel and their sum."""

    channels: list[str]
    lines: list[tuple[str, list[int]]]


def counted(visit: Visit, count: Count) -> Table:
    """Only forms and channels by which anybody gets it."""
    channels = [each for each in console_labels.CHANNELS if count.on(each)]
    lines = [
        (own, [count.included.get((code, channel), 0) for channel in channels])
        for code, own in visit.rt.languages.languages()
    ]
    told = [(own, [*figures, sum(figures)]) for own, figures in lines if any(figures)]
    return Table([console_labels.CHANNELS[each] for each in channels], told)


def left_out(visit: Visit, count: Count) -> list[tuple[str, int]]:
    t = console_labels.Wording(visit.rt.languages, visit.language)
    return [(t(f"out_{reason}"), many) for reason, many in sorted(count.excluded.items()) if many]


# What is saved


async def begin(visit: Visit, form: Form) -> Response:
    """The first step of a new one makes it; nothing of it goes to anybody."""
    wanted = _purpose(Draft(Purpose.NEWS, "", {}), visit, form)
    try:
        found = await broadcasts.draft(visit.rt, visit.officer, wanted)
    except Refused as error:
        said = refusal(visit, error.why, error.detail)
        return await _shown(visit, None, "purpose", wanted, 422, said)
    return done(path_of(found, "/write/audience"), "drafted")


async def save(visit: Visit, form: Form) -> Response:
    """Keep a step, then go to the next, or stay to look at it."""
    at = _step(visit)
    found = await broadcasts.find(visit.rt, visit.officer, broadcast_id(visit))
    version = number(form.get("version", ""), otherwise=-1)
    wanted = FILLED[at](found.draft, visit, form)
    try:
        await broadcasts.edit(visit.rt, visit.officer, found.id, wanted, version)
    except Refused as error:
        said = refusal(visit, error.why, error.detail)
        return await _shown(visit, found, at, wanted, 422, said)
    except Stale:
        said = visit.say(console_labels.WORDS["stale"])
        return await _shown(visit, found, at, found.draft, 409, said, wanted)
    onward = at if form.get("stay") else STEPS[STEPS.index(at) + 1] if at != "time" else ""
    return done(path_of(found, f"/write/{onward}" if onward else ""), "saved")


def _purpose(draft: Draft, visit: Visit, form: Form) -> Draft:
    named, about = form.get("purpose", ""), form.get("topic", "")
    return replace(
        draft,
        purpose=Purpose(named) if named in set(Purpose) else Purpose.NEWS,
        topic=about if about in {each.key for each in TOPICS} else "",
        why=form.get("why", "").strip()[:500],
    )


def _audience(draft: Draft, visit: Visit, form: Form) -> Draft:
    known = {each.name: {key for key, _label in each.choices} for each in bounds(visit, Rule())}
    chosen = {
        name: tuple(key for key in form.get(name, "").split("\n") if key in keys)
        for name, keys in known.items()
    }
    return replace(draft, rule=Rule(**chosen))


def _text(draft: Draft, visit: Visit, form: Form) -> Draft:
    told = {
        code: Words(
            form.get(f"text_{code}", "").replace("\r\n", "\n").strip(),
            form.get(f"template_{code}", "").strip(),
        )
        for code, _own in written(visit)
    }
    return replace(draft, texts={code: each for code, each in told.items() if each.body})


def _time(draft: Draft, visit: Visit, form: Form) -> Draft:
    """ValueError never: what can't be read as a time is none."""
    opens, closes = _hour(form.get("quiet_from", "")), _hour(form.get("quiet_until", ""))
    quiet = (opens, closes) if opens is not None and closes is not None else draft.quiet
    return replace(
        draft,
        not_before=_moment(visit, form.get("not_before", "")),
        not_later_than=_moment(visit, form.get("not_later_than", "")),
        quiet=None if form.get("any_hour") else quiet,
        paid=bool(form.get("paid")),
    )


def _moment(visit: Visit, written: str) -> datetime | None:
    try:
        return datetime.fromisoformat(written).replace(tzinfo=visit.zone)
    except ValueError:
        return None


def _hour(written: str) -> time | None:
    try:
        return time.fromisoformat(written)
    except ValueError:
        return None


def _nothing(draft: Draft, visit: Visit, form: Form) -> Draft:
    return draft


type Filled = Callable[[Draft, Visit, Form], Draft]
FILLED: Mapping[str, Filled] = {
    "purpose": _purpose,
    "audience": _audience,
    "text": _text,
    "test": _nothing,
    "time": _time,
}


# What is ticked for an audience is work too.
WRITES = ("why", "text_", "template_", "not_", "quiet_", *Rule.__struct_fields__)


async def count(visit: Visit, form: Form) -> Response:
    """The audience step as it would be with what is ticked now; nothing is kept."""
    found = await broadcasts.find(visit.rt, visit.officer, broadcast_id(visit))
    return await _shown(visit, found, "audience", _audience(found.draft, visit, form))


async def test(visit: Visit, form: Form) -> Response:
    """Send one language to the test phones."""
    found = await broadcasts.find(visit.rt, visit.officer, broadcast_id(visit))
    try:
        await broadcasts.test_send(visit.rt, visit.officer, found.id, form.get("language", ""))
    except Refused as error:
        said = refusal(visit, error.why, error.detail)
        return await _shown(visit, found, "test", found.draft, 422, said)
    return done(path_of(found, "/write/test"), "tested")


ROUTES = [
    get("/broadcasts/new", Action.BROADCAST_DRAFT, new),
    post("/broadcasts", Action.BROADCAST_DRAFT, begin, ("why",)),
    get("/broadcasts/{broadcast_id}/write/{step}", Action.BROADCAST_DRAFT, step),
    post("/broadcasts/{broadcast_id}/write/{step}", Action.BROADCAST_DRAFT, save, WRITES),
    post("/broadcasts/{broadcast_id}/count", Action.BROADCAST_DRAFT, count),
    post("/broadcasts/{broadcast_id}/test", Action.BROADCAST_DRAFT, test),
]
