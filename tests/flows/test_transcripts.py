"""Transcripts of scripted conversations in each language, for native speakers to read and correct.

After a change of wording run `KOSH_UPDATE=1 uv run pytest tests/flows/test_transcripts.py` and
review the difference.
"""

import os
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from flows.engine.events import Resolved, Unreadable
from flows.engine.household import HouseholdAnswered, HouseholdCodeChecked
from flows.engine.registration import Acknowledged, PlatformStep, RegistryQuestion
from flows.engine.registration_history import STEPS
from tests.flows import sentence_stories
from tests.flows.chat import LANGUAGES, Chat

TRANSCRIPTS = Path(__file__).parent / "transcripts"


def just_asking(chat: Chat) -> None:
    chat.presses("about").takes(Unreadable("photo")).says("/nonsense", "/mydata")
    chat.presses("officer", "trouble", "refuse").presses("!exit")


def alone(chat: Chat) -> None:
    chat.presses("preregistration").until("birth_year")
    chat.says("1/2/90", "7.2.1990").until("details", write_first="yes")
    chat.until("residence_region", patronymic="Testovna").says("/help")
    chat.until("review", residence_region="Testland")
    chat.edits("surname").says("TESTOVSKAYA").presses("submit")
    chat.takes(Acknowledged("received", "KZ-2026-TEST")).presses("!status")
    chat.takes(Acknowledged("accepted", "KZ-2026-TEST")).presses("!status")
    chat.presses("withdraw", "yes").takes(Acknowledged("withdrawn", "KZ-2026-TEST"))
    chat.presses("!status")


def with_family(chat: Chat) -> None:
    chat.presses("preregistration").until("citizenship", applying="family")
    chat.says("Narnia", "Корея", "2").until("family")
    chat.presses("add", "spouse", "adult", "no", "go_on", "add", "child", "under14")
    first = chat.form().members["family"][0]
    chat.presses(f"remove.{first}", "done").until("phone", contact="phone")
    chat.says("12345").until("review", details="no")
    chat.presses("submit").says("/delete").presses("yes")


def in_trouble(chat: Chat) -> None:
    others = {"location": "kazakhstan", "stay_ends": "unsure", "passport": "none"}
    chat.presses("preregistration").until("gate_trouble", trouble="money", **others)
    chat.presses("person", "yes").says("Testova asks for help", "Are you there?")
    chat.takes(Unreadable("voice")).takes(Resolved()).presses("go_on")
    chat.until("consent_registration").presses("refuse").says("/stop")


def which_way(chat: Chat) -> None:
    chat.presses("eligibility", "move", "yes", "yes", "UZ", "no", "none", "unsaid")
    chat.presses("eligibility", "work", "unsure", "no", "CN", "unsure", "money", "kazakhstan")
    chat.presses("eligibility", "study", "no", "RU", "no", "none", "origin")


def my_papers(chat: Chat) -> None:
    chat.presses("checklist", "kandas_status", "CN", "both", "unsure", "yes", "origin", "menu")
    chat.presses("checklist", "kandas_status", "CN", "alone", "no", "kazakhstan", "menu")
    chat.presses("checklist", "citizenship_simplified", "UZ", "spouse", "elsewhere", "menu")
    chat.presses("checklist", "kandas_extension")


def kept_list(chat: Chat) -> None:
    chat.presses("checklist", "kandas_status", "UZ", "both", "yes", "yes", "unsaid", "keep")
    chat.presses("refuse").presses("checklist", "kandas_status", "UZ", "alone", "yes", "unsaid")
    chat.presses("keep", "yes", "tick", "documents.kaztest_certificate").says("2").presses(
        "!list", "print"
    )
    chat.presses("remind", "silent", "drop")


def next_steps(chat: Chat) -> None:
    chat.presses("preregistration").until("review").presses("submit")
    chat.takes(Acknowledged("received", "KZ-2026-TEST")).presses("!status", "next_steps")


def followed(chat: Chat) -> None:
    number, day = "KZ-2026-TEST", date(2026, 12, 20)
    chat.presses("preregistration").until("review", write_first="yes").presses("submit")
    chat.takes(Acknowledged("received", number))
    asks = RegistryQuestion("1", "BIRTH_YEAR", day)
    chat.takes(Acknowledged("needs_information", number, "UNCLEAR", asks))
    chat.presses("!status", "asked_birth_year").says("99", "1991")
    chat.takes(Acknowledged("received", number)).takes(Acknowledged("accepted", number))
    for name in STEPS:
        for status in ("OPEN", "DONE"):
            until = day if (name, status) == ("TEST", "OPEN") else None
            step = PlatformStep(name, status, until)
            chat.takes(Acknowledged("accepted", number, step=step))
            if status == "OPEN" or name == "CARD":
                chat.presses("!status")


