"""Credentials of officers: password with one-time code (TOTP), passkeys, one-time links.

All functions require a connection with the console's database role. A wrong name, password or code
gets the same answer in the same time. To avoid deadlocks, changes of credentials lock in this
order: account, sessions, audit log.
"""

import re
import unicodedata
from base64 import b32encode
from dataclasses import dataclass
from datetime import datetime
from secrets import token_bytes, token_urlsafe
from uuid import UUID

from pyotp import TOTP

from bot.config.sources import ConfigError
from bot.db.connection import Transaction
from bot.db.statements import (
    database_time,
    execute,
    fetch_all,
    fetch_one,
    fetch_value,
    fetch_values,
)
from bot.officers import directory, statements
from bot.runtime import Runtime
from bot.security import audit_log, password_hashing
from bot.security.token_hash import token_hash

TERMINAL = "terminal"
MIN_PASSWORD_LENGTH, MAX_PASSWORD_LENGTH = 12, 128
ISSUER = "Kosh"
STEP_SECONDS = 30
# Number of hex digits of a passkey's id that are shown, enough for an officer to recognise it.
KEY_PREFIX = 12

_WEAK = re.compile(
    "kosh|көш|қош|admin|officer|password|passwort|pass1|qwert|asdf|zxcv|12345|54321|letmein|welcome"
    "|iloveyou|monkey|dragon|parol|пароль|йцуке|фыва|привет|құпия|казахстан|qazaq|kazakh|қазақ",
    re.IGNORECASE,
)


class WeakPassword(Exception):
    """The password is too short, too long, or easy to guess."""

    code = "E_PASSWORD"


class BadLink(Exception):
    """The one-time link is used, expired or unknown."""

    code = "E_LINK"


@dataclass(frozen=True, slots=True)
class Passkey:
    """A passkey of an officer; `uses` is the signature counter of its last use."""

    id: bytes
    officer_id: UUID
    public_key: bytes
    uses: int


@dataclass(frozen=True, slots=True)
class Enrolled:
    """The officer who redeemed a link, and the credentials that were removed.

    `passkeys` are the ids of the deleted passkeys. `untied` means: an OIDC account was unlinked.
    """

    officer_id: UUID
    passkeys: tuple[bytes, ...]
    untied: bool


def new_secret() -> str:
    """Return a new TOTP secret (base32, 160 bits)."""
    return b32encode(token_bytes(20)).decode()


def address(secret: str, name: str) -> str:
    """Return the otpauth:// URL for an authenticator app, which the page shows as a QR code."""
    return TOTP(secret).provisioning_uri(name=name, issuer_name=ISSUER)


async def invite(transaction: Transaction, by: UUID | None, officer_id: UUID) -> str:
    """Create a one-time token with which the officer sets a password; delete older tokens.

    `by` is the administrator who invites; None for the command line.
    """
    token = token_urlsafe(32)
    await execute(transaction, statements.DELETE_LINKS, officer=officer_id)
    await execute(transaction, statements.CREATE_LINK, hash=token_hash(token), officer=officer_id)
    actor = str(by) if by else TERMINAL
    await audit_log.append(
        transaction, actor=actor, action="officer.invited", subject=str(officer_id)
    )
    return token


async def bootstrap(rt: Runtime, name: str) -> str:
    """Create the first administrator; return their one-time token.

    Raises LastAdministrator if there is one already.
    """
    async with rt.pool.connection() as transaction:
        officer = await directory.first(transaction, name)
    return await _invited_from_terminal(rt, officer.id)


async def reissue_link(rt: Runtime, name: str) -> str:
    """Return a new one-time token for an officer who lost the password or the phone.

    Raises LookupError if no active officer has this name.
    """
    async with rt.pool.connection() as transaction:
        everyone = await directory.everyone(transaction)
    found = next((each.id for each in everyone if each.name == name and each.active), None)
    if found is None:
        raise directory.NoSuchOfficer
    return await _invited_from_terminal(rt, found)


async def _invited_from_terminal(rt: Runtime, officer_id: UUID) -> str:
    if rt.console is None:
        raise ConfigError("KOSH_DATABASE_CONSOLE_URL isn't set; set it to a postgresql:// URL")
    async with rt.console.connection() as transaction:
        await execute(transaction, statements.SET_OFFICER, officer=TERMINAL)
        return await invite(transaction, None, officer_id)


async def find_invited(transaction: Transaction, token: str) -> UUID:
    """Return the id of the officer for whom this one-time link was created.

    Raises BadLink if the link is used, expired or unknown, or the officer is disabled.
    """
    officer_id = await fetch_value(transaction, statements.INVITED, hash=token_hash(token))
    if officer_id is None:
        raise BadLink
    return officer_id


