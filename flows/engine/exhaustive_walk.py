"""Walks every path through a flow, with the same function `path` as the engine."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache

from flows.engine.conditions import AllOf, Answered, AnyOf, Condition, Is, Not, reads
from flows.engine.flow import (
    Answer,
    Consent,
    Derived,
    Flow,
    Form,
    HandoffOffer,
    Item,
    Path,
    RepeatingGroup,
    Review,
    Step,
    Upload,
    options,
    path,
)
from flows.engine.options import Option
from flows.engine.questions import (
    Choice,
    CountryQuestion,
    Day,
    FreeText,
    IdentityNumber,
    Mrz,
    MultiChoice,
    Number,
    PassportNumber,
    PersonName,
    Phone,
    Question,
    Year,
)
from flows.engine.recording import after_go_on

# Names of the start and of the ends of a path. These names are used beside the names of questions,
# so no question may have one of these names.
START, END, PERSON, REFUSED = "start", "end", "a person", "nothing kept"

SAMPLES: dict[type[Question], str] = {
    FreeText: "words",
    PersonName: "Testova",
    Day: "1990-02-07",
    Year: "1990",
    Phone: "+77010000000",
}


@dataclass(frozen=True, slots=True)
class Walk:
    """The result of walking every path through a flow: its size, and its faults.

    `states` counts states; states that no later condition can distinguish count as one. `edges`
    counts the possible answers in all states. `moves` are pairs of questions (or start and ends)
    that follow one another on some path. `stuck` are questions with an answer that leads into a
    loop.
    """

    flow: str
    questions: tuple[str, ...]
    reached: frozenset[str]
    states: int
    edges: int
    moves: frozenset[tuple[str, str]]
    stuck: tuple[str, ...]

    @property
    def unreached(self) -> tuple[str, ...]:
        return tuple(name for name in self.questions if name not in self.reached)

    def __str__(self) -> str:
        ends = f"stuck at {', '.join(self.stuck)}" if self.stuck else "every path ends"
        missing = f" (never {', '.join(self.unreached)})" if self.unreached else ""
        return (
            f"{self.flow}: {len(self.questions)} questions, {len(self.reached)} reached{missing};"
            f" {self.states} states, {self.edges} edges; {ends}"
        )


@cache
def walk(flow: Flow) -> Walk:
    """Walk every path from the first question to an end; the result is cached."""
    later, order = _read_later(flow), _order(flow)
    seen: set[object] = set()
    moves: set[tuple[str, str]] = set()
    stuck: dict[str, None] = {}
    edges = 0
    todo: list[tuple[Step | None, Form | str]] = [(None, Form())]
    while todo:
        previous, form = todo.pop()
        form_path = path(flow, form) if isinstance(form, Form) else None
        step = form_path.current(None) if form_path else None
        end = form if isinstance(form, str) else END
        moves.add((previous.item.name if previous else START, step.item.name if step else end))
        if previous and step and not _is_progress(order, previous, step):
            stuck[previous.item.name] = None
        elif isinstance(form, Form) and form_path and step:
            state = _state(step, form_path, form, later)
            next_forms = () if state in seen else tuple(_next_forms(flow, step, form))
            seen.add(state)
            edges += len(next_forms)
            todo += [(step, next_form) for next_form in next_forms]
    names = tuple(item.name for item in flow.questions())
    reached = frozenset(name for name, _next in moves) - {START}
    return Walk(flow.name, names, reached, len(seen), edges, frozenset(moves), tuple(stuck))


def _order(flow: Flow) -> dict[str, int]:
    """Return the position of each item by name; questions of a group have the group's position."""
    order: dict[str, int] = {}
    for place, item in enumerate(flow.items):
        parts = item.items if isinstance(item, RepeatingGroup) else ()
        order |= dict.fromkeys((item.name, *(part.name for part in parts)), place)
    return order


def _is_progress(order: Mapping[str, int], previous: Step, step: Step) -> bool:
    """Return True if `step`, the step after `previous`, is progress, and False if it is a loop.

    Only a question of a group may be asked again, for another member of the group.
    """
    here, there = order[previous.item.name], order[step.item.name]
    asked_again = (previous.key, previous.signature) == (step.key, step.signature)
    return there > here or (there == here and not asked_again)


