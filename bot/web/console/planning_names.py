"""Labels for the dimensions of planning figures and for their values, which are registry codes."""

import re

from bot.i18n import tag
from bot.registrations.registry_codes import CODES, LANGUAGES
from bot.registry.planning import Dimension, Figures
from bot.web.console.labels import WORDS
from bot.web.console.request_context import RequestContext
from flows.engine.questions import Choice
from flows.engine.text import Country
from flows.preregistration.after_consent import (
    OCCUPATION,
    RESIDENCE,
    SUPPORT_NEEDED,
    TARGET_REGION,
    TIMEFRAME,
)

ALL = "*"
"""The registry's value of a dimension in totals."""

_COUNTRY = re.compile("[A-Z]{2}", re.ASCII)
_QUESTIONS: dict[Dimension, Choice] = {
    "region": TARGET_REGION,
    "timeframe": TIMEFRAME,
    "trade": OCCUPATION,
    "support": SUPPORT_NEEDED,
}
# Labels of values that are no registry codes: undecided or missing answers, and totals.
_UNANSWERED = {
    "UNDECIDED": TIMEFRAME.among[-1].label,
    "NOT_GIVEN": WORDS["planning_not_given"],
    "NOT_ASKED": WORDS["planning_not_asked"],
    ALL: WORDS["planning_all"],
}


def axis_names(context: RequestContext) -> dict[Dimension, str]:
    """Return the label of each dimension by which people can be counted."""
    labels = {each: question.label for each, question in _QUESTIONS.items()}
    return {
        "age": context.say(WORDS["planning_age"]),
        **{each: context.say(label) for each, label in labels.items()},
        "country": context.say(RESIDENCE.label),
        "language": context.say(WORDS["language"]),
    }


def value_names(context: RequestContext, found: Figures) -> list[dict[str, str]]:
    """Return for each dimension of the figures the labels of its values.

    An unknown registry code is its own label.
    """
    return [
        {
            value: _name(context, dimension, value)
            for value in dict.fromkeys(each.values[axis] for each in found.cells)
        }
        for axis, dimension in enumerate(found.by)
    ]


def region_names(context: RequestContext) -> dict[str, str]:
    """Return the labels of all regions by ISO 3166-2 code."""
    return {
        code: context.say(option.label)
        for option in TARGET_REGION.among
        if (code := CODES["target_region"][option.key])
    }


def _name(context: RequestContext, dimension: Dimension, value: str) -> str:
    if value in _UNANSWERED:
        return context.say(_UNANSWERED[value])
    if question := _QUESTIONS.get(dimension):
        codes = CODES[question.name]
        label = next((each.label for each in question.among if codes[each.key] == value), None)
        return context.say(label) if label else value
    if dimension == "country" and _COUNTRY.fullmatch(value):
        return context.say(Country(value))
    if dimension == "language":
        offered = context.rt.languages.languages()
        names = {LANGUAGES.get(code, tag(code)): own for code, own in offered}
        return names.get(value, value)
    return value.replace("-", "–")
