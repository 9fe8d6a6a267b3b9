"""The lint, the manifest and the drawings of flows, and the commands that print them.

Each lint rule is tested with a flow that violates it.
"""

from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from typer.testing import CliRunner

from bot.cli import assembled
from bot.cli import flows as flowtools
from bot.i18n import Languages
from flows import FLOWS
from flows.engine import verification
from flows.engine.conditions import all_of, not_
from flows.engine.exhaustive_walk import walk
from flows.engine.flow import Derived, Flow, Item
from flows.engine.options import Option
from flows.engine.questions import CountryQuestion, FreeText
from flows.engine.text import Label, Text, _, button, row, verbatim
from flows.officer import OFFICER
from flows.preregistration import PREREGISTRATION
from flows.preregistration.after_consent import EDUCATION, FAMILY, RELATION, SURNAME
from tests.flows.chat import WORDS
from tests.flows.trial import (
    CONSENT,
    FLEETING,
    GATE,
    GOOD,
    MANY_PETS,
    PETS,
    REVIEW,
    RISK,
    WORDS_OF_ONES_OWN,
    NeverAccepted,
    choice,
    flow,
)
from tests.flows.versions import NAME, VERSIONS, with_replaced


def check_findings(*items: Item, **others: Any) -> list[str]:
    trial = flow(*items, **others)
    return [str(each) for each in verification.check({"officer": OFFICER, "trial": trial}, WORDS)]


@cache
def drawings() -> dict[str, str]:
    return flowtools.drawings(FLOWS)


# The lint of flows


def test_flow_check_finds_nothing_in_a_valid_flow() -> None:
    assert check_findings(*GOOD) == []