def _state(step: Step, form_path: Path, form: Form, later: Mapping[str, frozenset[str]]) -> object:
    known = {**form_path.answers, **(form_path.of(step.member) if step.member else {})}
    members = form.members.get(step.item.name, ())
    values = tuple((name, known.get(name)) for name in sorted(later[step.item.name]))
    return step.key, len(members), values


def _next_forms(flow: Flow, step: Step, form: Form) -> Iterator[Form | str]:
    """Yield the form after each possible answer to `step`, or the name of an end of the flow."""
    item = step.item
    for value in _values(flow, item, options(step, form)):
        match item:
            case HandoffOffer() if value == "person":
                yield PERSON
            case HandoffOffer() if item.on_go_on:
                yield after_go_on(form, item)
            case Consent() if value == "refuse" and not item.optional:
                yield REFUSED
            case Consent():
                yield _without_ephemeral(flow, form.put(step.key, _answer(step, value)))
            case RepeatingGroup() if value == "add":
                members = form.members.get(item.name, ())
                added = (*members, str(len(members) + 1))
                yield replace(form, members={**form.members, item.name: added})
            case _:
                yield form.put(step.key, _answer(step, value))
    if item.skippable:
        yield form.put(step.key, _answer(step, None))


def _answer(step: Step, value: str | None) -> Answer:
    return Answer(value, step.item.rev, step.signature)


def _without_ephemeral(flow: Flow, form: Form) -> Form:
    """Return the form after a consent, which replaces answers that must not be stored by None."""
    renewed = {item.name for item in flow.questions() if not item.persisted}
    answers = {
        key: replace(each, value=None) if key in renewed else each
        for key, each in form.answers.items()
    }
    return replace(form, answers=answers)


def _values(flow: Flow, item: Question, offered: tuple[Option, ...]) -> list[str]:
    """Return the answers that the walk tries for a question.

    These are the question's options; for a typed answer, a sample (for a number, the minimum and
    the maximum) and the values that conditions require.
    """
    conditions = [atom for each in every(flow) for atom, _negated in atoms(each.when)]
    tested = {value for atom in conditions if isinstance(atom, Is) for value in atom.values
            if atom.question == item.name}  # fmt: skip
    match item:
        case RepeatingGroup():
            return [option.key for option in offered if not option.key.startswith("remove.")]
        case Review():
            return [option.key for option in offered if option.key != "edit"]
        case Choice():
            return [option.key for option in offered]
        case MultiChoice():
            keys = [option.key for option in item.options]
            return [keys[0], ",".join(keys)]
        case CountryQuestion():
            return sorted({*(option.key for option in offered), *tested, "AQ"})
        case Upload():
            return ["1"]
        case IdentityNumber() | PassportNumber() | Mrz():
            return [item.example]
        case Number():
            return sorted({str(item.minimum), str(item.maximum), *tested})
        case _:
            return sorted({*tested, SAMPLES[type(item)]})


def _read_later(flow: Flow) -> dict[str, frozenset[str]]:
    """Return, for each question, the names of all questions whose answers later items read."""
    later: dict[str, frozenset[str]] = {}
    ahead: frozenset[str] = frozenset()
    for item in reversed(flow.items):
        if isinstance(item, RepeatingGroup):
            ahead = ahead.union(*(looks_at(part) for part in item.items))
            later |= {part.name: ahead for part in item.items}
        later[item.name] = ahead
        ahead |= looks_at(item)
    return later


def every(flow: Flow) -> Iterator[Item]:
    """Yield every item of a flow; the questions of a group come before the group itself."""
    for item in flow.items:
        if isinstance(item, RepeatingGroup):
            yield from item.items
        yield item


def looks_at(item: Item) -> set[str]:
    """Return the names of the questions whose answers influence an item.

    The item's condition reads these answers, its `depends` lists them, or its value is derived from
    them.
    """
    names = item.reads if isinstance(item, Derived) else item.depends
    return {*reads(item.when), *names}


def atoms(condition: Condition, negated: bool = False) -> Iterator[tuple[Is | Answered, bool]]:
    """Yield the atomic parts of a condition, each with True if it is negated.

    Two negations of `not_` cancel each other.
    """
    match condition:
        case AllOf(parts) | AnyOf(parts):
            for part in parts:
                yield from atoms(part, negated)
        case Not(part):
            yield from atoms(part, not negated)
        case _:
            yield condition, negated
