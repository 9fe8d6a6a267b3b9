"""Encryption per person: encrypted fields, wrapped keys, blind indexes, and derived keys.

An epoch key of the installation wraps each person's key; the version of the epoch key is called
epoch. Deleting a person's wrapped key makes all data that it encrypts unreadable: this is erasure.
Destroying the key of an epoch makes the keys wrapped under it unreadable, also in backups.
"""

import hmac
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from bot.security.key_files import KEY_BYTES, Keys, VaultError

_NONCE_BYTES = 12
_TAG_BYTES = 16
_INDEX_BYTES = 16
_EPOCH_BYTES = 4
_VERSION = b"\x01"
_BACKUP = b"KOSH-BACKUP-1\n"
_PIECE = 64 * 1024
# Maximum number of unwrapped keys of people in the cache; `refresh` empties it.
_MAX_OPEN = 1024


@dataclass(frozen=True)
class WrappedKey:
    """A person's key as stored: nonce (12 bytes) and AES-GCM under the epoch key `epoch`."""

    epoch: int
    wrapped: bytes


class PersonKey:
    """One person's unwrapped key, which encrypts and decrypts the fields of this person."""

    __slots__ = ("_ciphers", "_dek", "_name", "person_id")

    def __init__(self, person_id: UUID, dek: bytes) -> None:
        self.person_id = person_id
        self._name = str(person_id)
        self._dek = dek
        self._ciphers: dict[str, AESGCM] = {}

    def seal(self, plain: bytes, table: str, column: str, row: str) -> bytes:
        """Encrypt a field: version byte, nonce (12 bytes), AES-GCM.

        The associated data binds the value to table, column, person and row.
        """
        nonce = os.urandom(_NONCE_BYTES)
        place = self._place(table, column, row)
        return _VERSION + nonce + self._cipher(table).encrypt(nonce, plain, place)

    def unseal(self, sealed: bytes, table: str, column: str, row: str) -> bytes:
        """Decrypt a field.

        Raises VaultError E_VAULT_INTEGRITY unless it was encrypted for this table, column, person
        and row.
        """
        if sealed[:1] != _VERSION:
            raise _integrity_error()
        return _open(self._cipher(table), sealed[1:], self._place(table, column, row))

    def _place(self, table: str, column: str, row: str) -> bytes:
        return f"v1|{table}|{column}|{self._name}|{row}".encode()

    def _cipher(self, table: str) -> AESGCM:
        cipher = self._ciphers.get(table)
        if cipher is None:
            cipher = self._ciphers[table] = _derive_cipher(self._dek, table)
        return cipher


class _KeyRing:
    """Ciphers of all installation keys, created once, and which versions encrypt new data."""

    def __init__(self, keys: Keys) -> None:
        self.epoch = keys.writing("epoch")
        self.wrapping = {epoch: AESGCM(key) for epoch, key in keys.epoch.items()}
        self.transient = {
            epoch: _derive_cipher(key, "transient") for epoch, key in keys.epoch.items()
        }
        self.backup = {epoch: _derive_cipher(key, "backup") for epoch, key in keys.epoch.items()}
        self.index_version = keys.writing("index")
        others = sorted(keys.index.keys() - {self.index_version}, reverse=True)
        self.index = tuple(keys.index[each] for each in (self.index_version, *others))
        self.ask = keys.ask[keys.writing("ask")]


