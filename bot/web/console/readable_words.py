"""Words of a case that the officer cannot read as they are: other script, other language."""

from collections.abc import Mapping
from typing import Any

from bot.desk.views import View
from bot.i18n import reader_script
from bot.web.console.request_context import RequestContext


def of_case(context: RequestContext, view: View, translated: Mapping[int, str]) -> dict[str, Any]:
    """Return what makes words readable: the officer's script, and translations by machine."""
    return {
        "readable": _in_script(context, view),
        "foreign": _foreign(context, view),
        "translates": context.rt.translator is not None,
        "translated": translated,
    }


def _in_script(context: RequestContext, view: View) -> dict[int, tuple[str, str]]:
    """Return the person's words in the officer's script, by message, where they need it."""
    language = context.language
    found = ((each.id, reader_script.for_officer(each.words, language)) for each in view.thread
             if each.by == "person")  # fmt: skip
    return {number: converted for number, converted in found if converted}


def _foreign(context: RequestContext, view: View) -> set[int]:
    """Return the person's messages in another language that may be translated."""
    if not context.rt.settings.translates_people:
        return set()
    said = (each for each in view.thread if each.by == "person")
    return {each.id for each in said if reader_script.other_language(each.words, context.language)}