async def enrol(
    rt: Runtime, transaction: Transaction, token: str, password: str, secret: str
) -> Enrolled:
    """Redeem a one-time link: set a new password and TOTP secret.

    Also delete the officer's passkeys and unlink their OIDC account, since an attacker may have
    added either. An OIDC account that was linked before the first sign-in is kept. Raises BadLink
    or WeakPassword.
    """
    stored = await password_hashing.hash_password(_acceptable(password))
    officer_id = await find_invited(transaction, token)
    tied = await fetch_value(transaction, statements.LOCK_LINKED, officer=officer_id)
    deleted = await fetch_values(transaction, statements.DELETE_LINKS, officer=officer_id)
    if token_hash(token) not in deleted:
        raise BadLink  # redeemed in another transaction meanwhile
    await execute(
        transaction,
        statements.ENROL,
        officer=officer_id,
        new_password=rt.vault.seal_transient(stored.encode(), _place(officer_id, "pw")),
        new_totp=rt.vault.seal_transient(secret.encode(), _place(officer_id, "totp")),
        step=await _step(transaction),
    )
    ended = await fetch_values(transaction, statements.DELETE_PASSKEYS, officer=officer_id)
    return Enrolled(officer_id, tuple(ended), untied=bool(tied))


async def note_ended(transaction: Transaction, enrolled: Enrolled) -> None:
    """Write an audit entry for each credential that a redeemed one-time link removed."""
    officer = str(enrolled.officer_id)
    if enrolled.untied:
        await audit_log.append(transaction, actor=officer, action="officer.untied", subject=officer)
    for key_id in enrolled.passkeys:
        await _note(transaction, enrolled.officer_id, key_id, action="passkey.removed")


async def right_code(transaction: Transaction, secret: str, code: str) -> bool:
    """Return True if the TOTP code is valid in the current 30-second step or an adjacent one."""
    return _matching(secret, code, await _step(transaction)) is not None


async def check(
    rt: Runtime,
    transaction: Transaction,
    officer_id: UUID | None,
    password: str,
    code: str,
    *,
    known_device: bool = False,
) -> bool:
    """Return True if password and TOTP code are right.

    Each code works once. Every fifth failure locks the account for 5 minutes. `known_device`: the
    officer has signed in on this device before, so the lock does not apply. An unknown account
    takes as long as a wrong password.
    """
    row = await fetch_one(transaction, statements.LOCK_ACCOUNT, officer=officer_id)
    if row is None or officer_id is None or row[0] is None or row[1] is None:
        await password_hashing.verify_password(None, _normalize_password(password))
        return False
    stored = rt.vault.unseal_transient(row[0], _place(officer_id, "pw")).decode()
    secret = rt.vault.unseal_transient(row[1], _place(officer_id, "totp")).decode()
    right = await password_hashing.verify_password(stored, _normalize_password(password))
    step = _matching(secret, code, await _step(transaction))
    locked = row[3] and not known_device
    if locked or not right or step is None or step <= row[2]:
        await execute(transaction, statements.FAILED, officer=officer_id)
        return False
    await execute(transaction, statements.SIGNED_IN, step=step, officer=officer_id)
    return True


async def reseal(rt: Runtime, transaction: Transaction) -> int:
    """Re-encrypt password hashes and TOTP secrets that are encrypted with an older key.

    Return the number of re-encrypted accounts.
    """
    found = await fetch_all(transaction, statements.LOCK_OTHER_KEYS, version=rt.vault.epoch)
    for officer_id, password, totp in found:
        assert password is not None
        assert totp is not None
        await execute(
            transaction,
            statements.RESEAL,
            new_password=rt.vault.reseal_transient(password, _place(officer_id, "pw")),
            new_totp=rt.vault.reseal_transient(totp, _place(officer_id, "totp")),
            officer=officer_id,
        )
    return len(found)


async def after_restore(transaction: Transaction) -> None:
    """Delete all sessions and one-time links after a restore of the database.

    The backup may contain sessions and links that have ended since it was made.
    """
    await execute(transaction, statements.END_EVERYTHING)


async def set_language(transaction: Transaction, officer_id: UUID, chosen: str) -> None:
    """Store the officer's language of the console."""
    await execute(transaction, statements.SET_LANGUAGE, officer=officer_id, chosen=chosen)