BROKEN: dict[str, tuple[tuple[Item, ...], str]] = {
    "a name twice": ((PETS, *GOOD), "pets: the name pets belongs to pets already"),
    "an earlier name taken": (
        (PETS, replace(FLEETING, former_names=("pets",)), *GOOD[2:]),
        "fleeting: the name pets belongs to pets already",
    ),
    "a name with a sign": ((replace(PETS, name="pets@home"), *GOOD[1:3], CONSENT, REVIEW),
                           "pets@home: the name is not a plain lower-case word"),
    "a condition on what comes later": (
        (MANY_PETS, PETS, RISK, CONSENT, REVIEW),
        "many: looks at pets, which does not come before it",
    ),
    "a dependency on what comes later": (
        (replace(PETS, depends=("many",)), RISK, CONSENT, MANY_PETS, REVIEW),
        "pets: looks at many, which does not come before it",
    ),
    "a value derived from what comes later": (
        (Derived("derived", lambda answers: None, reads=("pets",)), *GOOD),
        "derived: looks at pets",
    ),
    "a condition on a member from outside the list": (
        (*GOOD[:4], replace(FAMILY, when=PETS.is_("yes")),
         replace(MANY_PETS, when=RELATION.is_("child")), REVIEW),
        "many: looks at relation, which does not come before it",
    ),
    "a condition on an option that is not there": (
        (*GOOD[:4], replace(MANY_PETS, when=PETS.is_("maybe")), REVIEW),
        "many: waits for pets to be maybe, which is no option",
    ),
    "a condition of a member on an option that is not there": (
        (*GOOD[:4], replace(FAMILY, items=(replace(RELATION, when=PETS.is_("maybe")),)), REVIEW),
        "relation: waits for pets to be maybe, which is no option",
    ),
    "a later condition on what is forgotten": (
        (*GOOD[:4], replace(MANY_PETS, when=FLEETING.is_("yes")), REVIEW),
        "many: needs fleeting, which is not kept",
    ),
    "forgetting that opens a question": (
        (PETS, FLEETING, replace(MANY_PETS, when=not_(FLEETING.is_("yes"))), RISK, CONSENT, REVIEW),
        "many: negates fleeting, which is not kept",
    ),
    "forgetting that opens a question, one of two": (
        (PETS, FLEETING,
         replace(MANY_PETS, when=not_(all_of(PETS.is_("yes"), FLEETING.is_("yes")))),
         RISK, CONSENT, REVIEW),
        "many: negates fleeting, which is not kept",
    ),
    "a dependency on what is forgotten": (
        (FLEETING, replace(PETS, depends=("fleeting",)), RISK, CONSENT, REVIEW),
        "pets: needs fleeting, which is not kept",
    ),
    "something fleeting that nothing forgets": (
        (PETS, RISK, CONSENT, FLEETING, REVIEW),
        "fleeting: is not kept, but no consent follows",
    ),
    "no consent": ((PETS, RISK, REVIEW), "consent: asks for no consent"),
    "a sensitive question before consent": (
        (replace(PETS, sensitive=True), RISK, CONSENT, REVIEW),
        "pets: could identify the person",
    ),
    "free words before consent": (
        (WORDS_OF_ONES_OWN, RISK, CONSENT, REVIEW),
        "own: could identify the person",
    ),
    "a list before consent": ((PETS, replace(FAMILY, when=PETS.is_("yes")), RISK, CONSENT, REVIEW),
                              "family: could identify the person"),
    "no notice before consent": ((PETS, CONSENT, RISK, REVIEW), "consent: no notice of the risk"),
    "no review at the end": ((*GOOD[:4], REVIEW, MANY_PETS), "many: is the last question"),
    "a gate that refuses": (
        (PETS, replace(GATE, among=(Option("person", button("Talk to a person")),)), *GOOD[1:]),
        "gate: does not offer exactly a person and a way on",
    ),
    "a gate about nothing known": (
        (PETS, replace(GATE, topic="weather"), *GOOD[1:]),
        "gate: has the topic weather, which the handoff does not know",
    ),
    "a question that is never reached": (
        (PETS, FLEETING, RISK, CONSENT,
         replace(MANY_PETS, when=PETS.is_("yes")),
         replace(WORDS_OF_ONES_OWN, when=not_(PETS.answered())), REVIEW),
        "own: is never reached",
    ),
    "two labels alike": (
        (choice(one=button("Yes"), other=button("Yes")), *GOOD),
        "pick: one and other are both “",
    ),
    "a label that stops": ((choice(quit=verbatim("Тоқта!")), *GOOD), "which means stop"),
    "a label that is another word of ours": (
        (choice(choose=button("Language")), *GOOD),
        "which means language",
    ),
    "a label too long for a button": (
        (choice(long=button("Which one do you mean, please?")), *GOOD),
        "; 20 fit",
    ),
    "a label too long for a row": (
        (choice(long=row("Which one of them do you mean?")), *GOOD),
        "; 24 fit",
    ),
    "a label without a limit": ((choice(long=_("Yes")), *GOOD), "says no limit"),
    "a country too long for a row": (
        (CountryQuestion(name="where", label=button("Phone"), text=_("Where?"), offered=("GS",)),
         *GOOD),
        "; 24 fit",
    ),
    "a key too long for a button": ((choice(**{"k" * 41: button("Yes")}), *GOOD), "the key kkk"),
    "a key that is no word": ((choice(**{"да": button("Yes")}), *GOOD), "the key да"),
}  # fmt: skip


@pytest.mark.parametrize("broken", BROKEN)
def test_flow_check_reports_each_kind_of_fault(broken: str) -> None:
    items, what = BROKEN[broken]
    wrong = check_findings(*items)
    assert any(what in each for each in wrong), wrong
    assert all(each.startswith("trial.") for each in wrong)


def test_flow_check_requires_consent_for_a_handoff() -> None:
    wrong = check_findings(WORDS_OF_ONES_OWN, registers=False, hands_over=True)
    assert "trial.consent: asks for no consent" in wrong
    assert check_findings(PETS, registers=False) == []


def test_flow_check_finds_a_malformed_option_key_in_a_repeating_group() -> None:
    inside = replace(RELATION, among=(Option("да", button("Yes")),))
    lists = replace(FAMILY, items=(inside,), when=PETS.is_("yes"))
    assert any(
        "trial.relation: the key да" in each for each in check_findings(*GOOD[:4], lists, REVIEW)
    )


