"""Render the rows of lists of cases; equal rows are rendered once and cached for all officers.

A case is a person's request to officers.
"""

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from markupsafe import Markup

from bot.desk.views import CaseRow
from bot.i18n import tag
from bot.web.console.rendering import clock_of, macro, span_of, wording
from bot.web.console.request_context import RequestContext

MAX_ROWS = 4096
# Rows show waiting times in minutes, so a cached row that is 10 s old is off by at most one minute.
ROW_SECONDS = 10

_rendered: OrderedDict[tuple[Any, ...], Markup] = OrderedDict()


def rows(
    context: RequestContext,
    lines: Sequence[CaseRow],
    kept: str = "",
    now: UUID | None = None,
    *,
    bulk: bool = False,
) -> Markup:
    """Return the rendered rows of a list of cases.

    `kept` is the URL query that is appended to each link to a case, so that the case's page shows
    the same list. `now` is the id of the case whose page contains the list, or None. `bulk` adds a
    checkbox to each row.
    """
    frame = (
        context.language, context.zone.key, int(context.now.timestamp() // ROW_SECONDS), kept, bulk,
    )  # fmt: skip
    return Markup("").join(_row(context, each, now, frame) for each in lines)


def _row(
    context: RequestContext, line: CaseRow, now: UUID | None, frame: tuple[Any, ...]
) -> Markup:
    *_times, kept, bulk = frame
    is_shown = line.case.id == now
    key = (line, is_shown, *frame)
    found = _rendered.pop(key, None)
    if found is None:
        found = _render(context, line, kept, is_shown=is_shown, bulk=bulk)
    _rendered[key] = found
    if len(_rendered) > MAX_ROWS:
        _rendered.popitem(last=False)
    return found


def _render(
    context: RequestContext, line: CaseRow, kept: str, *, is_shown: bool, bulk: bool
) -> Markup:
    languages = context.rt.languages
    return macro("case_macros.html", "line")(
        line,
        wording(languages, context.language),
        context.say,
        clock_of(context),
        span_of(context),
        lambda when: when - context.now,
        lambda when: context.now - when,
        languages.languages(),
        tag,
        kept,
        is_shown,
        bulk,
    )
