"""The four database roles, and databases to which only these roles can connect."""

import hmac
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

import psycopg
from psycopg.sql import SQL, Identifier, Literal
from sqlalchemy import bindparam, func, select

from bot.db.external_tables import DATABASES, ROLES
from bot.db.statements import fetch_all_sync, statement
from bot.embedded.server_process import ServiceError, home_of, secret

_ROLES: Final = ("kosh_owner", "kosh_app", "kosh_retention", "kosh_console")

_LOCK = statement(select(func.pg_advisory_lock(func.hashtext("kosh prepare"))))
_ROLE = statement(select(ROLES.c.rolname).where(ROLES.c.rolname == bindparam("name")))
_DATABASE = statement(select(DATABASES.c.datname).where(DATABASES.c.datname == bindparam("name")))

# SQLAlchemy has no expressions for roles and databases, and PostgreSQL accepts no parameters in
# CREATE ROLE and similar statements. Therefore psycopg quotes the names.

type Admin = psycopg.Connection[tuple[object, ...]]


@dataclass(frozen=True, slots=True)
class Databases:
    """Database URLs, one per role, each `postgresql://role:password@host:port/name`."""

    owner: str  # kosh_owner: migrations, owns the schema
    app: str  # kosh_app: conversations and jobs
    retention: str  # kosh_retention: deletes expired data
    console: str  # kosh_console: the officers' console


def prepare(admin_url: str, name: str, passwords: Path | None = None) -> Databases:
    """Create the four roles and the database `name` if missing; return its URL for each role.

    `passwords` is a folder with a random password per role. Without it the passwords are derived
    from the admin's password. Roles belong to the server, so all its databases must use the same
    folder, or none. The call is idempotent and can run concurrently. Raises ServiceError if
    `passwords` is None and `admin_url` contains no password.
    """
    with _admin(admin_url) as admin:
        fetch_all_sync(admin, _LOCK)
        known = {role: _password(admin_url, role, passwords) for role in _ROLES}
        for role, password in known.items():
            _make_role(admin, role, password)
        if not fetch_all_sync(admin, _DATABASE, name=name):
            _make_database(admin, name, "template0", "wal_log")
        _open_to_roles(admin, name)
    return Databases(*(_as_role(admin_url, role, known[role], name) for role in _ROLES))


def create_database(
    admin_url: str, name: str, *, template: str = "template0", opened: Admin | None = None
) -> Databases:
    """Create the database `name` from `template`; the roles must exist. Return the URLs by role.

    The URLs have the passwords that `prepare` derives without a folder. PostgreSQL copies the
    template's files after a checkpoint (STRATEGY file_copy). On a server without fsync this takes a
    third of the time of copying through the write-ahead log. `opened` is an admin session to use
    instead of a new one.
    """
    with _admin(admin_url, opened) as admin:
        _make_database(admin, name, template, "file_copy")
        _open_to_roles(admin, name)
    roles = ((role, _password(admin_url, role, None)) for role in _ROLES)
    return Databases(*(_as_role(admin_url, role, password, name) for role, password in roles))


def drop_database(admin_url: str, name: str, *, opened: Admin | None = None) -> None:
    """Drop a database if it exists, and terminate its sessions.

    `opened` is an admin session to use instead of a new one.
    """
    with _admin(admin_url, opened) as admin:
        admin.execute(SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(Identifier(name)))


def _admin(url: str, opened: Admin | None = None) -> AbstractContextManager[Admin]:
    return nullcontext(opened) if opened else psycopg.connect(url, autocommit=True)


def _make_role(admin: Admin, role: str, password: str) -> None:
    if not fetch_all_sync(admin, _ROLE, name=role):
        admin.execute(SQL("CREATE ROLE {}").format(Identifier(role)))
    # Send only the SCRAM verifier, so that the password cannot appear in a log of the server.
    verifier = admin.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256")
    alter = SQL(
        "ALTER ROLE {} LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOREPLICATION"
        " PASSWORD {}"
    )
    admin.execute(alter.format(Identifier(role), Literal(verifier.decode())))


def _make_database(admin: Admin, name: str, template: str, strategy: str) -> None:
    create = SQL("CREATE DATABASE {} OWNER kosh_owner TEMPLATE {} STRATEGY {} ENCODING 'UTF8'")
    admin.execute(create.format(Identifier(name), Identifier(template), Identifier(strategy)))


def _open_to_roles(admin: Admin, name: str) -> None:
    """Let only the four roles connect to the database.

    Call it for each new database, because a copy does not inherit its template's grants.
    """
    database = Identifier(name)
    admin.execute(SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(database))
    for role in _ROLES:
        grant = SQL("GRANT CONNECT ON DATABASE {} TO {}")
        admin.execute(grant.format(database, Identifier(role)))


def _password(admin_url: str, role: str, passwords: Path | None) -> str:
    if passwords:
        return secret(home_of(passwords) / role)
    key = unquote(urlsplit(admin_url).password or "")
    if not key:
        raise ServiceError(
            "E_PASSWORDS",
            "The admin's URL holds no password to derive the roles' from. Give a folder for them.",
        )
    return hmac.digest(key.encode(), role.encode(), "sha256").hex()


def _as_role(admin_url: str, role: str, password: str, name: str) -> str:
    url = urlsplit(admin_url)
    place = url.netloc.rpartition("@")[2]
    return url._replace(netloc=f"{role}:{password}@{place}", path=f"/{name}").geturl()
