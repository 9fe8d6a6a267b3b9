"""Encryption per person: sealed fields, wrapped keys, blind indexes, and the keys they come from.

Losing a person's wrapped key makes everything sealed for that person unreadable: that is erasure.
Wrapped keys die for good with the key of their epoch, also in backups.
"""

import fcntl
import hmac
import os
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Self
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_KINDS = ("epoch", "index", "ask")
_KEY_FILE = re.compile(rf"({'|'.join(_KINDS)})-([1-9][0-9]{{0,8}})\.key")
_KEY_BYTES = 32
_NONCE_BYTES = 12
_TAG_BYTES = 16
_INDEX_BYTES = 16
_EPOCH_BYTES = 4
_VERSION = b"\x01"


class VaultError(Exception):
    """A key or a sealed value can't be used; nothing of either is in the message.

    Codes: E_VAULT_EPOCH (the epoch's key isn't here), E_VAULT_SEALED (altered, or moved to another
    place), E_VAULT_KEYS (the key directory is missing, incomplete or open to others).
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code


@dataclass(frozen=True)
class WrappedKey:
    """A person's key as it is stored: nonce (12 bytes) and AES-GCM under the key of `epoch`."""

    epoch: int
    wrapped: bytes


@dataclass(frozen=True)
class Keys:
    """The keys of an installation, by version; the newest writes, all of them read."""

    epoch: Mapping[int, bytes] = field(repr=False)
    index: Mapping[int, bytes] = field(repr=False)
    ask: Mapping[int, bytes] = field(repr=False)

    @classmethod
    def load(cls, directory: Path) -> Self:
        """Read `epoch-<n>.key`, `index-<n>.key` and `ask-<n>.key`: 32 raw bytes, mode 0600 each.

        Raises VaultError E_VAULT_KEYS when a kind is missing or others can read the keys.
        """
        found: dict[str, dict[int, bytes]] = {kind: {} for kind in _KINDS}
        try:
            _refuse_others(directory.name, directory.stat().st_mode)
            for path in directory.iterdir():
                if name := _KEY_FILE.fullmatch(path.name):
                    found[name[1]][int(name[2])] = _read_key(path)
        except OSError as error:
            raise _unusable(f"the key directory can't be read ({type(error).__name__})") from None
        for kind in _KINDS:
            if not found[kind]:
                raise _unusable(f"no {kind}-<n>.key in the key directory; restore it from backup")
        return cls(**found)

    @classmethod
    def create(cls, directory: Path) -> Self:
        """Make the first keys where there are none yet, then load.

        Never adds to a directory that holds keys: a lost key must be restored, not replaced.
        """
        try:
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            _refuse_others(directory.name, directory.stat().st_mode)
            _write_first_keys(directory)
        except OSError as error:
            raise _unusable(f"keys can't be written ({type(error).__name__})") from None
        return cls.load(directory)


class PersonKey:
    """One person's open key: seals and unseals that person's fields."""

    __slots__ = ("_ciphers", "_dek", "person_id")

    def __init__(self, person_id: UUID, dek: bytes) -> None:
        self.person_id = person_id
        self._dek = dek
        self._ciphers: dict[str, AESGCM] = {}

    def seal(self, plain: bytes, table: str, column: str, row: str) -> bytes:
        """Encrypt a field for its one place: version byte, nonce (12 bytes), AES-GCM."""
        nonce = os.urandom(_NONCE_BYTES)
        place = self._place(table, column, row)
        return _VERSION + nonce + self._cipher(table).encrypt(nonce, plain, place)

    def unseal(self, sealed: bytes, table: str, column: str, row: str) -> bytes:
        """Decrypt a field; VaultError E_VAULT_SEALED unless it was sealed for this very place."""
        if sealed[:1] != _VERSION:
            raise _not_ours()
        return _open(self._cipher(table), sealed[1:], self._place(table, column, row))

    def _place(self, table: str, column: str, row: str) -> bytes:
        return f"v1|{table}|{column}|{self.person_id}|{row}".encode()

    def _cipher(self, table: str) -> AESGCM:
        cipher = self._ciphers.get(table)
        if cipher is None:
            cipher = self._ciphers[table] = _derived(self._dek, table)
        return cipher