class Vault:
    """All operations with the installation's keys, which are read from `directory`."""

    def __init__(self, keys: Keys, directory: Path | None = None) -> None:
        self._keys, self._directory = keys, directory
        self._ring = _KeyRing(keys)
        self._opened = lru_cache(_MAX_OPEN)(self._person_key)
        self._erased = set[UUID]()

    @property
    def epoch(self) -> int:
        """Return the version of the epoch key that currently wraps people's keys."""
        return self._ring.epoch

    @property
    def index_version(self) -> int:
        """Return the version of the index key that currently computes blind indexes."""
        return self._ring.index_version

    @property
    def rotating(self) -> bool:
        """Return True if blind indexes under several keys exist, as during a key rotation."""
        return len(self._ring.index) > 1

    def refresh(self) -> bool:
        """Empty the cache of keys and read the key files again; return True if they changed.

        Raises VaultError E_VAULT_KEYS.
        """
        self._opened.cache_clear()
        self._erased.clear()
        if self._directory is None or (keys := Keys.load(self._directory)) == self._keys:
            return False
        self._keys, self._ring = keys, _KeyRing(keys)
        return True

    def new_key(self, person_id: UUID) -> WrappedKey:
        """Generate a person's key and wrap it under the current epoch."""
        return self._wrap(person_id, os.urandom(KEY_BYTES))

    def open(self, person_id: UUID, key: WrappedKey) -> PersonKey:
        """Return a person's unwrapped key; from the cache, if possible, because turns must be fast.

        Raises VaultError E_VAULT_EPOCH or E_VAULT_INTEGRITY.
        """
        is_known = person_id not in self._erased
        return self._opened(person_id, key) if is_known else self._person_key(person_id, key)

    def forget(self, person_id: UUID) -> None:
        """Evict the key of an erased person, and do not cache it until the next `refresh`.

        Other processes evict it at their own next `refresh`.
        """
        self._erased.add(person_id)
        # `lru_cache` cannot evict a single key, so all keys are evicted. The other keys are
        # unwrapped again when they are needed.
        self._opened.cache_clear()

    def _person_key(self, person_id: UUID, key: WrappedKey) -> PersonKey:
        return PersonKey(person_id, self._unwrap(person_id, key))

    def rewrap(self, person_id: UUID, key: WrappedKey) -> WrappedKey:
        """Wrap a person's key again, with the newest epoch key.

        Data that the person's key encrypts does not change.
        """
        return self._wrap(person_id, self._unwrap(person_id, key))

    def _wrap(self, person_id: UUID, dek: bytes) -> WrappedKey:
        epoch, nonce = self._ring.epoch, os.urandom(_NONCE_BYTES)
        wrapped = self._ring.wrapping[epoch].encrypt(nonce, dek, _wrap_aad(person_id, epoch))
        return WrappedKey(epoch, nonce + wrapped)

    def _unwrap(self, person_id: UUID, key: WrappedKey) -> bytes:
        self._reload_if_unknown(key.epoch)
        wrapping = _of_epoch(self._ring.wrapping, key.epoch)
        return _open(wrapping, key.wrapped, _wrap_aad(person_id, key.epoch))

    def _reload_if_unknown(self, epoch: int) -> None:
        """Reload the key files if the epoch is unknown.

        Another process may have created the key of that epoch.
        """
        if epoch not in self._ring.wrapping:
            self.refresh()

    def index(self, kind: str, value: str) -> bytes:
        """Return the 16-byte blind index of a normalised value, under the current index key."""
        return _blind(self._ring.index[0], kind, value)

    def indexes(self, kind: str, value: str) -> tuple[bytes, ...]:
        """Return the blind indexes under all index keys, for a lookup during a key rotation.

        The first one is the same as that of `index`.
        """
        return tuple(_blind(key, kind, value) for key in self._ring.index)

    def index_under(self, version: int, kind: str, value: str) -> bytes | None:
        """Return the blind index under the index key of this version; None without this key."""
        key = self._keys.index.get(version)
        return None if key is None else _blind(key, kind, value)

    def ask_key(self, channel: str, handle: str, day: date) -> str:
        """Return the Valkey key of an anonymous conversation.

        The Valkey key does not identify the person. It changes daily, so that a person's
        conversations of two days cannot be linked. `open_session` finds a conversation that
        continues after midnight UTC under the key of the previous day.
        """
        day_key = hmac.digest(self._ring.ask, day.isoformat().encode(), "sha256")
        return hmac.digest(day_key, _pair(channel, handle), "sha256").hex()

    def seal_transient(self, plain: bytes, purpose: str) -> bytes:
        """Encrypt data that belongs to no person's key, such as anonymous sessions.

        Format: version byte, epoch (4 bytes), nonce (12 bytes), AES-GCM bound to `purpose`.
        """
        epoch, nonce = self._ring.epoch, os.urandom(_NONCE_BYTES)
        head = _VERSION + epoch.to_bytes(_EPOCH_BYTES) + nonce
        return head + self._ring.transient[epoch].encrypt(nonce, plain, purpose.encode())

    def unseal_transient(self, sealed: bytes, purpose: str) -> bytes:
        """Decrypt a value that `seal_transient` encrypted for the same purpose.

        Raises VaultError E_VAULT_EPOCH or E_VAULT_INTEGRITY.
        """
        if sealed[:1] != _VERSION:
            raise _integrity_error()
        epoch = int.from_bytes(sealed[1 : 1 + _EPOCH_BYTES])
        self._reload_if_unknown(epoch)
        cipher = _of_epoch(self._ring.transient, epoch)
        return _open(cipher, sealed[1 + _EPOCH_BYTES :], purpose.encode())

    def reseal_transient(self, sealed: bytes, purpose: str) -> bytes:
        """Decrypt a value of `seal_transient` and encrypt it under the current epoch."""
        return self.seal_transient(self.unseal_transient(sealed, purpose), purpose)

    def seal_backup(self, chunks: Iterable[bytes], needed: Iterable[int] = ()) -> Iterator[bytes]:
        """Encrypt a stream under an epoch key; a truncated or reordered stream is detected.

        The key is the oldest of the current one and the keys of the epochs `needed` to read the
        stream's contents, so that the backup is unreadable once one of them is destroyed.

        Format: a magic number, the epoch (4 bytes), 7 random bytes, then the AES-GCM ciphertext of
        each 64 KiB piece. Its nonce consists of those 7 bytes, the piece's number and a flag for
        the last piece (the STREAM construction).
        """
        epoch = min({self._ring.epoch, *needed} & self._ring.backup.keys())
        salt = os.urandom(_NONCE_BYTES - 5)
        head = _BACKUP + epoch.to_bytes(_EPOCH_BYTES) + salt
        yield head
        for number, piece, last in _pieces(chunks, _PIECE):
            nonce = salt + number.to_bytes(4) + bytes([last])
            yield self._ring.backup[epoch].encrypt(nonce, piece, head)

    def unseal_backup(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """Decrypt a stream that `seal_backup` encrypted.

        Raises VaultError E_VAULT_EPOCH if the key of its epoch was destroyed, and E_VAULT_INTEGRITY
        if it was altered.
        """
        stream = iter(chunks)
        head, rest = _beginning(stream, len(_BACKUP) + _EPOCH_BYTES + _NONCE_BYTES - 5)
        if not head.startswith(_BACKUP):
            raise _integrity_error()
        epoch = int.from_bytes(head[len(_BACKUP) : len(_BACKUP) + _EPOCH_BYTES])
        cipher, salt = _of_epoch(self._ring.backup, epoch), head[len(_BACKUP) + _EPOCH_BYTES :]
        for number, piece, last in _pieces(_before(rest, stream), _PIECE + _TAG_BYTES):
            try:
                yield cipher.decrypt(salt + number.to_bytes(4) + bytes([last]), piece, head)
            except InvalidTag:
                raise _integrity_error() from None


def _pieces(chunks: Iterable[bytes], size: int) -> Iterator[tuple[int, bytes, bool]]:
    """Split a stream into pieces of `size` bytes; yield number, content, and True for the last.

    The last piece may be shorter.
    """
    held, number = bytearray(), 0
    for chunk in chunks:
        held += chunk
        while len(held) > size:
            yield number, bytes(held[:size]), False
            del held[:size]
            number += 1
    yield number, bytes(held), True


def _beginning(stream: Iterator[bytes], size: int) -> tuple[bytes, bytes]:
    held = b""
    while len(held) < size and (chunk := next(stream, b"")):
        held += chunk
    return held[:size], held[size:]


def _before(rest: bytes, stream: Iterator[bytes]) -> Iterator[bytes]:
    yield rest
    yield from stream


def _derive_cipher(key: bytes, info: str) -> AESGCM:
    return AESGCM(HKDF(SHA256(), KEY_BYTES, salt=None, info=info.encode()).derive(key))


def _open(cipher: AESGCM, sealed: bytes, aad: bytes) -> bytes:
    if len(sealed) < _NONCE_BYTES + _TAG_BYTES:
        raise _integrity_error()
    try:
        return cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], aad)
    except InvalidTag:
        raise _integrity_error() from None


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


def _integrity_error() -> VaultError:
    message = "the value was altered or belongs elsewhere; look for a restored or edited row"
    return VaultError("E_VAULT_INTEGRITY", message)
