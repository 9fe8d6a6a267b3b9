"""Render pages of the console: templates, labels, and times as text."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from fastapi import Request
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import HTMLResponse, RedirectResponse, Response

from bot.i18n import Languages, direction, tag
from bot.officers.permissions import Action
from bot.runtime import Runtime
from bot.web.console import labels as console_labels
from bot.web.console import labels_audit, labels_broadcasts, labels_bursts, labels_content
from bot.web.console.labels import Wording
from bot.web.console.labels_common import ROLES
from bot.web.console.labels_webhooks import WEBHOOK_REASONS
from bot.web.console.manual import section_of
from bot.web.console.request_context import ROOT, RequestContext, fresh_key, preferred_language
from flows.engine import limit_screens
from flows.engine.text import Label
from flows.knowledge.offices import desk_name
from flows.knowledge.topics import TOPICS

PAGE_HEADERS = {
    "Cache-Control": "no-store",
    "Strict-Transport-Security": "max-age=31536000",
}

# Menu entries as name, path and the permission that an officer needs to see the entry.
MENU: tuple[tuple[str, str, Action], ...] = (
    ("inbox", "/inbox", Action.CASE_LIST),
    ("now", "/now", Action.QUEUE_LIVE),
    ("statistics", "/statistics", Action.STATISTICS_READ),
    ("planning", "/planning", Action.PLANNING_READ),
    ("referrers", "/referrers", Action.REFERRER_READ),
    ("bursts", "/bursts", Action.BURST_READ),
    ("limits", "/limits", Action.LIMITS_READ),
    ("canned", "/canned", Action.CANNED_READ),
    ("hours", "/hours", Action.HOURS_READ),
    ("broadcasts", "/broadcasts", Action.BROADCAST_READ),
    ("phrases", "/phrases", Action.PHRASES_REVIEW),
    ("content", "/content", Action.CONTENT_READ),
    ("texts", "/texts", Action.WORDING_READ),
    ("officers", "/officers", Action.OFFICERS_READ),
    ("webhooks", "/webhooks", Action.WEBHOOK_READ),
    ("break_glass", "/break-glass", Action.BREAK_GLASS_READ),
    ("audit", "/audit", Action.AUDIT_READ),
)

# The menu entry of each template whose file name differs from the entry's name.
MENU_ENTRIES = {
    "case.html": "inbox",
    "answers.html": "inbox",
    "reason.html": "inbox",
    "case_canned.html": "inbox",
    "labels.html": "inbox",
    "answer_statistics.html": "statistics",
    "forms.html": "canned",
    "live_queue.html": "now",
    "canned_replies.html": "canned",
    "working_hours.html": "hours",
    "audit_log.html": "audit",
    "my_account.html": "own",
    "content_item.html": "content",
    "content_ends.html": "content",
    "text.html": "texts",
    "case_facts.html": "inbox",
    "broadcast_editor.html": "broadcasts",
    "broadcast_approval.html": "broadcasts",
    "broadcast_progress.html": "broadcasts",
    "break_glass_case.html": "break_glass",
}

_templates = Environment(
    loader=FileSystemLoader(Path(__file__).parents[1] / "templates" / "console"),
    autoescape=True,
    undefined=StrictUndefined,
    auto_reload=False,
    trim_blocks=True,
    lstrip_blocks=True,
)
# Thousands are grouped with a narrow no-break space, which is correct in all languages of Kosh.
_templates.filters["figure"] = lambda many: f"{many:,}".replace(",", "\u202f")
_templates.globals |= {
    "ROOT": ROOT,
    "TOPICS": console_labels.ALL_TOPICS,
    "CHANNELS": console_labels.CHANNELS,
    "STATES": console_labels.STATES,
    "DELIVERIES": console_labels.DELIVERIES,
    "PAPERS": console_labels.PAPERS,
    "REASONS": console_labels.REASONS,
    "RATINGS": console_labels.RATINGS,
    "ROLES": ROLES,
    "TOPIC_NAMES": {each.key: each.name for each in TOPICS},
    "PURPOSES": labels_broadcasts.PURPOSES,
    "BROADCAST_STATES": labels_broadcasts.BROADCAST_STATES,
    "BROADCAST_LOOKS": labels_broadcasts.BROADCAST_LOOKS,
    "STATUSES": labels_broadcasts.STATUSES,
    "ACTS": labels_broadcasts.ACTS,
    "CONTENT_KINDS": labels_content.KINDS,
    "CONTENT_STATES": labels_content.STATES,
    "CONTENT_LOOKS": labels_content.STATE_LOOKS,
    "LOGGED": labels_audit.LOGGED,
    "REGISTRY_SENT": labels_audit.SENT,
    "REGISTRY_STANDS": labels_audit.REGISTRY_STATES,
    "REGISTRY_BECAUSE": labels_audit.BECAUSE,
    "SPENDINGS": labels_bursts.SPENDINGS,
    "SPAM_REASONS": labels_bursts.SPAM_REASONS,
    "LIMIT_REASONS": limit_screens.REASONS,
    "WEBHOOK_REASONS": WEBHOOK_REASONS,
    "fresh_key": fresh_key,
    "lang_tag": tag,
    "lang_dir": direction,
    "desk_name": desk_name,
}


@lru_cache(maxsize=512)
def _options(choices: tuple[tuple[str, str], ...], chosen: str) -> Markup:
    """Return the HTML options of a select field; cached, because many pages have equal options."""
    option = Markup('<option value="{}"{}>{}</option>')
    selected = Markup(" selected")
    return Markup("").join(
        option.format(key, selected if key == chosen else "", words) for key, words in choices
    )


def options(choices: Iterable[tuple[str, str]], chosen: str = "") -> Markup:
    """Return the HTML options of a select field; `choices` are pairs of key and label."""
    return _options(tuple((str(key), words) for key, words in choices), str(chosen))


_templates.globals["options"] = options


def macro(template: str, name: str) -> Callable[..., Markup]:
    """Return a template's macro, so that Python code can render only this macro and no page."""
    found: Callable[..., Markup] = getattr(_templates.get_template(template).module, name)
    return found


