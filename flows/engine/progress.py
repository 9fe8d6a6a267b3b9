"""A person's progress in a flow: the number of the question, and how many there can be."""

from flows.engine.conditions import may_hold
from flows.engine.flow import Derived, Flow, HandoffOffer, Path, Step


def progress(flow: Flow, road: Path, stop: Step) -> tuple[int, int]:
    """Return the number of the step, and the most steps that the flow can still have.

    Questions that depend on answers not given yet are counted, so that the total falls and never
    grows, except by the person's own additions to a list. Offers of an officer are not counted.
    """
    counted = [step for step in road.steps if not isinstance(step.item, HandoffOffer)]
    passed = road.steps[: road.steps.index(stop) + 1]
    number = sum(not isinstance(step.item, HandoffOffer) for step in passed)
    return max(1, number), len(counted) + _possible(flow, road)


def _possible(flow: Flow, road: Path) -> int:
    """Return the number of questions off the path that answers still to come may bring."""
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
