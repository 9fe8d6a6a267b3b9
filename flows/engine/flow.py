"""Flow definition: items in order, and `path`, which finds a person's position in it."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from flows.engine import labels
from flows.engine.conditions import ALWAYS, Answers, Condition, holds
from flows.engine.effects import Done, Submit
from flows.engine.fast_replace import replace
from flows.engine.language_protocol import Refusal
from flows.engine.options import Option, Reading, TypedAnswer
from flows.engine.questions import Choice, MultiChoice, Question
from flows.engine.text import Label, Text, _, button

SKIPPED = _("not given")
GO_ON = Option("go_on", button("Go on"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice(Choice):
    """A text that the person reads and confirms before continuing."""

    among: tuple[Option, ...] = (Option("seen", button("Go on")),)


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoffOffer(Choice):
    """An offer to talk to an officer; if the person goes on, answers change to `on_go_on`."""

    topic: str
    on_go_on: tuple[tuple[Question, str], ...] = ()
    among: tuple[Option, ...] = (Option("person", labels.TALK_TO_A_PERSON), GO_ON)


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent(Choice):
    """Consent to one purpose of data processing; if its text changes, the person is asked again.

    A refusal ends the flow and stores no answers, unless the consent is `optional`.
    """

    purpose: str
    optional: bool = False
    among: tuple[Option, ...] = (Option("yes", labels.AGREE), Option("refuse", labels.DISAGREE))


@dataclass(frozen=True, slots=True, kw_only=True)
class RepeatingGroup(Question):
    """Questions that are repeated for each member of a list, until the person chooses "done".

    `check` returns sentences below the list that ask to check unlikely members.
    """

    items: tuple[Question, ...]
    describe: Callable[[Answers], Text]
    check: Callable[[Sequence[Answers]], tuple[Text, ...]]
    add: Text = button("Add a person")
    done: Text = labels.THAT_IS_ALL
    maximum: int = 15

    def accepts(self, value: str) -> bool:
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Review(Choice):
    """A review of all answers before they are sent; each answer can be changed."""

    among: tuple[Option, ...] = (
        Option("submit", labels.SEND),
        Option("edit", button("Change an answer")),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload(Question):
    """A request for photos or files of one paper; the answer is the number of accepted files."""

    paper: str
    done: Text = labels.THAT_IS_ALL

    def read(self, typed: str, reading: Reading) -> TypedAnswer:
        return Refusal.NOT_A_FILE

    def show(self, value: str) -> Label:
        return _("{count} received", count=int(value))

    def accepts(self, value: str) -> bool:
        return value.isdecimal()


@dataclass(frozen=True, slots=True)
class Derived:
    """A value that is computed from earlier answers and never asked for."""

    name: str
    derive: Callable[[Answers], str | None]
    reads: tuple[str, ...]
    when: Condition = ALWAYS


type Item = Question | Derived


@dataclass(frozen=True, slots=True)
class Outcome:
    """The texts to show and the effects to execute after the last question of a flow."""

    texts: tuple[Text, ...]
    effects: tuple[Done, ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of a checklist. An upload of the kind `paper` ticks the entry automatically."""

    key: str
    name: Text
    paper: str = ""


@dataclass(frozen=True, slots=True)
class Listing:
    """The outcome of a flow as a checklist to print and, after `consent`, to store.

    Answers to `persisted` questions and the `keys` of the entries are stored too. `entries` makes
    the entries from the answers, the day and the stored keys, and `warnings` the texts above them.
    `reminds` tells whether a reminder may be offered. After consent to `changes`, the result of
    `traits` is stored, to notify of changed rules.
    """

    consent: Consent
    changes: Consent
    traits: Callable[[Answers], Mapping[str, str]]
    persisted: tuple[Question, ...]
    title: Callable[[Answers], Text]
    keys: Callable[[Answers], tuple[str, ...]]
    entries: Callable[[Answers, date, tuple[str, ...]], tuple[Entry, ...]]
    warnings: Callable[[Answers, date, tuple[str, ...]], tuple[Text, ...]]
    reminds: Callable[[Answers], bool]


