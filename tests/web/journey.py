"""The answers of a whole registration, and the check of its result in the registry."""

from typing import Any

from tests.app_stack import AppStack

LANGUAGES = ("kk", "kk_Arab", "ru", "zh_Hans", "uz", "uz_Cyrl")
# The answers of a person from Uzbekistan who registers with spouse and child: keys of buttons, and
# texts for questions without buttons.
ANSWERS = (
    "preregistration", "family", "yes", "move", "UZ", "origin", "long", "no", "yes", "none",
    "seen", "yes", "yes", "TESTOVA", "GULNAR", "1990", "UZ", "pavlodar", "year",
    "add", "spouse", "adult", "yes", "add", "child", "under14", "done",
    "self", "no", "no", "submit",
)  # fmt: skip
# The answers up to the consent, which is the last of them.
ANSWERS_TO_CONSENT = ANSWERS[: ANSWERS.index("seen") + 2]


async def registration_number(stack: AppStack, language: str) -> str:
    """Check that the registry accepted ANSWERS in this language; return the registration number."""
    entry = await accepted_entry(stack)
    body = entry["body"]
    tags = {
        "kk": "kk-Cyrl",
        "kk_Arab": "kk-Arab",
        "ru": "ru",
        "zh_Hans": "zh-Hans",
        "uz": "uz-Latn",
        "uz_Cyrl": "uz-Cyrl",
    }
    assert body["language"] == tags[language]
    assert body["purpose"] == "MOVE"
    assert body["citizenship"] == "UZ"
    assert body["target_region"] == "KZ-55"
    assert body["surname"] == "TESTOVA"
    assert body["birth_year"] == 1990
    assert [each["relation"] for each in body["members"]] == ["SPOUSE", "CHILD"]
    return str(entry["number"])


async def accepted_entry(stack: AppStack) -> dict[str, Any]:
    """Wait until the registry has exactly one entry and has accepted it; return it."""

    async def is_accepted() -> bool:
        entries = await stack.entries()
        return [each["state"] for each in entries] == ["ACCEPTED"]

    await stack.until(is_accepted)
    (entry,) = await stack.entries()
    return entry
