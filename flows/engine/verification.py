"""Checks of flows before a release: lint, exhaustive walk, and a manifest of stored answers."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import TypedDict

from flows.engine import announcement_screens, screens
from flows.engine.conditions import Is
from flows.engine.exhaustive_walk import atoms, every, looks_at, walk
from flows.engine.flow import (
    Consent,
    Derived,
    Flow,
    HandoffOffer,
    Item,
    Notice,
    RepeatingGroup,
    Review,
    Upload,
)
from flows.engine.language_protocol import Reserved, Words
from flows.engine.options import Option
from flows.engine.questions import Choice, CountryQuestion, MultiChoice, Question
from flows.engine.text import Country, Label, Text, button

# Keys of options. A button's payload consists of a nonce and the key, and Telegram allows 64 bytes
# for it.
KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.]{0,39}")
NAME = re.compile(r"[a-z][a-z0-9_]{0,29}")
LIMIT = re.compile(r"<=(\d+)$")
ROW = 24


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem of a flow: its place in the flow, and a description."""

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


def check(flows: Mapping[str, Flow], words: Words) -> tuple[Finding, ...]:
    """Return all problems of the flows and of the assistant's own screens, in every language."""
    found = [finding for flow in flows.values() for finding in _check_flow(flow, flows, words)]
    for screen, same_effect in _screens(flows):
        found += [
            Finding(screen.name, what) for what in _labels(screen.options, words, same_effect)
        ]
    return tuple(found)


def _check_flow(flow: Flow, flows: Mapping[str, Flow], words: Words) -> Iterator[Finding]:
    rules = (_names, _order, _conditions, _forgetting, _consent)
    wrong = [*(each for rule in rules for each in rule(flow)), *_gates(flow, flows)]
    # The flow is walked only if these rules found no problem, because a malformed flow cannot be
    # walked.
    for name, what in wrong or _check_walk(flow):
        yield Finding(f"{flow.name}.{name}", what)
    for what in _width(flow.title, words):
        yield Finding(flow.name, what)
    for item in flow.questions():
        for what in (*_width(item.label, words), *_labels(_all_options(item), words, {})):
            yield Finding(f"{flow.name}.{item.name}", what)
    for part, maximum in _parts(flow):
        numbered = Text(
            "{label} ({number})", (("label", part.label), ("number", maximum)), "list row<=24"
        )
        for what in _width(numbered, words):
            yield Finding(f"{flow.name}.{part.name}", what)


type _Found = Iterator[tuple[str, str]]


def _names(flow: Flow) -> _Found:
    """Yield a problem for each item whose name is malformed, or is the name of another item."""
    taken: dict[str, str] = {}
    for item in every(flow):
        if not NAME.fullmatch(item.name):
            yield item.name, "the name is not a plain lower-case word of at most 30 characters"
        for name in (item.name, *(item.former_names if isinstance(item, Question) else ())):
            if name in taken:
                yield item.name, f"the name {name} belongs to {taken[name]} already"
            taken[name] = item.name


def _order(flow: Flow) -> _Found:
    """Yield a problem for each item that reads the answer to a question after it."""
    for item, before in _scopes(flow):
        for name in sorted(looks_at(item) - before.keys()):
            yield item.name, f"looks at {name}, which does not come before it"


def _conditions(flow: Flow) -> _Found:
    """Yield a problem for each condition on a missing option."""
    for item, before in _scopes(flow):
        for atom, _negated in atoms(item.when):
            asked = before.get(atom.question)
            if isinstance(atom, Is) and isinstance(asked, Choice):
                for value in sorted(atom.values - {option.key for option in asked.options}):
                    yield item.name, f"waits for {atom.question} to be {value}, which is no option"


def _forgetting(flow: Flow) -> _Found:
    """Yield a problem for each item that would change wrongly when a consent deletes answers.

    A consent replaces answers that must not be stored by None. This may close questions before the
    consent, but it must not open any of them or change a later question. A condition under `not_`,
    or an answer in `depends`, would reopen questions.
    """
    consented = False
    for item, before in _scopes(flow):
        renewed = {name for name, each in before.items() if not _kept(each)}
        for atom, negated in atoms(item.when):
            if negated and atom.question in renewed:
                yield item.name, f"negates {atom.question}, which is not kept"
        steady = looks_at(item) if consented else set(_depends(item))
        for name in sorted(steady & renewed):
            yield item.name, f"needs {name}, which is not kept"
        consented = consented or isinstance(item, Consent)
        if consented and not _kept(item):
            yield item.name, "is not kept, but no consent follows that would forget it"