class Vault:
    """Everything that needs a key of the installation."""

    def __init__(self, keys: Keys) -> None:
        self._epoch = max(keys.epoch)
        self._wrapping = {epoch: AESGCM(key) for epoch, key in keys.epoch.items()}
        self._transient = {epoch: _derived(key, "transient") for epoch, key in keys.epoch.items()}
        self._index = tuple(key for _, key in sorted(keys.index.items(), reverse=True))
        self._ask = keys.ask[max(keys.ask)]

    def new_key(self, person_id: UUID) -> WrappedKey:
        """Draw a key for a person and wrap it under the newest epoch."""
        nonce = os.urandom(_NONCE_BYTES)
        aad = _wrap_aad(person_id, self._epoch)
        wrapped = self._wrapping[self._epoch].encrypt(nonce, os.urandom(_KEY_BYTES), aad)
        return WrappedKey(self._epoch, nonce + wrapped)

    def open(self, person_id: UUID, key: WrappedKey) -> PersonKey:
        """Unwrap a person's key; VaultError E_VAULT_EPOCH or E_VAULT_SEALED when it can't be."""
        wrapping = _of_epoch(self._wrapping, key.epoch)
        return PersonKey(person_id, _open(wrapping, key.wrapped, _wrap_aad(person_id, key.epoch)))

    def index(self, kind: str, value: str) -> bytes:
        """Give the 16-byte blind index under which a normalised value is stored."""
        return _blind(self._index[0], kind, value)

    def indexes(self, kind: str, value: str) -> tuple[bytes, ...]:
        """Give the blind indexes to look a value up by, newest key first, during a rotation."""
        return tuple(_blind(key, kind, value) for key in self._index)

    def ask_key(self, channel: str, handle: str, day: date) -> str:
        """Name a just-ask conversation in Valkey: it doesn't tell who asks, nor link two days.

        A conversation that crosses midnight is found under the day before.
        """
        day_key = hmac.digest(self._ask, day.isoformat().encode(), "sha256")
        return hmac.digest(day_key, _pair(channel, handle), "sha256").hex()

    def seal_transient(self, plain: bytes, purpose: str) -> bytes:
        """Encrypt what no person's key covers: just-ask state and the quarantine.

        Version byte, epoch (4 bytes), nonce (12 bytes), AES-GCM bound to `purpose`.
        """
        nonce = os.urandom(_NONCE_BYTES)
        head = _VERSION + self._epoch.to_bytes(_EPOCH_BYTES) + nonce
        return head + self._transient[self._epoch].encrypt(nonce, plain, purpose.encode())

    def unseal_transient(self, sealed: bytes, purpose: str) -> bytes:
        """Decrypt it; VaultError E_VAULT_EPOCH or E_VAULT_SEALED when it can't be."""
        if sealed[:1] != _VERSION:
            raise _not_ours()
        cipher = _of_epoch(self._transient, int.from_bytes(sealed[1 : 1 + _EPOCH_BYTES]))
        return _open(cipher, sealed[1 + _EPOCH_BYTES :], purpose.encode())


def _derived(key: bytes, info: str) -> AESGCM:
    return AESGCM(HKDF(SHA256(), _KEY_BYTES, salt=None, info=info.encode()).derive(key))


def _open(cipher: AESGCM, sealed: bytes, aad: bytes) -> bytes:
    if len(sealed) < _NONCE_BYTES + _TAG_BYTES:
        raise _not_ours()
    try:
        return cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], aad)
    except InvalidTag:
        raise _not_ours() from None


def _of_epoch(ciphers: Mapping[int, AESGCM], epoch: int) -> AESGCM:
    try:
        return ciphers[epoch]
    except KeyError:
        message = f"the key of epoch {epoch} isn't in the key directory; it was destroyed or lost"
        raise VaultError("E_VAULT_EPOCH", message) from None


def _wrap_aad(person_id: UUID, epoch: int) -> bytes:
    return f"dek|v1|{person_id}|{epoch}".encode()


def _blind(key: bytes, kind: str, value: str) -> bytes:
    return hmac.digest(key, _pair(kind, value), "sha256")[:_INDEX_BYTES]


def _pair(first: str, second: str) -> bytes:
    return f"{first}\0{second}".encode()


def _read_key(path: Path) -> bytes:
    with path.open("rb") as file:
        _refuse_others(path.name, os.fstat(file.fileno()).st_mode)
        key = file.read(_KEY_BYTES + 1)
    if len(key) != _KEY_BYTES:
        raise _unusable(f"{path.name} isn't {_KEY_BYTES} bytes long; restore it from backup")
    return key


def _write_first_keys(directory: Path) -> None:
    handle = os.open(directory, os.O_RDONLY)
    try:
        # Of two processes starting for the first time, the second must find the first one's keys.
        fcntl.flock(handle, fcntl.LOCK_EX)
        if not any(_KEY_FILE.fullmatch(name) for name in os.listdir(directory)):
            for kind in _KINDS:
                _write_key(directory / f"{kind}-1.key")
            os.fsync(handle)
    finally:
        os.close(handle)


def _write_key(path: Path) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(handle, "wb") as file:
        file.write(os.urandom(_KEY_BYTES))
        file.flush()
        os.fsync(handle)


def _refuse_others(name: str, mode: int) -> None:
    if stat.S_IMODE(mode) & 0o077:
        raise _unusable(f"{name} is open to other users; chmod go= it")


def _unusable(message: str) -> VaultError:
    return VaultError("E_VAULT_KEYS", message)


def _not_ours() -> VaultError:
    message = "the value was altered or belongs elsewhere; look for a restored or edited row"
    return VaultError("E_VAULT_SEALED", message)
