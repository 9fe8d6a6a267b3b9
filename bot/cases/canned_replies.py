"""Canned replies (prepared answers) of a mission; each has one text per language.

A person gets the text in their own language.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from bot.cases import mission_statements as statements
from bot.cases.working_hours import Stale
from bot.db.connection import Transaction
from bot.db.pipeline import Call, Rows
from bot.db.statements import execute, fetch_all, fetch_values
from bot.i18n import kazakh_arabic, uzbek_cyrillic
from bot.officers import directory, permissions
from bot.officers.directory import Officer
from bot.officers.permissions import Action, Subject
from bot.runtime import Runtime

MAX_WORDS, MAX_TITLE = 2000, 80
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
# Languages whose text is converted automatically from the other script of the same language.
BUILT: Final[Mapping[str, tuple[str, Callable[[str], str]]]] = {
    "kk_Arab": ("kk", kazakh_arabic.to_arabic),
    "uz_Cyrl": ("uz", uzbek_cyrillic.to_cyrillic),
}


class Unusable(ValueError):
    """Invalid canned reply: bad name, no text, a text that is too long, or an unknown language."""

    code = "E_CANNED"


@dataclass(frozen=True, slots=True)
class Canned:
    """A canned reply; texts and titles are by language, `version` is incremented at each change.

    `form` is the name of the blank form that is sent with the reply, or ''.
    """

    name: str
    texts: Mapping[str, str]
    version: int
    titles: Mapping[str, str]
    form: str = ""

    def text(self, language: str) -> str | None:
        """Return the text in a language, else converted from its other script, else None."""
        return _in_language(self.texts, language)

    def title(self, language: str) -> str:
        """Return the title in a language, else a title in any language, else the reply's name."""
        written = next(filter(None, self.titles.values()), self.name)
        return _in_language(self.titles, language) or written


def _in_language(texts: Mapping[str, str], language: str) -> str | None:
    if language in texts:
        return texts[language]
    source, build = BUILT.get(language, ("", str))
    return build(texts[source]) if source in texts else None


async def all_of(transaction: Transaction, mission: str) -> tuple[Canned, ...]:
    """Return a mission's canned replies, ordered by name."""
    found = await fetch_all(transaction, statements.REPLIES, of_mission=mission)
    return read(found)


async def find(transaction: Transaction, mission: str, name: str) -> Canned | None:
    return next((each for each in await all_of(transaction, mission) if each.name == name), None)


async def listing(rt: Runtime, officer: Officer) -> tuple[Canned, ...]:
    """Return the canned replies of the officer's mission."""
    permissions.require(officer, Action.CANNED_READ, Subject(officer.mission))
    async with directory.acting(rt, officer) as transaction:
        return await all_of(transaction, officer.mission)


def listing_call(officer: Officer) -> Call:
    """Return the statement that selects the mission's canned replies; pass its rows to `read`."""
    permissions.require(officer, Action.CANNED_READ, Subject(officer.mission))
    return statements.REPLIES, {"of_mission": officer.mission}


def read(rows: Rows) -> tuple[Canned, ...]:
    """Return the canned replies in the rows of `listing_call`, ordered by name.

    A reply that editors published replaces the mission's own reply of the same name. A reply that
    editors have removed is omitted.
    """
    found = {row[0]: Canned(*row[:5]) for row in rows}
    return tuple(found[name] for name in sorted(found) if found[name].texts)


async def put(
    rt: Runtime,
    officer: Officer,
    name: str,
    texts: Mapping[str, str],
    version: int,
    titles: Mapping[str, str] | None = None,
    form: str = "",
) -> None:
    """Create or replace a canned reply.

    `version` is the version that the officer's page showed, 0 for a new reply. `form` is the name
    of a blank form to send with the reply. Raises Stale if the stored version differs, and Unusable
    if a name, title or text is invalid.
    """
    titles = titles or {}
    permissions.require(officer, Action.CANNED_EDIT, Subject(officer.mission))
    texts_by_language = {language: text.strip() for language, text in texts.items() if text.strip()}
    _check(rt, name, texts_by_language)
    if any(len(title) > MAX_TITLE for title in titles.values()):
        raise Unusable("E_CANNED: give a title of 80 characters at most")
    async with directory.acting(rt, officer) as transaction:
        await _lock(transaction, officer.mission, name, version)
        for language, text in texts_by_language.items():
            await execute(
                transaction,
                statements.ADD_REPLY,
                of_mission=officer.mission,
                of_name=name,
                in_language=language,
                words=text,
                new_version=version + 1,
                named=titles.get(language, ""),
                carried=form[:MAX_TITLE],
            )
        await _note(transaction, officer, "canned.changed", name)


async def drop(rt: Runtime, officer: Officer, name: str, version: int | None = None) -> None:
    """Delete a canned reply.

    Raises Stale if the stored version differs from `version`, which the officer's page showed. If
    `version` is None, any version is deleted.
    """
    permissions.require(officer, Action.CANNED_EDIT, Subject(officer.mission))
    async with directory.acting(rt, officer) as transaction:
        await _lock(transaction, officer.mission, name, version)
        await _note(transaction, officer, "canned.dropped", name)


async def _lock(transaction: Transaction, mission: str, name: str, version: int | None) -> None:
    """Lock the name of a canned reply, and delete its texts.

    Raises Stale unless the deleted version is `version` (0: the reply must not exist). If `version`
    is None, any version is deleted.
    """
    await execute(transaction, statements.LOCK_REPLY, reply=f"canned {mission} {name}")
    values = {"of_mission": mission, "of_name": name}
    found = set(await fetch_values(transaction, statements.DELETE_REPLY, **values))
    if version is not None and found != ({version} if version else set()):
        raise Stale


async def _note(transaction: Transaction, officer: Officer, action: str, name: str) -> None:
    await directory.record_action(transaction, officer, action, f"{officer.mission}/{name}")


def _check(rt: Runtime, name: str, texts: Mapping[str, str]) -> None:
    known = {code for code, _own in rt.languages.languages()} - BUILT.keys()
    proper = NAME.fullmatch(name) and texts and texts.keys() <= known
    if not proper or any(len(text) > MAX_WORDS for text in texts.values()):
        raise Unusable("E_CANNED: give a short name of a-z 0-9 -, and texts of 2,000 characters")
