"""Minimum safe versions of libraries and servers, with the vulnerabilities of older versions.

They are not enforced in demo mode. A distribution may patch an older version without changing its
number: KOSH_VERSION_EXEMPTIONS lists such exceptions.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from importlib import metadata

from bot.config.sources import ConfigError


@dataclass(frozen=True, slots=True)
class MinimumVersion:
    """First safe version of each supported release line of a program.

    `fault` is the vulnerability of older versions.
    """

    name: str
    versions: tuple[str, ...]
    fault: str

    def holds(self, version: str) -> bool:
        """Return True if a version is safe.

        A safe version is at or above the minimum of its release line, or at or above the minimum of
        the newest line.
        """
        found = parts(version)
        lines = sorted(map(parts, self.versions))
        if found >= lines[-1]:
            return True
        # A release line is a version without its last number: 8.1.4 is the minimum of the line 8.1.
        return any(found >= line and found[: len(line) - 1] == line[:-1] for line in lines)


# The minimum versions were reviewed on 24 November 2026.
LIBRARIES = (
    MinimumVersion(
        "pillow", ("13.0.0",), "CVE-2026-112403: a JPEG writes past the decoder's memory"
    ),
    MinimumVersion(
        "starlette", ("1.3.1",), "PYSEC-2026-248, -249: hosts confused, limits passed over"
    ),
    MinimumVersion("aiohttp", ("3.14.4",), "CVE-2026-128131, PYSEC-2026-4371: smuggled answers"),
    MinimumVersion(
        "python-multipart", ("0.0.31",), "CVE-2026-53538, CVE-2026-42561: smuggled fields"
    ),
    MinimumVersion("cryptography", ("46.0.7",), "CVE-2026-39892: a buffer is written past its end"),
    MinimumVersion("jinja2", ("3.1.6",), "CVE-2025-27516: a template leaves its sandbox"),
    MinimumVersion("redis", ("5.0",), "CVE-2023-28858: answers reach another caller"),
    MinimumVersion("babel", ("2.9.1",), "CVE-2021-42771: a locale's name runs code"),
    MinimumVersion("h11", ("0.16.0",), "CVE-2025-43859: smuggled requests"),
)
POSTGRESQL = MinimumVersion("postgresql", ("17.11", "18.6"), "the fixes of 18.4 and CVE-2026-14676")
VALKEY = MinimumVersion(
    "valkey", ("8.1.9", "9.0.5"), "CVE-2026-56684, CVE-2026-63639, CVE-2025-49844"
)


def parts(version: str) -> tuple[int, ...]:
    """Return the numbers of a version for comparison; a suffix such as `rc1` is ignored."""
    release = re.match(r"[0-9]+(?:\.[0-9]+)*", version)
    return tuple(map(int, release[0].split("."))) if release else ()


def installed() -> dict[str, str]:
    """Return the installed versions of the libraries for which a minimum is defined."""
    return dict(_versions())


def _versions() -> Iterator[tuple[str, str]]:
    for minimum in LIBRARIES:
        try:
            yield minimum.name, metadata.version(minimum.name)
        except metadata.PackageNotFoundError:
            continue


def check(
    minimums: Collection[MinimumVersion], found: Mapping[str, str], patched: Collection[str] = ()
) -> None:
    """Raise ConfigError if a version is below its minimum.

    `found` has the versions by name; programs that it does not name are not checked. `patched` has
    the names that the operator has exempted.
    """
    low = [
        f"{each.name} {found[each.name]} is below {' / '.join(each.versions)} ({each.fault})"
        for each in minimums
        if each.name in found and each.name not in patched and not each.holds(found[each.name])
    ]
    if low:
        raise ConfigError(
            f"{'; '.join(low)}; upgrade it, or name it in KOSH_VERSION_EXEMPTIONS"
            " if your distribution patched it"
        )
