"""Make messages readable that are in a script or language that the officer does not read.

A message in another script is converted. For a message in another language, a translation is
offered.
"""

from collections.abc import Mapping
from typing import Any

from bot.desk.views import View
from bot.i18n import reader_script
from bot.web.console.request_context import RequestContext


def of_case(context: RequestContext, view: View, translated: Mapping[int, str]) -> dict[str, Any]:
    """Return the template values that help an officer to read the messages of a case.

    They are the messages converted to the officer's script, the ids of messages in a foreign
    language, and `translated`, the machine translations by message number.
    """
    return {
        "readable": _in_script(context, view),
        "foreign": _foreign(context, view),
        "translates": context.rt.translator is not None,
        "translated": translated,
    }


def _in_script(context: RequestContext, view: View) -> dict[int, tuple[str, str]]:
    """Return the person's messages converted to the officer's script, by message id.

    Messages that need no conversion are omitted.
    """
    language = context.language
    found = ((each.id, reader_script.for_officer(each.words, language)) for each in view.thread
             if each.by == "person")  # fmt: skip
    return {number: converted for number, converted in found if converted}


def _foreign(context: RequestContext, view: View) -> set[int]:
    """Return the ids of the person's messages that are not in the officer's language.

    Return an empty set if the settings do not allow translation of people's messages.
    """
    if not context.rt.settings.translates_people:
        return set()
    messages = (each for each in view.thread if each.by == "person")
    return {
        each.id for each in messages if reader_script.other_language(each.words, context.language)
    }
