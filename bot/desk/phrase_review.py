"""Review of sentences that people donated as training data of the intent recogniser.

An intent is the question that a message asks. An accepted sentence is stored with its intent.
`./kosh understanding accepted` prints it for the phrase files in the repository.
"""

from uuid import UUID

from bot.officers import directory, permissions
from bot.officers.directory import Officer
from bot.officers.permissions import Action, Subject
from bot.runtime import Runtime
from bot.understanding import suggestions
from bot.understanding.suggestions import Sentence
from flows.knowledge.intents import BY_ID


class Decided(Exception):
    """Another officer has decided on the sentence, or its retention period has ended."""

    code = "E_PHRASE_DECIDED"


class UnknownIntent(ValueError):
    """The intent does not exist; nothing was changed."""

    code = "E_PHRASE_INTENT"


async def listing(rt: Runtime, officer: Officer) -> tuple[Sentence, ...]:
    """Return the oldest donated sentences that no officer has decided on, at most 50."""
    permissions.require(officer, Action.PHRASES_REVIEW, Subject(officer.mission))
    async with directory.acting(rt, officer) as transaction:
        return await suggestions.listing(transaction)


async def accept(rt: Runtime, officer: Officer, sentence: UUID, intent: str) -> None:
    """Accept a donated sentence as a phrase of an intent. Raises Decided, UnknownIntent."""
    if intent not in BY_ID:
        raise UnknownIntent(f"{UnknownIntent.code}: choose an intent of the list")
    permissions.require(officer, Action.PHRASES_REVIEW, Subject(officer.mission))
    async with directory.acting(rt, officer) as transaction:
        language = await suggestions.accept(transaction, sentence, intent)
        if language is None:
            raise Decided(f"{Decided.code}: load the page again")
        await directory.record_action(
            transaction, officer, "phrases.accepted", f"{language} {intent}"
        )


async def reject(rt: Runtime, officer: Officer, sentence: UUID) -> None:
    """Delete a donated sentence. Raises Decided."""
    permissions.require(officer, Action.PHRASES_REVIEW, Subject(officer.mission))
    async with directory.acting(rt, officer) as transaction:
        language = await suggestions.remove(transaction, sentence)
        if language is None:
            raise Decided(f"{Decided.code}: load the page again")
        await directory.record_action(transaction, officer, "phrases.rejected", language)


async def accepted(rt: Runtime) -> list[tuple[str, str, str]]:
    """Return the sentences that officers accepted as training phrases, for the command line.

    Each is (language, intent, sentence).
    """
    async with directory.console(rt).connection() as transaction:
        return await suggestions.accepted(transaction)
