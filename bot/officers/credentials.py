"""How officers prove who they are: password with a one-time code, passkeys, one-time links.

All functions want a connection of the console's role. Wrong name, password and code are answered
alike, and cost the same time (security.md 4.1). What changes an officer's ways in locks their
account first, then sessions, then the audit log.
"""

import re
import unicodedata
from base64 import b32encode
from dataclasses import dataclass
from hashlib import sha256
from secrets import token_bytes, token_urlsafe
from uuid import UUID

from pyotp import TOTP

from bot.config.settings import ConfigError
from bot.db.connection import Transaction
from bot.db.statements import execute, fetch_all, fetch_one, fetch_value, fetch_values
from bot.officers import directory, statements
from bot.runtime import Runtime
from bot.security import audit_log, password_hashing

TERMINAL = "terminal"
MIN_PASSWORD_LENGTH, MAX_PASSWORD_LENGTH = 12, 128
ISSUER = "Kosh"
STEP_SECONDS = 30
# So many digits of a passkey's id are enough for an officer to know it again.
TOLD = 12

_WEAK = re.compile(
    "kosh|көш|қош|admin|officer|password|passwort|pass1|qwert|asdf|zxcv|12345|54321|letmein|welcome"
    "|iloveyou|monkey|dragon|parol|пароль|йцуке|фыва|привет|құпия|казахстан|qazaq|kazakh|қазақ",
    re.IGNORECASE,
)


class WeakPassword(Exception):
    """Too short, too long, or among the first that anybody would try."""

    code = "E_PASSWORD"


class BadLink(Exception):
    """The one-time link was used, is too old, or never was."""

    code = "E_LINK"


@dataclass(frozen=True, slots=True)
class Passkey:
    """A key on an officer's device: its id, its public half, how often it was used."""

    id: bytes
    officer_id: UUID
    public_key: bytes
    uses: int


@dataclass(frozen=True, slots=True)
class Enrolled:
    """Whose link was spent, and which ways in of before ended with it."""

    officer_id: UUID
    passkeys: tuple[bytes, ...]
    untied: bool


def new_secret() -> str:
    """A secret for one-time codes, as an authenticator app wants it (base32, 160 bits)."""
    return b32encode(token_bytes(20)).decode()


def address(secret: str, name: str) -> str:
    """The otpauth:// address that an authenticator app reads from a QR code."""
    return TOTP(secret).provisioning_uri(name=name, issuer_name=ISSUER)


async def invite(transaction: Transaction, by: UUID | None, officer_id: UUID) -> str:
    """A one-time token with which this officer chooses a password; older ones end.

    `by` is the administrator whose transaction it is; None from the terminal.
    """
    token = token_urlsafe(32)
    await execute(transaction, statements.DELETE_LINKS, officer=officer_id)
    await execute(transaction, statements.CREATE_LINK, hash=_hash(token), officer=officer_id)
    actor = str(by) if by else TERMINAL
    await audit_log.append(
        transaction, actor=actor, action="officer.invited", subject=str(officer_id)
    )
    return token


async def bootstrap(rt: Runtime, name: str) -> str:
    """Enter the first administrator; the one-time token with which they come in."""
    async with rt.pool.connection() as transaction:
        officer = await directory.first(transaction, name)
    return await _invited_from_terminal(rt, officer.id)


async def reissue_link(rt: Runtime, name: str) -> str:
    """A new one-time token for an officer who lost password or phone."""
    async with rt.pool.connection() as transaction:
        everyone = await directory.everyone(transaction)
    found = next((each.id for each in everyone if each.name == name and each.active), None)
    if found is None:
        raise LookupError("E_OFFICER: there is no such officer; look at the list")
    return await _invited_from_terminal(rt, found)


async def _invited_from_terminal(rt: Runtime, officer_id: UUID) -> str:
    if rt.console is None:
        raise ConfigError("KOSH_DATABASE_CONSOLE_URL isn't set; set it to a postgresql:// URL")
    async with rt.console.connection() as transaction:
        await execute(transaction, statements.SET_OFFICER, officer=TERMINAL)
        return await invite(transaction, None, officer_id)


async def invited(transaction: Transaction, token: str) -> UUID:
    """Whom a one-time link is for; raises BadLink, also for who was disabled since."""
    officer_id = await fetch_value(transaction, statements.INVITED, hash=_hash(token))
    if officer_id is None:
        raise BadLink
    return officer_id


async def enrol(
    rt: Runtime, transaction: Transaction, token: str, password: str, secret: str
) -> Enrolled:
    """Spend a link: set password and secret anew; raises BadLink, WeakPassword.

    Whoever needs a new link has lost their ways in, so those of before end: one that somebody else
    put there must not stay. Of an account that nobody came in with yet the work account stays.
    """
    stored = await password_hashing.hash_password(_acceptable(password))
    officer_id = await invited(transaction, token)
    tied = await fetch_value(transaction, statements.LOCK_LINKED, officer=officer_id)
    await execute(transaction, statements.DELETE_LINKS, officer=officer_id)
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
    """Put on record which ways in a link ended."""
    officer = str(enrolled.officer_id)
    if enrolled.untied:
        await audit_log.append(transaction, actor=officer, action="officer.untied", subject=officer)
    for key_id in enrolled.passkeys:
        await _note(transaction, enrolled.officer_id, key_id, action="passkey.removed")


async def right_code(transaction: Transaction, secret: str, code: str) -> bool:
    """Whether a code fits a secret now, give or take one step of 30 seconds."""
    return _matching(secret, code, await _step(transaction)) is not None


