"""The choices in the forms of a case's page, such as colleagues, topics and reasons."""

from collections.abc import Container, Sequence
from datetime import timedelta
from typing import Any

from bot import desk
from bot.attachments.form_library import LibraryForm
from bot.desk import limiting
from bot.desk.views import View
from bot.web.console import labels as console_labels
from bot.web.console.rendering import labels
from bot.web.console.request_context import RequestContext
from flows.engine import limit_screens
from flows.knowledge.missions import GENERAL, MISSIONS
from flows.knowledge.offices import desk_name
from flows.replies import REPLIES

SNOOZES = {
    "1h": timedelta(hours=1),
    "4h": timedelta(hours=4),
    "1d": timedelta(days=1),
    "3d": timedelta(days=3),
    "7d": timedelta(days=7),
}


def forms(view: View, library: Sequence[LibraryForm]) -> list[tuple[str, str]]:
    """Return the blank application forms in the person's language, as pairs of value and label."""
    language = view.composer.language
    languages = (language, desk.SAME_LANGUAGE.get(language, ""))
    names = dict.fromkeys(each.name for each in library if each.language in languages)
    return [(name, name) for name in names]


def choices(context: RequestContext, staffed: Container[str]) -> dict[str, Any]:
    """Return the choices in the page's forms that do not depend on the case.

    `staffed` are the missions with officers. A case can be passed to these and to the general desk.
    """
    return {
        "reasons": labels(context, console_labels.REASONS),
        "missions": _missions(context, staffed),
        "documents": _documents(context),
        "topics": labels(context, console_labels.TOPICS),
        "snoozes": [(name, f"snooze_{name}") for name in SNOOZES],
        "places": _places(context),
        "intents": answerable_intents(context),
    }


def limit_choices(context: RequestContext) -> dict[str, Any]:
    """Return the choices in the form that limits a person's messages."""
    t = console_labels.Wording(context.rt.languages, context.language)
    numbers = ((each, t("limit_a_day", count=each)) for each in limiting.PER_DAY if each)
    return {
        "limit_numbers": [*numbers, (0, t("limit_block"))],
        "limit_days": [(each, str(each)) for each in limiting.DAYS],
        "limit_reasons": labels(context, limit_screens.REASONS),
    }


def _missions(context: RequestContext, staffed: Container[str]) -> list[tuple[str, str]]:
    others = (GENERAL, *(each.key for each in MISSIONS if each.key in staffed))
    return [(key, context.say(desk_name(key))) for key in others if key != context.officer.mission]


def _documents(context: RequestContext) -> list[tuple[str, str]]:
    return [(key, context.say(label)) for key, label in desk.DOCUMENTS.items()]


def _places(context: RequestContext) -> list[tuple[str, str]]:
    """Return the places where the bot can continue after a case, as pairs of value and label."""
    flows = [
        (flow.name, context.say(flow.title))
        for flow in context.rt.flows.values()
        if not flow.hands_over
    ]
    t_same, t_menu = console_labels.CASE["where_same"], console_labels.CASE["where_menu"]
    return [("", context.say(t_same)), ("menu", context.say(t_menu)), *flows]


def answerable_intents(context: RequestContext) -> list[tuple[str, str]]:
    """Return the questions that Kosh can answer, as pairs of intent id and label."""
    return [(each.intent, context.say(each.label)) for each in REPLIES.values() if each.label]
