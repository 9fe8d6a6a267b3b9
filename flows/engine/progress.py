"""A person's progress in a flow: the number of the current question, and the maximum number."""

from flows.engine.conditions import may_hold
from flows.engine.flow import Derived, Flow, HandoffOffer, Path, Step


def progress(flow: Flow, road: Path, stop: Step) -> tuple[int, int]:
    """Return the number of a step on the path, and the maximum number of steps of the path.

    The maximum includes questions that may apply, depending on missing answers. The maximum can
    therefore only fall, unless the person adds members to a group. Offers to talk to an officer are
    not counted.
    """
    counted = [step for step in road.steps if not isinstance(step.item, HandoffOffer)]
    passed = road.steps[: road.steps.index(stop) + 1]
    number = sum(not isinstance(step.item, HandoffOffer) for step in passed)
    return max(1, number), len(counted) + _possible(flow, road)


def _possible(flow: Flow, road: Path) -> int:
    """Return the number of questions that later answers may add to the path."""
    named = {step.item.name for step in road.steps}
    unknown = {step.item.name for step in road.steps if not step.ok}
    found = 0
    for item in flow.items:
        if isinstance(item, Derived):
            if not unknown.isdisjoint(item.reads):
                unknown.add(item.name)
        elif item.name not in named and may_hold(item.when, road.answers, unknown):
            unknown.add(item.name)
            found += not isinstance(item, HandoffOffer)
    return found