@lru_cache(maxsize=16)
def wording(languages: Languages, language: str) -> Wording:
    """Return the console's texts in a language; cached, so that pages share the rendered texts."""
    return Wording(languages, language)


def page(context: RequestContext, template: str, status: int = 200, **values: Any) -> Response:
    """Return a rendered page for a signed-in officer."""
    done = context.request.query_params.get("done", "")
    here = MENU_ENTRIES.get(template, template.partition(".")[0])
    frame = _frame(context.rt, context.language) | {
        "context": context,
        "officer": context.officer,
        "csrf": context.csrf,
        "menu": [(name, ROOT + path) for name, path, action in MENU if context.may(action)],
        "here": here,
        "manual": f"{ROOT}/help#{section_of(template, here)}",
        "done": f"done_{done}" if f"done_{done}" in console_labels.WORDS else "",
        "clock": clock_of(context),
        "span": span_of(context),
        "until": lambda when: when - context.now,
        "since": lambda when: context.now - when,
        "problem": "",
        "unsent": "",
    }
    html = _templates.get_template(template).render(frame | values)
    return HTMLResponse(html, status, headers=PAGE_HEADERS)


def signed_out_page(
    request: Request,
    template: str,
    status: int = 200,
    *,
    query: Mapping[str, str] | None = None,
    **values: Any,
) -> Response:
    """Return a rendered page for a visitor who is not signed in.

    The links to other languages keep the parameters `query`, such as the token of an invitation.
    """
    rt: Runtime = request.app.state.rt
    chosen = request.query_params.get("language", "")
    offered = [code for code, _name in rt.languages.languages()]
    language = chosen if chosen in offered else preferred_language(request, rt)
    kept = {name: value for name, value in (query or {}).items() if value}
    links = {code: f"?{urlencode(kept | {'language': code})}" for code in offered}
    frame = _frame(rt, language) | {"language_links": links}
    html = _templates.get_template(template).render(frame | values)
    return HTMLResponse(html, status, headers=PAGE_HEADERS)


def _frame(rt: Runtime, language: str) -> dict[str, Any]:
    def say(label: Label) -> str:
        return rt.languages.render(label, language)

    return {
        "t": wording(rt.languages, language),
        "say": say,
        "language": language,
        "lang": tag(language),
        "dir": direction(language),
        "languages": rt.languages.languages(),
        "demo": rt.settings.demo,
    }


def redirect(path: str, notice: str) -> Response:
    """Redirect to a page of the console after an action.

    `path` is relative to the console's root. The page shows the notice with the key `notice`.
    """
    separator = "&" if "?" in path else "?"
    return RedirectResponse(f"{ROOT}{path}{separator}done={notice}", 303)


def clock_of(context: RequestContext) -> Callable[[datetime | None], str]:
    """Return a function that formats a time (or None) in the officer's time zone.

    The function returns hours and minutes for a time of today, with the date for other days, with
    the year for other years, and "" for None.
    """
    zone = context.zone
    today = context.now.astimezone(zone).date()

    def clock(moment: datetime | None) -> str:
        if moment is None:
            return ""
        local = moment.astimezone(zone)
        if local.year != today.year:
            return local.strftime("%d.%m.%Y %H:%M")
        return local.strftime("%H:%M" if local.date() == today else "%d.%m. %H:%M")

    return clock


def span_of(context: RequestContext) -> Callable[[timedelta], str]:
    """Return a function that formats durations as minutes, hours and minutes, or days and hours."""
    t = wording(context.rt.languages, context.language)

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


def labels(context: RequestContext, known: Mapping[str, Label]) -> list[tuple[str, str]]:
    """Return the choices of a form field as pairs of key and label in the officer's language."""
    return [(key, context.say(label)) for key, label in known.items()]