async def check(
    rt: Runtime, transaction: Transaction, officer_id: UUID | None, password: str, code: str
) -> bool:
    """Whether password and code are right; a code works once, five misses lock for minutes."""
    row = await fetch_one(transaction, statements.LOCK_ACCOUNT, officer=officer_id)
    if row is None or officer_id is None or row[0] is None or row[1] is None:
        await password_hashing.verify_password(None, _typed(password))
        return False
    stored = rt.vault.unseal_transient(row[0], _place(officer_id, "pw")).decode()
    secret = rt.vault.unseal_transient(row[1], _place(officer_id, "totp")).decode()
    right = await password_hashing.verify_password(stored, _typed(password))
    step = _matching(secret, code, await _step(transaction))
    if row[3] or not right or step is None or step <= row[2]:
        await execute(transaction, statements.FAILED, officer=officer_id)
        return False
    await execute(transaction, statements.SIGNED_IN, step=step, officer=officer_id)
    return True


async def reseal(rt: Runtime, transaction: Transaction) -> int:
    """Seal passwords and secrets of other epochs under that of now; how many accounts."""
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
    """No session or link that was ended since the backup comes back to life."""
    await execute(transaction, statements.END_EVERYTHING)


async def set_language(transaction: Transaction, officer_id: UUID, chosen: str) -> None:
    """Remember the language in which the officer reads the console."""
    await execute(transaction, statements.SET_LANGUAGE, officer=officer_id, chosen=chosen)


async def find_by_subject(transaction: Transaction, now: bytes, *before: bytes) -> UUID | None:
    """The officer whom the mission's own sign-in service calls so.

    By a keyed hash: that of now, or those of index keys before, which the first one replaces.
    """
    subjects = [now, *before]
    return await fetch_value(transaction, statements.BY_SUBJECT, now=now, subjects=subjects)


async def link_identity(transaction: Transaction, officer_id: UUID, subject: bytes) -> None:
    """Let this officer sign in through the mission's own service from now on."""
    await execute(transaction, statements.LINK_SUBJECT, officer=officer_id, now=subject)


async def has_phishing_resistant_factor(
    rt: Runtime, transaction: Transaction, officer_id: UUID
) -> bool:
    """Whether an officer has a way in that they can't be talked out of; locks their account."""
    tied = bool(await fetch_value(transaction, statements.LOCK_SUBJECT, officer=officer_id))
    return (tied and rt.settings.has_service) or bool(await passkeys(transaction, officer_id))


async def passkeys(transaction: Transaction, officer_id: UUID) -> list[Passkey]:
    """An officer's passkeys."""
    found = await fetch_all(transaction, statements.PASSKEYS, officer=officer_id)
    return [Passkey(*row) for row in found]


async def passkey(transaction: Transaction, key_id: bytes) -> Passkey | None:
    """The passkey of that id."""
    row = await fetch_one(transaction, statements.PASSKEY, key=key_id)
    return Passkey(*row) if row else None


async def add_passkey(transaction: Transaction, key: Passkey) -> None:
    """Keep a new passkey and put it on record, in the officer's own transaction."""
    await execute(
        transaction,
        statements.ADD_PASSKEY,
        key=key.id,
        officer=key.officer_id,
        public=key.public_key,
        count=key.uses,
    )
    await _note(transaction, key.officer_id, key.id, action="passkey.added")


async def passkey_used(transaction: Transaction, key_id: bytes, uses: int) -> None:
    """Note that a passkey signed, and its own count of uses."""
    await execute(transaction, statements.USE_PASSKEY, key=key_id, count=uses)


async def drop_passkey(transaction: Transaction, officer_id: UUID, key_id: bytes) -> None:
    """Forget a passkey of this officer and put it on record, in their own transaction."""
    if await execute(transaction, statements.DELETE_PASSKEY, key=key_id, officer=officer_id):
        await _note(transaction, officer_id, key_id, action="passkey.removed")


async def _note(transaction: Transaction, officer_id: UUID, key_id: bytes, *, action: str) -> None:
    """Which passkey it was is told as the officer's page tells it."""
    officer, told = str(officer_id), key_id.hex()[:TOLD]
    await audit_log.append(transaction, actor=officer, action=action, subject=officer, detail=told)


async def _step(transaction: Transaction) -> int:
    now = await fetch_value(transaction, statements.DATABASE_TIME)
    assert now is not None
    return int(now.timestamp()) // STEP_SECONDS


def _matching(secret: str, code: str, step: int) -> int | None:
    """The time step of a code, near to this one."""
    digits = re.sub(r"\s", "", code)
    if not re.fullmatch(r"[0-9]{6}", digits):
        return None
    codes = {near: TOTP(secret).at(near * STEP_SECONDS) for near in (step - 1, step, step + 1)}
    return next((near for near, right in codes.items() if right == digits), None)


def _typed(password: str) -> str:
    return unicodedata.normalize("NFC", password[:MAX_PASSWORD_LENGTH])


def _acceptable(password: str) -> str:
    password = unicodedata.normalize("NFC", password)
    if not MIN_PASSWORD_LENGTH <= len(password) <= MAX_PASSWORD_LENGTH:
        raise WeakPassword
    if len(set(password)) < 6 or _WEAK.search(password):
        raise WeakPassword
    return password


def _hash(token: str) -> bytes:
    return sha256(token.encode()).digest()


def _place(officer_id: UUID, what: str) -> str:
    return f"account|{officer_id}|{what}"