@dataclass(frozen=True, slots=True)
class Flow:
    """A scripted conversation: questions in order, and the outcome of the answers.

    A flow that `follows` is offered with a registration and not in the menu. A flow with
    `answers_to` is offered only while the registry asks the person about that subject. `explains`
    returns texts about a step of the state's Kandas platform.
    """

    name: str
    title: Text
    items: tuple[Item, ...]
    outcome: Callable[[Submit, date], Outcome]
    declined: Callable[[Answers, date], tuple[Text, ...]] = lambda answers, today: ()
    registers: bool = False
    hands_over: bool = False
    follows: bool = False
    announces: bool = False
    answers_to: str = ""
    explains: Callable[[str, str, date], tuple[Text, ...]] | None = None
    listing: Listing | None = None
    _questions: tuple[Question, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # Computed once, because every turn reads the questions and a flow never changes.
        object.__setattr__(self, "_questions", tuple(_flat(self.items)))

    def find(self, name: str) -> Question | None:
        """Return the question with this name or former name, also of a group; None if missing."""
        for item in self.questions():
            if item.name == name or name in item.former_names:
                return item
        return None

    def questions(self) -> tuple[Question, ...]:
        """Return every question; the questions of a group come before the group itself."""
        return self._questions


def _flat(items: Iterable[Item]) -> Iterator[Question]:
    for item in items:
        if isinstance(item, RepeatingGroup):
            yield from item.items
        if isinstance(item, Question):
            yield item


@dataclass(frozen=True)
class Answer:
    """An answer; `value` is None if the question was skipped or a consent deleted the answer."""

    value: str | None
    rev: int = 1
    signature: str = ""
    by: str = "person"


@dataclass(frozen=True)
class Form:
    """All answers of one person to one flow; `files` counts each upload's accepted files.

    `members` maps a group to its members' keys, and a multiple choice to its ticked options.
    """

    answers: Mapping[str, Answer] = field(default_factory=dict)
    members: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    cursor: str | None = None
    submitted: bool = False
    files: Mapping[str, int] = field(default_factory=dict)

    def put(self, key: str, answer: Answer) -> "Form":
        return replace(self, answers={**self.answers, key: answer}, cursor=None)


EMPTY = Form()


class Step(NamedTuple):
    """A question on the path; `member` is the member of a group that it is about, or ""."""

    item: Question
    key: str
    member: str
    answer: Answer | None
    signature: str
    ok: bool


@dataclass(frozen=True, slots=True)
class Path:
    """The questions of a form that apply after its answers (`steps`), and its valid answers."""

    steps: tuple[Step, ...]
    answers: Answers

    def current(self, cursor: str | None) -> Step | None:
        """Return the step with the key `cursor`, else the first one without a valid answer."""
        return self.at(cursor) or next((step for step in self.steps if not step.ok), None)

    def at(self, key: str | None) -> Step | None:
        return next((step for step in self.steps if step.key == key), None)

    def before(self, key: str) -> Step | None:
        """Return the step before `key`; None for the first step or an unknown key."""
        keys = [step.key for step in self.steps]
        index = keys.index(key) if key in keys else 0
        return self.steps[index - 1] if index else None

    def of(self, member: str) -> dict[str, str | None]:
        """Return the valid answers about one member of a group, by question name."""
        return {
            step.item.name: step.answer.value
            for step in self.steps
            if step.ok and step.answer and step.member == member
        }


def key_of(name: str, member: str) -> str:
    return f"{name}@{member}" if member else name


def path(flow: Flow, form: Form) -> Path:
    """Return a form's path. An item can read only valid answers to earlier questions that apply."""
    steps: list[Step] = []
    scope: dict[str, str | None] = {}
    for item in flow.items:
        if item.when is not ALWAYS and not holds(item.when, scope):
            continue
        match item:
            case Derived():
                scope[item.name] = item.derive(scope)
            case RepeatingGroup():
                members = form.members.get(item.name, ())
                for member in members:
                    steps.extend(_member_steps(item, member, form, dict(scope)))
                steps.append(_make_step(item, "", form, scope, members))
            case _:
                steps.append(_make_step(item, "", form, scope))
    return Path(tuple(steps), scope)


def _member_steps(
    many: RepeatingGroup, member: str, form: Form, scope: dict[str, str | None]
) -> list[Step]:
    return [_make_step(part, member, form, scope) for part in many.items if holds(part.when, scope)]


def _make_step(
    item: Question,
    member: str,
    form: Form,
    scope: dict[str, str | None],
    members: tuple[str, ...] = (),
) -> Step:
    answer = form.answers.get(key := key_of(item.name, member))
    if answer is None and item.former_names:
        answer = _answer_under_former_name(item, member, form)
    signature = _signature(item, scope, members)
    ok = (
        answer is not None
        and answer.rev == item.rev
        and answer.signature == signature
        and (answer.value is None or item.accepts(answer.value))
    )
    if ok and answer is not None:
        scope[item.name] = str(len(members)) if isinstance(item, RepeatingGroup) else answer.value
    return Step(item, key, member, answer, signature, ok)


def _answer_under_former_name(item: Question, member: str, form: Form) -> Answer | None:
    """Return an answer that is stored under a former name of the question."""
    found = (form.answers.get(key_of(name, member)) for name in item.former_names)
    return next(filter(None, found), None)


def _signature(item: Question, scope: Answers, members: tuple[str, ...]) -> str:
    dependencies: object
    if not item.depends and not isinstance(item, (Consent, RepeatingGroup, Review)):
        return ""
    match item:
        case Consent():
            dependencies = item.text.msgid
        case RepeatingGroup():
            dependencies = members
        case Review():
            dependencies = sorted(scope.items(), key=str)
        case _:
            dependencies = [scope.get(name) for name in item.depends]
    return hashlib.blake2s(repr(dependencies).encode(), digest_size=5).hexdigest()


def options(step: Step, form: Form) -> tuple[Option, ...]:
    """Return the options of a step; a group has an option to remove each of its members."""
    if isinstance(step.item, Upload):
        return (Option("done", step.item.done),) if form.files.get(step.key) else ()
    members = form.members.get(step.item.name, ())
    if isinstance(step.item, MultiChoice):
        done = (Option("done", step.item.done),) if members else ()
        return (*step.item.ticked(members), *done)
    if not isinstance(step.item, RepeatingGroup):
        return step.item.options
    room = () if len(members) >= step.item.maximum else (Option("add", step.item.add),)
    removals = tuple(
        Option(f"remove.{member}", button("Remove no. {number}", number=number))
        for number, member in enumerate(members, 1)
    )
    return (*room, Option("done", step.item.done), *removals)


def shown(step: Step) -> Label | None:
    """Return a step's answer as a label for the review; None if there is nothing to show."""
    item = step.item
    if not step.answer or isinstance(item, (Notice, HandoffOffer, Consent, RepeatingGroup, Review)):
        return None
    value = step.answer.value
    if value is None:
        return SKIPPED if item.persisted else None
    return item.show(value) if item.accepts(value) else None