def test_flow_check_counts_the_members_number_toward_the_label_limit() -> None:
    inside = replace(RELATION, label=button("Change an answer"))
    lists = replace(FAMILY, items=(inside,), when=PETS.is_("yes"))
    wrong = check_findings(*GOOD[:4], lists, REVIEW)
    assert [each for each in wrong if "(15)” has" in each and "; 24 fit" in each] == wrong != []


def test_flow_check_finds_a_question_that_repeats_forever() -> None:
    again = NeverAccepted(name="again", label=button("Phone"), text=_("Again?"))
    assert "trial.again: has an answer after which it is asked again" in check_findings(
        again, *GOOD
    )


def test_flow_check_limits_the_title_length() -> None:
    long = replace(flow(*GOOD), title=button("Which one do you mean, please?"))
    wrong = [str(each) for each in verification.check({"officer": OFFICER, "trial": long}, WORDS)]
    assert any(each.startswith("trial: ") and "; 20 fit" in each for each in wrong), wrong


class LongLabelLanguages(Languages):
    """The languages, with a translation of the label `label` that is 21 times too long."""

    def __init__(self, label: str) -> None:
        super().__init__(["kk"])
        self._label = label

    def render(self, label: Label, language: str) -> str:
        shown = super().render(label, language)
        return shown * 21 if isinstance(label, Text) and label.msgid == self._label else shown


@pytest.mark.parametrize(
    ("screen", "labels"),
    [
        (
            "menu",
            (
                "My registration",
                "My data",
                "PIN",
                "Allow messages",
                "Language",
                "About the assistant",
            ),
        ),
        ("announcements", ("Read them", "Have them sent", "Change", "Send no more", "Menu")),
        ("delete", ("Yes", "No")),
        ("withdraw", ("Yes", "No")),
        ("registered", ("Change an answer", "Withdraw", "What comes next")),
    ],
)
def test_flow_check_finds_too_long_labels_on_the_assistants_screens(
    screen: str, labels: tuple[str, ...]
) -> None:
    flows = {name: FLOWS[name] for name in ("about", "next_steps")}
    for label in labels:
        wrong = map(str, verification.check(flows, LongLabelLanguages(label)))
        assert any(each.startswith(f"~{screen}: “") and "; 20 fit" in each for each in wrong), label


def test_flow_check_finds_too_long_button_labels_of_a_repeating_group() -> None:
    lists = flow(*GOOD[:4], replace(FAMILY, items=(RELATION,), when=PETS.is_("yes")), REVIEW)
    for label in (FAMILY.add.msgid, FAMILY.done.msgid, "Remove no. {number}"):
        wrong = map(str, verification.check({"trial": lists}, LongLabelLanguages(label)))
        assert any(each.startswith("trial.family: “") for each in wrong), label


def test_flow_check_finds_an_option_without_a_registry_code() -> None:
    more = replace(EDUCATION, among=(*EDUCATION.among, Option("self_taught", row("Higher"))))
    wrong = [str(each) for each in flowtools.uncoded(with_replaced(EDUCATION, more)[NAME])]
    assert wrong == ["preregistration.education: the option self_taught has no registry code"]


# The manifest of all flows (flows/manifest.json)


def change_findings(after: dict[str, Flow] | Any, *dropped: str) -> list[str]:
    before, today = verification.manifest(FLOWS), verification.manifest(after)
    return [str(each) for each in verification.changes(before, today, frozenset(dropped))]


