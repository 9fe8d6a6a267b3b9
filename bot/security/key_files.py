"""Key files of an installation: loading, choice of the active key, and destruction.

A key is 32 random bytes in `<kind>-<n>.key`, mode 0600; `n` is its version. An `epoch` key wraps
people's keys and encrypts transient data and backups. An `index` key computes blind indexes. An
`ask` key computes names in Valkey that do not identify a person. All keys of a kind can decrypt.
Only the newest one that is at least an hour old encrypts, so that every process has loaded a key
before any process encrypts with it.
"""

import fcntl
import os
import re
import stat
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Self, get_args

type Kind = Literal["epoch", "index", "ask"]

KEY_BYTES = 32
SETTLED_SECONDS = 3600
_KINDS: tuple[Kind, ...] = get_args(Kind.__value__)
_KEY_FILE = re.compile(rf"({'|'.join(_KINDS)})-([1-9][0-9]{{0,8}})\.key")


class VaultError(Exception):
    """A key or an encrypted value cannot be used; the message contains no part of either.

    Codes: E_VAULT_EPOCH (the `epoch` key that encrypted the value is missing), E_VAULT_INTEGRITY
    (the value was altered or moved), E_VAULT_KEYS (the key directory is missing, incomplete, or
    readable by others), E_VAULT_IN_USE (a key to be destroyed is still needed), E_VAULT_FOREIGN
    (the keys decrypt no person of this database).
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code


@dataclass(frozen=True)
class Keys:
    """The keys of an installation, by kind and version.

    `young` names the keys that are less than an hour old; they do not encrypt if an older one
    exists.
    """

    epoch: Mapping[int, bytes] = field(repr=False)
    index: Mapping[int, bytes] = field(repr=False)
    ask: Mapping[int, bytes] = field(repr=False)
    young: frozenset[str] = frozenset()

    def of(self, kind: Kind) -> Mapping[int, bytes]:
        """Return all keys of a kind by their version."""
        return {"epoch": self.epoch, "index": self.index, "ask": self.ask}[kind]

    def writing(self, kind: Kind) -> int:
        """Return the key version that encrypts: the newest that is an hour old, else the newest."""
        versions = self.of(kind)
        usable = [each for each in versions if f"{kind}-{each}" not in self.young]
        return max(usable or versions)

    @classmethod
    def load(cls, directory: Path) -> Self:
        """Read the files `epoch-<n>.key`, `index-<n>.key` and `ask-<n>.key` of a directory.

        Raises VaultError E_VAULT_KEYS if a kind is missing or other users can read the files.
        """
        found: dict[Kind, dict[int, bytes]] = {kind: {} for kind in _KINDS}
        young = set()
        try:
            _refuse_others(directory.name, directory.stat().st_mode)
            for kind, version, path in files(directory):
                found[kind][version] = _read_key(path)
                if age(path) < SETTLED_SECONDS:
                    young.add(path.stem)
        except FileNotFoundError:
            pass
        except OSError as error:
            raise _unusable(f"the key directory can't be read ({type(error).__name__})") from None
        if not any(found.values()):
            raise _unusable(
                "there are no keys here; put the directory back from its copy. Only a new"
                " installation makes them, once: `./kosh keys first`"
            )
        for kind in _KINDS:
            if not found[kind]:
                raise _unusable(f"no {kind}-<n>.key in the key directory; restore it from backup")
        return cls(**found, young=frozenset(young))

    @classmethod
    def create(cls, directory: Path) -> Self:
        """Create the first keys if the directory has no keys, then load all keys.

        It adds no key to a directory with keys: a missing key must be restored from a backup, since
        a new one cannot decrypt the data.
        """
        with _exclusive_lock(directory):
            if next(files(directory), None) is None:
                for kind in _KINDS:
                    _write_key(directory / f"{kind}-1.key")
        return cls.load(directory)


def files(directory: Path) -> Iterator[tuple[Kind, int, Path]]:
    """Yield the kind, the version and the path of each key file in a directory."""
    for path in sorted(directory.iterdir()):
        if name := _KEY_FILE.fullmatch(path.name):
            yield next(kind for kind in _KINDS if kind == name[1]), int(name[2]), path


def age(path: Path) -> float:
    """Return the seconds since a key file was written on this machine."""
    return time.time() - path.stat().st_mtime


def add(directory: Path, kind: Kind, after: int = 0) -> int:
    """Create the next key of a kind and return its version.

    If a version newer than `after` exists, create nothing and return the newest: another process
    has created it.
    """
    with _exclusive_lock(directory):
        newest = max(Keys.load(directory).of(kind))
        if after and newest > after:
            return newest
        _write_key(directory / f"{kind}-{newest + 1}.key")
    return newest + 1


def destroy(directory: Path, kind: Kind, version: int) -> None:
    """Overwrite and delete a key. The caller must have checked that no data needs the key.

    Raises VaultError if the key encrypts new data now or will soon, or if it cannot be overwritten.
    """
    path = directory / f"{kind}-{version}.key"
    with _exclusive_lock(directory):
        if Keys.load(directory).writing(kind) <= version:
            raise VaultError("E_VAULT_IN_USE", f"{path.stem} writes, or will; make a newer one")
        with path.open("r+b") as file:
            file.write(os.urandom(KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        path.unlink()


@contextmanager
def _exclusive_lock(directory: Path) -> Iterator[None]:
    """Lock the directory, so that of two processes that start together only one creates keys."""
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        _refuse_others(directory.name, directory.stat().st_mode)
        handle = os.open(directory, os.O_RDONLY)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError as error:
        raise _unusable(f"keys can't be written ({type(error).__name__})") from None


def _read_key(path: Path) -> bytes:
    with path.open("rb") as file:
        _refuse_others(path.name, os.fstat(file.fileno()).st_mode)
        key = file.read(KEY_BYTES + 1)
    if len(key) != KEY_BYTES:
        raise _unusable(f"{path.name} isn't {KEY_BYTES} bytes long; restore it from backup")
    return key


def _write_key(path: Path) -> None:
    """Write a new key file atomically, because other processes may read the directory meanwhile."""
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(handle, "wb") as file:
        file.write(os.urandom(KEY_BYTES))
        file.flush()
        os.fsync(handle)
    draft.rename(path)


def _refuse_others(name: str, mode: int) -> None:
    if stat.S_IMODE(mode) & 0o077:
        raise _unusable(f"{name} is open to other users; chmod go= it")


def _unusable(message: str) -> VaultError:
    return VaultError("E_VAULT_KEYS", message)