def _consent(flow: Flow) -> _Found:
    """Yield violations of the rules about consent.

    The rules apply to flows that register or that open a case. No question that may identify the
    person may precede the first consent. A registration also needs a notice of the risk before the
    consent, and a review as its last question.
    """
    if not (flow.registers or flow.hands_over):
        return
    asked = flow.questions()
    first = next((at for at, item in enumerate(asked) if isinstance(item, Consent)), len(asked))
    if first == len(asked):
        yield "consent", "asks for no consent"
    for item in asked[:first]:
        if item.sensitive or not isinstance(item, Choice | CountryQuestion):
            yield item.name, "could identify the person, and no consent stands before it"
    if flow.registers and not any(isinstance(item, Notice) for item in asked[:first]):
        yield "consent", "no notice of the risk stands before it"
    if flow.registers and not isinstance(asked[-1], Review):
        yield asked[-1].name, "is the last question; a review must be"


def _gates(flow: Flow, flows: Mapping[str, Flow]) -> _Found:
    """Yield a problem for each offer to talk to an officer that lacks an option or a known topic.

    The two options must be to talk to an officer and to go on, because an offer must never exclude
    a person from a flow.
    """
    handoff = next((each for each in flows.values() if each.hands_over), None)
    topics = handoff.find("topic") if handoff else None
    for gate in flow.questions():
        if not isinstance(gate, HandoffOffer):
            continue
        if {option.key for option in gate.options} != {"person", "go_on"}:
            yield gate.name, "does not offer exactly a person and a way on"
        if topics is None or not any(option.key == gate.topic for option in topics.options):
            yield gate.name, f"has the topic {gate.topic}, which the handoff does not know"


def _check_walk(flow: Flow) -> _Found:
    result = walk(flow)
    for name in result.unreached:
        yield name, "is never reached"
    for name in result.stuck:
        yield name, "has an answer after which it is asked again"


def _labels(
    offered: Iterable[Option], words: Words, same_effect: Mapping[str, Reserved]
) -> Iterator[str]:
    """Yield problems of the keys and labels of a question's options.

    Keys and labels must fit a button. Labels must differ from each other. A label may equal a
    reserved word only if its option has the same effect: the key is the word, or `same_effect` maps
    the key to the word.
    """
    among = tuple(offered)
    for option in among:
        if not KEY.fullmatch(option.key):
            yield f"the key {option.key} is not at most 40 plain ASCII characters"
        yield from _width(option.label, words)
    for language, _name in words.languages():
        shown = [(option.key, words.render(option.label, language)) for option in among]
        for (one, label), (other, like) in combinations(shown, 2):
            if words.same(label, like):
                yield f"{one} and {other} are both “{label}” in {language}"
        for key, label in shown:
            word = words.reserved(label)
            if word not in (None, key, same_effect.get(key)):
                yield f"{key} is “{label}” in {language}, which means {word}"


def _width(label: Label, words: Words) -> Iterator[str]:
    """Yield a problem for each language in which a label is too long for its button or row."""
    limit = ROW if isinstance(label, Country) else _limit(label)
    if limit is None:
        yield f"the label {label} says no limit"
        return
    for language, _name in words.languages():
        shown = words.render(label, language)
        if len(shown) > limit:
            yield f"“{shown}” has {len(shown)} characters in {language}; {limit} fit"


def _limit(label: Text) -> int | None:
    if label.msgid == "{words}":
        return ROW
    found = LIMIT.search(label.context)
    return int(found[1]) if found else None


def _all_options(item: Question) -> tuple[Option, ...]:
    """Return all options that a question can have; a group's options can also remove a member."""
    if isinstance(item, Upload):
        return (Option("done", item.done),)
    if isinstance(item, MultiChoice):
        return (*item.ticked(()), Option("done", item.done))
    if not isinstance(item, RepeatingGroup):
        return item.options
    last = Option(f"remove.{item.maximum}", button("Remove no. {number}", number=item.maximum))
    return (Option("add", item.add), Option("done", item.done), last)


