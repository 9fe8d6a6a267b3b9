"""How pages of the console are made: templates, words, times as people say them."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from bot.i18n import direction, tag
from bot.officers.permissions import Action
from bot.runtime import Runtime
from bot.web.console import labels as console_labels
from bot.web.console import labels_audit, labels_broadcasts
from bot.web.console.labels import Wording
from bot.web.console.request_context import ROOT, Visit, fresh_key, hinted
from flows.engine.text import Label
from flows.knowledge.offices import desk_name
from flows.knowledge.topics import TOPICS

SENT = {
    "Cache-Control": "no-store",
    "Strict-Transport-Security": "max-age=31536000",
}

# What stands in the menu, each with what one must be able to do there.
MENU: tuple[tuple[str, str, Action], ...] = (
    ("inbox", "/inbox", Action.CASE_LIST),
    ("now", "/now", Action.QUEUE_LIVE),
    ("statistics", "/statistics", Action.STATISTICS_READ),
    ("canned", "/canned", Action.CANNED_READ),
    ("hours", "/hours", Action.HOURS_READ),
    ("broadcasts", "/broadcasts", Action.BROADCAST_READ),
    ("officers", "/officers", Action.OFFICERS_READ),
    ("glass", "/glass", Action.GLASS_READ),
    ("audit", "/audit", Action.AUDIT_READ),
)

UNDER = {
    "case.html": "inbox",
    "answers.html": "inbox",
    "reason.html": "inbox",
    "composing.html": "broadcasts",
    "approval.html": "broadcasts",
    "broadcast.html": "broadcasts",
    "glass_case.html": "glass",
}

_templates = Environment(
    loader=FileSystemLoader(Path(__file__).parents[1] / "templates" / "console"),
    autoescape=True,
    undefined=StrictUndefined,
    auto_reload=False,
    trim_blocks=True,
    lstrip_blocks=True,
)
# Thousands apart, by a space that does not break: as all of our languages write them.
_templates.filters["figure"] = lambda many: f"{many:,}".replace(",", "\u202f")
_templates.globals |= {
    "ROOT": ROOT,
    "TOPICS": console_labels.TOPICS,
    "CHANNELS": console_labels.CHANNELS,
    "STATES": console_labels.STATES,
    "DELIVERIES": console_labels.DELIVERIES,
    "PAPERS": console_labels.PAPERS,
    "REASONS": console_labels.REASONS,
    "RATINGS": console_labels.RATINGS,
    "ROLES": console_labels.ROLES,
    "TOPIC_NAMES": {each.key: each.name for each in TOPICS},
    "PURPOSES": labels_broadcasts.PURPOSES,
    "BROADCAST_STATES": labels_broadcasts.BROADCAST_STATES,
    "BROADCAST_LOOKS": labels_broadcasts.BROADCAST_LOOKS,
    "FATES": labels_broadcasts.FATES,
    "ACTS": labels_broadcasts.ACTS,
    "LOGGED": labels_audit.LOGGED,
    "REGISTRY_SENT": labels_audit.SENT,
    "REGISTRY_STANDS": labels_audit.STANDS,
    "REGISTRY_BECAUSE": labels_audit.BECAUSE,
    "fresh_key": fresh_key,
    "lang_tag": tag,
    "lang_dir": direction,
    "desk_name": desk_name,
}


def page(visit: Visit, template: str, status: int = 200, **context: Any) -> Response:
    """A page for a signed-in officer."""
    done = visit.request.query_params.get("done", "")
    frame = _frame(visit.rt, visit.language) | {
        "visit": visit,
        "officer": visit.officer,
        "csrf": visit.csrf,
        "menu": [(name, ROOT + path) for name, path, action in MENU if visit.may(action)],
        "here": UNDER.get(template, template.partition(".")[0]),
        "done": f"done_{done}" if f"done_{done}" in console_labels.WORDS else "",
        "clock": clock_of(visit),
        "span": span_of(visit),
        "until": lambda when: when - visit.now,
        "since": lambda when: visit.now - when,
        "problem": "",
    }
    html = _templates.get_template(template).render(frame | context)
    return HTMLResponse(html, status, headers=SENT)


def bare(request: Request, template: str, status: int = 200, **context: Any) -> Response:
    """A page for somebody who is not signed in."""
    rt: Runtime = request.app.state.rt
    chosen = request.query_params.get("language", "")
    offered = [code for code, _name in rt.languages.languages()]
    language = chosen if chosen in offered else hinted(request, rt)
    html = _templates.get_template(template).render(_frame(rt, language) | context)
    return HTMLResponse(html, status, headers=SENT)


def _frame(rt: Runtime, language: str) -> dict[str, Any]:
    def say(label: Label) -> str:
        return rt.languages.render(label, language)

    return {
        "t": Wording(rt.languages, language),
        "say": say,
        "language": language,
        "lang": tag(language),
        "dir": direction(language),
        "languages": rt.languages.languages(),
        "demo": rt.settings.demo,
    }


def done(path: str, what: str) -> Response:
    """Where the browser goes after something was done, and what it says there."""
    mark = "&" if "?" in path else "?"
    return RedirectResponse(f"{ROOT}{path}{mark}done={what}", 303)


def clock_of(visit: Visit) -> Callable[[datetime | None], str]:
    """Moments as an officer reads them: the time today, else with the day."""
    zone = visit.zone
    today = visit.now.astimezone(zone).date()

    def clock(moment: datetime | None) -> str:
        if moment is None:
            return ""
        local = moment.astimezone(zone)
        return local.strftime("%H:%M" if local.date() == today else "%d.%m. %H:%M")

    return clock


def span_of(visit: Visit) -> Callable[[timedelta], str]:
    """Lengths of time in words, as exact as one needs them."""
    t = Wording(visit.rt.languages, visit.language)

    def span(length: timedelta) -> str:
        minutes = abs(int(length.total_seconds())) // 60
        if minutes < 1:
            return t("moments")
        if minutes < 60:
            return t("minutes", count=minutes)
        if minutes < 48 * 60:
            return t("hours_minutes", hours=minutes // 60, minutes=minutes % 60)
        return t("days", count=minutes // 1440, hours=minutes % 1440 // 60)

    return span


def labels(visit: Visit, known: Mapping[str, Label]) -> list[tuple[str, str]]:
    """Choices for a form, each with its label."""
    return [(key, visit.say(label)) for key, label in known.items()]