async def find_by_subject(transaction: Transaction, now: bytes, *before: bytes) -> UUID | None:
    """Return the id of the officer whose account at the sign-in service (OIDC) has this subject.

    Subjects are stored as keyed hashes. `now` is the hash under the current key, `before` are the
    hashes under older keys. A stored hash under an older key is replaced by `now`.
    """
    subjects = [now, *before]
    return await fetch_value(transaction, statements.BY_SUBJECT, now=now, subjects=subjects)


async def link_identity(transaction: Transaction, officer_id: UUID, subject: bytes) -> None:
    """Link the officer to an account of the mission's sign-in service (OIDC)."""
    await execute(transaction, statements.LINK_SUBJECT, officer=officer_id, now=subject)


async def has_phishing_resistant_factor(
    rt: Runtime, transaction: Transaction, officer_id: UUID
) -> bool:
    """Lock the account's row; return True if the officer has a phishing-resistant way to sign in.

    This is a passkey, or an OIDC account if the sign-in service is configured.
    """
    tied = bool(await fetch_value(transaction, statements.LOCK_SUBJECT, officer=officer_id))
    return (tied and rt.settings.has_service) or bool(await passkeys(transaction, officer_id))


async def passkeys(transaction: Transaction, officer_id: UUID) -> list[Passkey]:
    """Return the officer's passkeys."""
    found = await fetch_all(transaction, statements.PASSKEYS, officer=officer_id)
    return [Passkey(*row) for row in found]


async def passkey(transaction: Transaction, key_id: bytes) -> Passkey | None:
    """Return the passkey with this id, or None if there is none."""
    row = await fetch_one(transaction, statements.PASSKEY, key=key_id)
    return Passkey(*row) if row else None


async def add_passkey(transaction: Transaction, key: Passkey) -> None:
    """Store a new passkey and write an audit entry.

    The transaction must have the officer's rights (`directory.acting`).
    """
    await execute(
        transaction,
        statements.ADD_PASSKEY,
        key=key.id,
        officer=key.officer_id,
        public=key.public_key,
        count=key.uses,
    )
    await _note(transaction, key.officer_id, key.id, action="passkey.added")


async def use_passkey(transaction: Transaction, key_id: bytes, uses: int, issued: datetime) -> None:
    """Record the use of a passkey, with its new signature counter.

    `issued` is the time at which the server created the challenge. Raises ValueError if the passkey
    was used after `issued`, because each challenge works once.
    """
    values = {"key": key_id, "count": uses, "issued": issued}
    if not await execute(transaction, statements.USE_PASSKEY, **values):
        raise ValueError


async def drop_passkey(transaction: Transaction, officer_id: UUID, key_id: bytes) -> None:
    """Delete the officer's passkey and write an audit entry.

    The transaction must have the officer's rights (`directory.acting`).
    """
    if await execute(transaction, statements.DELETE_PASSKEY, key=key_id, officer=officer_id):
        await _note(transaction, officer_id, key_id, action="passkey.removed")


async def _note(transaction: Transaction, officer_id: UUID, key_id: bytes, *, action: str) -> None:
    """Write an audit entry about a passkey.

    The entry contains the first digits of the passkey's id, which the officer's own page shows too.
    """
    officer, key_prefix = str(officer_id), key_id.hex()[:KEY_PREFIX]
    await audit_log.append(
        transaction, actor=officer, action=action, subject=officer, detail=key_prefix
    )


async def _step(transaction: Transaction) -> int:
    return int((await database_time(transaction)).timestamp()) // STEP_SECONDS


def _matching(secret: str, code: str, step: int) -> int | None:
    """Return the number of the 30-second step in which `code` is the TOTP code.

    Only `step` and the steps before and after it are tried. Return None if the code matches none.
    """
    digits = re.sub(r"\s", "", code)
    if not re.fullmatch(r"[0-9]{6}", digits):
        return None
    codes = {near: TOTP(secret).at(near * STEP_SECONDS) for near in (step - 1, step, step + 1)}
    return next((near for near, right in codes.items() if right == digits), None)


def _normalize_password(password: str) -> str:
    return unicodedata.normalize("NFC", password[:MAX_PASSWORD_LENGTH])


def _acceptable(password: str) -> str:
    password = unicodedata.normalize("NFC", password)
    if not MIN_PASSWORD_LENGTH <= len(password) <= MAX_PASSWORD_LENGTH:
        raise WeakPassword
    if len(set(password)) < 6 or _WEAK.search(password):
        raise WeakPassword
    return password


def _place(officer_id: UUID, purpose: str) -> str:
    return f"account|{officer_id}|{purpose}"
