"""Forms that lead to each distinct question or end of every flow."""

from functools import cache

from flows import FLOWS
from flows.engine import exhaustive_walk, screens
from flows.engine.flow import Flow, Form, Path, Step, options, path, shown


@cache
def forms() -> tuple[tuple[Flow, Form], ...]:
    """Return one (flow, form) for each distinct question and each end of every flow.

    The form contains the answers with which the engine's walk first reaches the question.
    """
    found: dict[object, tuple[Flow, Form]] = {}
    for flow in FLOWS.values():
        later, seen, todo = exhaustive_walk._read_later(flow), set[object](), [Form()]
        while todo:
            form = todo.pop()
            road = path(flow, form)
            stop = road.current(None)
            found.setdefault((flow.name, _asks(road, stop, form)), (flow, form))
            if stop is None or (state := exhaustive_walk._state(stop, road, form, later)) in seen:
                continue
            seen.add(state)
            todo += [
                way for way in exhaustive_walk._ways(flow, stop, form) if isinstance(way, Form)
            ]
    return tuple(found.values())


def _asks(road: Path, stop: Step | None, form: Form) -> object:
    """Return everything on which the text and buttons of the open question `stop` depend.

    Return all answers if no question is open.
    """
    if stop is None:
        return tuple(road.answers.items())
    details = screens.details(stop, road, hide=False)
    first = road.before(stop.key) is None
    return stop.key, tuple(options(stop, form)), shown(stop), first, details