def _screens(flows: Mapping[str, Flow]) -> Iterator[tuple[Choice, Mapping[str, Reserved]]]:
    """Yield the assistant's own screens with options, each with a map of keys to reserved words.

    The map has the keys whose option has the same effect as a reserved word.
    """
    same_effect = {flow.name: Reserved.PERSON for flow in flows.values() if flow.hands_over}
    same_effect |= {flow.name: Reserved.NEWS for flow in flows.values() if flow.announces}
    yield (
        screens.menu_screen(
            flows.values(), kept=True, registered=True, quiet=True, model=True, hints=True
        ),
        same_effect,
    )
    yield announcement_screens.screen(announcement_screens.WHAT, announcement_screens.GET), {}
    yield announcement_screens.screen(announcement_screens.WHAT, announcement_screens.CHANGE), {}
    yield screens.DELETE_SCREEN, {}
    yield screens.WITHDRAW_SCREEN, {}
    yield screens.LEAVE_SCREEN, {}
    yield screens.registered_screen("accepted", "1", _following(flows)), {}


def _following(flows: Mapping[str, Flow]) -> tuple[Flow, ...]:
    """Return the flows that can be offered with a registration at the same time.

    The registry asks one question at a time. Therefore only one of the flows that answer its
    questions is included.
    """
    asked = [flow for flow in flows.values() if flow.answers_to][:1]
    return (*asked, *(flow for flow in flows.values() if flow.follows and not flow.answers_to))


def _parts(flow: Flow) -> Iterator[tuple[Question, int]]:
    """Yield the questions of groups, each with its group's maximum number of members."""
    for item in flow.items:
        if isinstance(item, RepeatingGroup):
            yield from ((part, item.maximum) for part in item.items)


def _scopes(flow: Flow) -> Iterator[tuple[Item, dict[str, Item]]]:
    """Yield each item of a flow with the earlier items whose answers its condition may read.

    Questions of a group are visible only within the group.
    """
    before: dict[str, Item] = {}
    for item in flow.items:
        inside = dict(before)
        for part in item.items if isinstance(item, RepeatingGroup) else ():
            yield part, dict(inside)
            inside[part.name] = part
        yield item, dict(before)
        before[item.name] = item


def _depends(item: Item) -> tuple[str, ...]:
    return () if isinstance(item, Derived) else item.depends


def _kept(item: Item) -> bool:
    return isinstance(item, Derived) or item.persisted


class Entry(TypedDict):
    """The properties of a question that decide whether stored answers to it are still valid."""

    kind: str
    rev: int
    options: list[str]
    former_names: list[str]


type Manifest = Mapping[str, dict[str, Entry]]


def manifest(flows: Mapping[str, Flow]) -> Manifest:
    """Return the properties of all questions that decide whether stored answers are still valid."""
    return {
        flow.name: {item.name: _entry(item) for item in flow.questions()} for flow in flows.values()
    }


def _entry(item: Question) -> Entry:
    among = item.others if isinstance(item, CountryQuestion) else item.options
    return {
        "kind": type(item).__name__,
        "rev": item.rev,
        "options": [option.key for option in among],
        "former_names": list(item.former_names),
    }


def changes(before: Manifest, after: Manifest, dropped: frozenset[str]) -> tuple[Finding, ...]:
    """Return the changes of questions that would lose or distort answers in unfinished forms.

    `before` and `after` are manifests. `dropped` are questions, as `flow.name`, that were removed
    intentionally.
    """
    found: list[Finding] = []
    for flow, questions in before.items():
        today = after.get(flow, {})
        by_name = {old: entry for entry in today.values() for old in entry["former_names"]} | today
        for name, old in questions.items():
            where = f"{flow}.{name}"
            new = by_name.get(name)
            if new is None and where not in dropped:
                found.append(
                    Finding(where, "is gone, and no question has it among its `former_names`")
                )
            elif new is not None:
                found += [Finding(where, what) for what in _unraised_revisions(old, new)]
    return tuple(found)


def _unraised_revisions(old: Entry, new: Entry) -> Iterator[str]:
    if new["rev"] > old["rev"]:
        return
    if old["kind"] != new["kind"]:
        yield "the kind changed, but `rev` did not rise"
    if sorted(old["options"]) != sorted(new["options"]):
        yield "the options changed, but `rev` did not rise"
