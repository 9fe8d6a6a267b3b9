"""Reference page of log events, generated from the logger calls in the source."""

from collections import defaultdict

from bot.cli.reference.markdown import code, table
from bot.cli.reference.source import log_calls
from bot.observability import explanations
from bot.observability.metrics import ALARMING

_HEAD = """# Log events

The log is JSON lines on standard error, written by allow-list: event names, codes, counts, random
ids. Names, numbers, texts, addresses and tokens never reach it. Messages of other libraries are
reduced to place and level (`log.library`).

Events in **bold** fire an alert (see [runbooks](../how-to/runbooks.md)): each counts in
`kosh_alert_events_total`. Every event counts in `kosh_events_total` by event and code.

"""


def page() -> str:
    """Return the page of log events: first those with an explanation, then all of them.

    The second list has level and module of each event.
    """
    explained = [(code(each.event), each.happened, each.action) for each in explanations.events()]
    first = table(("event", "what happened", "what to do"), explained)
    return f"{_HEAD}## Events explained\n\n{first}\n## All events\n\n{_all()}"


def _all() -> str:
    places: dict[str, set[str]] = defaultdict(set)
    levels: dict[str, set[str]] = defaultdict(set)
    for event, level, path in log_calls():
        places[event].add(code(path.as_posix()))
        levels[event].add("error" if level == "exception" else level)
    rows = (
        (
            f"**{code(event)}**" if event in ALARMING else code(event),
            ", ".join(sorted(levels[event])),
            ", ".join(sorted(places[event])),
        )
        for event in sorted(places)
    )
    return table(("event", "level", "module"), rows)