@pytest.mark.parametrize(
    ("version", "wrong"),
    [
        ("today", []),
        ("a question before all others", []),
        ("a question has another name", []),
        ("a question means something else", []),
        ("a question is of another kind", []),
        ("questions changed places", []),
        ("options changed places", []),
        ("a question is gone",
         ["preregistration.education: is gone, and no question has it among its `former_names`"]),
        ("a question of the list is gone",
         ["preregistration.age_band: is gone, and no question has it among its `former_names`"]),
        ("an option is gone",
         ["preregistration.purpose: the options changed, but `rev` did not rise"]),
        ("an option came first",
         ["preregistration.purpose: the options changed, but `rev` did not rise"]),
    ],
)  # fmt: skip
def test_flow_manifest_detects_changes_that_would_lose_answers(
    version: str, wrong: list[str]
) -> None:
    assert change_findings(VERSIONS[version]) == wrong


def test_flow_manifest_detects_a_changed_kind_of_a_renamed_question() -> None:
    renamed = FreeText(
        name="last", label=SURNAME.label, text=SURNAME.text, former_names=("surname",)
    )
    assert change_findings(with_replaced(SURNAME, renamed)) == [
        "preregistration.surname: the kind changed, but `rev` did not rise"
    ]


def test_flow_manifest_lists_each_question_of_a_removed_flow() -> None:
    rest = {name: each for name, each in FLOWS.items() if name != "officer"}
    assert len(change_findings(rest)) == 3


def test_flow_manifest_accepts_questions_that_are_listed_as_dropped() -> None:
    assert change_findings(VERSIONS["a question is gone"], "preregistration.education") == []


def test_flow_manifest_ignores_changed_country_suggestions() -> None:
    citizenship = PREREGISTRATION.find("citizenship")
    assert isinstance(citizenship, CountryQuestion)
    assert change_findings(with_replaced(citizenship, replace(citizenship, offered=("CN",)))) == []


# The commands `./kosh flows` and their output


def test_flow_manifest_file_is_up_to_date() -> None:
    assert flowtools.read_manifest() == verification.manifest(FLOWS)


def test_flow_drawings_are_up_to_date() -> None:
    found = {path.name: path.read_text("utf-8") for path in flowtools.DRAWINGS.iterdir()}
    assert found == drawings(), "run `./kosh flows draw`"


def test_flow_drawing_shows_every_question_and_transition() -> None:
    for question in PREREGISTRATION.questions():
        assert f">{question.name}: " in drawings()["preregistration.svg"]
    chart = drawings()["preregistration.md"]
    assert chart.count("-->") == len(walk(PREREGISTRATION).moves)
    assert 'location -->|"location is kazakhstan"| stay_ends' in chart


@pytest.mark.requirement("S-21", "S-52")
@pytest.mark.parametrize("command", ["check", "walk", "manifest"])
def test_flows_command_succeeds_without_findings(command: str) -> None:
    done = CliRunner().invoke(assembled(), ["flows", command])
    assert done.exit_code == 0, done.output
    assert "findings" not in done.output


@pytest.mark.no_cover
def test_flow_manifest_update_refuses_to_drop_a_question(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asks, asks_less = flow(PETS, MANY_PETS, registers=False), flow(PETS, registers=False)
    monkeypatch.setattr(flowtools, "MANIFEST", tmp_path / "manifest.json")
    monkeypatch.setattr(flowtools, "NOTICE", tmp_path / "notice.md")
    monkeypatch.setattr(flowtools, "ROOT", tmp_path)
    monkeypatch.setattr(flowtools, "FLOWS", {"trial": asks})
    run = CliRunner()
    assert run.invoke(assembled(), ["flows", "manifest", "--update"]).exit_code == 0
    committed = (tmp_path / "manifest.json").read_text("utf-8")
    monkeypatch.setattr(flowtools, "FLOWS", {"trial": asks_less})
    refused = run.invoke(assembled(), ["flows", "manifest", "--update"])
    assert refused.exit_code == 1
    assert "trial.many: is gone" in refused.output
    assert (tmp_path / "manifest.json").read_text("utf-8") == committed
    dropped = ["flows", "manifest", "--update", "--dropped", "trial.many"]
    assert run.invoke(assembled(), dropped).exit_code == 0
    assert run.invoke(assembled(), ["flows", "check"]).exit_code == 0
