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
            form_path = path(flow, form)
            step = form_path.current(None)
            found.setdefault((flow.name, _asks(form_path, step, form)), (flow, form))
            if (
                step is None
                or (state := exhaustive_walk._state(step, form_path, form, later)) in seen
            ):
                continue
            seen.add(state)
            todo += [
                next_form
                for next_form in exhaustive_walk._next_forms(flow, step, form)
                if isinstance(next_form, Form)
            ]
    return tuple(found.values())


def _asks(form_path: Path, step: Step | None, form: Form) -> object:
    """Return everything on which the text and buttons of the open question `step` depend.

    Return all answers if no question is open.
    """
    if step is None:
        return tuple(form_path.answers.items())
    details = screens.details(step, form_path, hide=False)
    first = form_path.before(step.key) is None
    return step.key, tuple(options(step, form)), shown(step), first, details