def family(chat: Chat) -> None:
    number, code, day = "KZ-2026-TEST", "ABCDE23456", date(2026, 12, 1)
    chat.presses("preregistration").until("review").presses("submit")
    chat.takes(Acknowledged("accepted", number)).presses("!status", "household", "invite", "refuse")
    chat.presses("status", "household", "enter").says("ABC", code)
    chat.takes(HouseholdCodeChecked(is_granted=True)).presses("yes")
    chat.takes(HouseholdAnswered("join", "unknown_code")).presses("!status", "household", "enter")
    chat.says(code).takes(HouseholdCodeChecked(is_granted=False))
    chat.presses("status", "household", "invite", "yes")
    linked = HouseholdAnswered("invite", is_linked=True, code=code, code_until=day)
    chat.takes(linked).presses("!status", "household", "leave", "yes")
    chat.presses("status", "household", "status").takes(HouseholdAnswered("leave"))
    chat.presses("!status", "household", "invite", "yes")
    chat.takes(HouseholdAnswered("invite", "refused")).presses("!status")


def support(chat: Chat) -> None:
    chat.presses("support", "north_east", "pavlodar").says("5").presses("yes")
    chat.presses("support", "south", "almaty").says("0", "2").presses("no")


def practice(chat: Chat) -> None:
    chat.presses("interview", "stages")
    chat.presses("interview", "practice", "thanks", "seen", "name", "age", "seen", "tuesday")
    chat.presses("june", "seen", "instrument")


def announcements(chat: Chat) -> None:
    chat.says("/news").presses("announcements", "get", "rules", "events", "done", "seen", "refuse")
    chat.presses("announcements", "get", "rules", "events", "rules", "rules", "done", "seen", "yes")
    chat.presses("hint", "yes", "UZ", "kandas_status", "unsaid").presses("announcements", "read")
    chat.presses("announcements", "change", "events", "done", "seen", "yes", "whole", "refuse")
    chat.presses("announcements", "end").presses("announcements", "get", "support", "done")
    chat.presses("seen", "yes", "whole", "refuse").says("/stop")


def questions(chat: Chat) -> None:
    chat.presses("faq", "missions", "CN").presses("faq", "money").presses("faq", "next")
    chat.presses("faq").says("апостиль").presses("faq").says("zzz").presses("offices")


STORIES: dict[str, Callable[[Chat], None]] = {
    "just_asking": just_asking,
    "alone": alone,
    "with_family": with_family,
    "in_trouble": in_trouble,
    "which_way": which_way,
    "my_papers": my_papers,
    "kept_list": kept_list,
    "announcements": announcements,
    "next_steps": next_steps,
    "followed": followed,
    "family": family,
    "support": support,
    "practice": practice,
    "questions": questions,
}


# A scripted conversation runs the same code in each language, so coverage is measured only in
# Russian.
SHOWN = [
    language if language == "ru" else pytest.param(language, marks=pytest.mark.no_cover)
    for language in LANGUAGES
]


@pytest.mark.parametrize("language", SHOWN)
@pytest.mark.parametrize("story", STORIES)
def test_transcript_matches_its_golden_file(story: str, language: str) -> None:
    chat = Chat.start(language, twice=True)
    STORIES[story](chat)
    _hold(story, chat)


@pytest.mark.parametrize("language", SHOWN)
@pytest.mark.parametrize("story", sentence_stories.STORIES)
def test_transcript_of_free_text_matches_its_golden_file(story: str, language: str) -> None:
    chat = sentence_stories.start(language)
    sentence_stories.STORIES[story](chat)
    _hold(story, chat)


def _hold(story: str, chat: Chat) -> None:
    path = TRANSCRIPTS / f"{story}.{chat.language}.txt"
    if os.environ.get("KOSH_UPDATE"):
        TRANSCRIPTS.mkdir(exist_ok=True)
        path.write_text(chat.transcript, encoding="utf-8")
    assert path.read_text("utf-8") == chat.transcript, "read the difference; see this module"


def test_golden_transcript_files_are_complete_and_all_used() -> None:
    every = (*STORIES, *sentence_stories.STORIES)
    stories = {f"{story}.{language}.txt" for story in every for language in LANGUAGES}
    assert {path.name for path in TRANSCRIPTS.iterdir()} == stories
