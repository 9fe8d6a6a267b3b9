"""Explain errors of the database, the disk and the network in one line: code, cause and action.

The line contains no value of a setting and no data of a person.
"""

import errno
import socket

import psycopg
from psycopg.errors import UndefinedColumn, UndefinedFunction, UndefinedTable

from bot.config.sources import ConfigError
from bot.db.migrations import MigrationError
from bot.embedded import ServiceError
from bot.runtime import DatabaseUnavailable
from bot.security.key_files import VaultError

_EXPLAINED = (ConfigError, MigrationError, ServiceError, VaultError)
_NO_SCHEMA = (UndefinedTable, UndefinedColumn, UndefinedFunction)
_NO_ADDRESS = (
    "E_CONFIG: KOSH_HOST or KOSH_METRICS_HOST is not an address of this machine; set it to one,"
    " such as 127.0.0.1"
)
_OF_SYSTEM = {
    errno.EADDRINUSE: "E_PORT_USED: another program listens on this port; end that program, or"
    " choose another port with --port, KOSH_PORT or KOSH_METRICS_PORT, one for each process",
    errno.EADDRNOTAVAIL: _NO_ADDRESS,
    errno.EACCES: "E_FILE_DENIED: this user may not use a file, a folder or a port; start as the"
    " user to whom the data folder belongs, or choose a port above 1023",
    errno.ENOSPC: "E_DISK_FULL: the disk is full; make room, then try again",
    errno.EDQUOT: "E_DISK_FULL: the disk is full; make room, then try again",
    errno.EROFS: "E_FILE_DENIED: the disk is read-only; choose a folder on another disk",
}


def explain(error: Exception) -> str | None:
    """Return one line with an error's cause and remedy; None if the cause is unknown."""
    while isinstance(error, ExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    match error:
        case _ if isinstance(error, _EXPLAINED):
            return str(error)
        case _ if isinstance(error, _NO_SCHEMA):
            return (
                "E_SCHEMA: the schema of the database is older than this version, or missing; run"
                " `./kosh migrate`, then start again"
            )
        case psycopg.OperationalError() if error.sqlstate is None:
            return str(DatabaseUnavailable())
        case socket.gaierror():
            return _NO_ADDRESS
        case OSError(errno=int(number)):
            return _OF_SYSTEM.get(number)
        case _:
            return None
