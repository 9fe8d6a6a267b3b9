"""A person's progress in a flow: the number of the current question, and the maximum number."""

from flows.engine.conditions import may_hold
from flows.engine.flow import Derived, Flow, HandoffOffer, Path, Step


def progress(flow: Flow, path: Path, step: Step) -> tuple[int, int]:
    """Return the number of a step on the path, and the maximum number of steps of the path.

    The maximum includes questions that may apply, depending on missing answers. The maximum can
    therefore only fall, unless the person adds members to a group. Offers to talk to an officer are
    not counted.
    """
    counted = [each for each in path.steps if not isinstance(each.item, HandoffOffer)]
    passed = path.steps[: path.steps.index(step) + 1]
    number = sum(not isinstance(each.item, HandoffOffer) for each in passed)
    return max(1, number), len(counted) + _possible(flow, path)


def _possible(flow: Flow, path: Path) -> int:
    """Return the number of questions that later answers may add to the path."""
    named = {each.item.name for each in path.steps}
    unknown = {each.item.name for each in path.steps if not each.ok}
    found = 0
    for item in flow.items:
        if isinstance(item, Derived):
            if not unknown.isdisjoint(item.reads):
                unknown.add(item.name)
        elif item.name not in named and may_hold(item.when, path.answers, unknown):
            unknown.add(item.name)
            found += not isinstance(item, HandoffOffer)
    return found
