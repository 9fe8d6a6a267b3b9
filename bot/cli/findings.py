"""Findings of `doctor`: subject, grade, result and fix of each check."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from bot.config.minimum_versions import MinimumVersion
from bot.config.settings import Settings


class Grade(StrEnum):
    """Grade of one of `doctor`'s findings: no fault, a possible fault, or a fault."""

    GOOD = "ok"
    DOUBTFUL = "look"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Finding:
    """A finding of `doctor`: a check's subject, grade and result, and the suggested fix, if any."""

    what: str
    grade: Grade
    said: str
    fix: str = ""


def good(what: str, said: str) -> Finding:
    """Return the finding of a check that found no fault."""
    return Finding(what, Grade.GOOD, said)


def doubtful(what: str, said: str, fix: str) -> Finding:
    """Return the finding of a check that found a possible fault, with the suggested fix."""
    return Finding(what, Grade.DOUBTFUL, said, fix)


def wrong(what: str, said: str, fix: str) -> Finding:
    """Return the finding of a check that found a fault, with its fix."""
    return Finding(what, Grade.WRONG, said, fix)


def check_version(
    what: str, minimum: MinimumVersion, version: str, settings: Settings
) -> Iterator[Finding]:
    """Yield a fault if a library or server is below its minimum safe version, otherwise nothing.

    `minimum` is the lowest safe version, `version` the version found.
    """
    if version and minimum.name not in settings.version_exemptions and not minimum.holds(version):
        description = (
            f"{minimum.name} {version} is below {' / '.join(minimum.versions)}: {minimum.fault}"
        )
        yield wrong(
            what, description, "upgrade it, or name it in KOSH_VERSION_EXEMPTIONS if it is patched"
        )
