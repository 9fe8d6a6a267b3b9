"""Types of settings fields, each of which checks the format of its values."""

import re
from contextlib import suppress
from ipaddress import IPv4Network, IPv6Network
from typing import Annotated
from urllib.parse import parse_qs, urlsplit

from pydantic import AfterValidator, BeforeValidator, SecretStr
from pydantic_settings import NoDecode

SECRET_LENGTH = 32
PASSWORD_LENGTH = 8
# Example words are removed before the length of a secret is checked: a random secret stays long
# enough, while a copied example becomes too short.
EXAMPLE_WORDS = re.compile(
    r"change[-_ ]?(?:me|this|it)|example|secret|password|replace|your|dummy|sample|test|token|xx+",
    re.IGNORECASE,
)
# An origin in the syntax of Content-Security-Policy; http is allowed only for this machine.
_ORIGIN = re.compile(
    r"(?:https://[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|http://(?:localhost|127\.0\.0\.1))(?::[0-9]{1,5})?"
)
_SENTINEL = r"[^,:/?#@\s\[\]]+(?::[0-9]{1,5})?"
_REDIS = re.compile(
    r"(?:redis|rediss|unix)://.*"
    rf"|redis\+sentinel://(?:[^/?#@\s]*@)?{_SENTINEL}(?:,{_SENTINEL})*/[\w.-]+"
    r"(?:\?sentinel_password=[^&#\s]+)?",
    re.ASCII,
)
# 32 bytes in base64url.
_PUSH_KEY = re.compile(r"[A-Za-z0-9_-]{43}=?")
_ADDRESS = re.compile(r"https?://[^/?#@\s]+(?:/[^?#@\s]*)?")


def several(secret: SecretStr | None) -> tuple[str, ...]:
    """Return the values of a secret setting: two if a comma separates them, () if it is unset.

    There are two values while a new secret replaces an old one.
    """
    return tuple(secret.get_secret_value().split(",")) if secret else ()


def is_example(secret: str) -> bool:
    """Return True if a secret consists mainly of example words, or of few different characters."""
    return len(EXAMPLE_WORDS.sub("", secret)) < SECRET_LENGTH * 3 // 4 or len(set(secret)) < 8


def split(value: object) -> object:
    return tuple(value.replace(" ", "").split(",")) if isinstance(value, str) else value


def _split_names(value: object) -> object:
    return split(value.lower()) if isinstance(value, str) else value


def _web_address[A: (str, str | None)](value: A) -> A:
    if value is None:
        return value
    if not _ADDRESS.fullmatch(value):
        raise ValueError("must be an http:// or https:// address without a user name")
    return value.rstrip("/")


def _site_address(value: str) -> str:
    """Return the address in lower case, as a browser sends it. Raises ValueError for a path."""
    if urlsplit(value).path:
        raise ValueError("must have no path, because the pages link to each other without one")
    return value.lower()


def _origins(value: tuple[str, ...]) -> tuple[str, ...]:
    if not all(_ORIGIN.fullmatch(each) for each in value):
        raise ValueError("must be origins such as https://consulate.example, without a path")
    return value


def _postgresql(value: SecretStr | None) -> SecretStr | None:
    if value and not value.get_secret_value().startswith("postgresql://"):
        raise ValueError("must begin with postgresql://")
    if value:
        _require_valid_conninfo(value.get_secret_value())
        _refuse_password_in_query(value.get_secret_value())
    return value


def _require_valid_conninfo(url: str) -> None:
    from psycopg import ProgrammingError
    from psycopg.conninfo import conninfo_to_dict

    try:
        conninfo_to_dict(url)
    except ProgrammingError:
        # The error of libpq contains a part of the address.
        raise ValueError(
            "isn't a valid address; percent-encode special characters of the password, as %25 for %"
        ) from None


def _refuse_password_in_query(url: str) -> None:
    """Raise ValueError for `?password=`, which a backup would pass to pg_dump as an argument."""
    if "password" in parse_qs(urlsplit(url).query, keep_blank_values=True):
        raise ValueError(
            "has its password behind the `?`; write it as postgresql://USER:PASSWORD@HOST/NAME"
        )


def _redis(value: SecretStr | None) -> SecretStr | None:
    if value and value.get_secret_value().startswith("rediss+sentinel:"):
        raise ValueError(
            "asks for TLS, which Kosh does not use with sentinels; use redis+sentinel:// in a"
            " private network, or rediss:// of one server"
        )
    if value and not _REDIS.fullmatch(value.get_secret_value()):
        raise ValueError(
            "must begin with redis://, rediss:// or unix://, or be"
            " redis+sentinel://USER:PASSWORD@HOST:PORT,HOST:PORT/NAME"
        )
    if value and not value.get_secret_value().startswith("redis+sentinel:"):
        _require_valid_port(value.get_secret_value())
    return value


def _require_valid_port(url: str) -> None:
    try:
        _port = urlsplit(url).port
    except ValueError:
        # The error of urlsplit contains a part of the address.
        raise ValueError("has an invalid host or port") from None


def _signing_key(value: SecretStr | None) -> SecretStr | None:
    if value is None:
        return None
    # Few installations have a signing key, and loading the library takes time at each start.
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    key = None
    with suppress(ValueError, TypeError, UnsupportedAlgorithm):
        key = load_pem_private_key(value.get_secret_value().encode(), None)
    if not isinstance(key, EllipticCurvePrivateKey) or not isinstance(key.curve, SECP256R1):
        raise ValueError(
            "isn't an unencrypted private key (PEM, P-256) with its line breaks; put the key into"
            " a file, and name the file in KOSH_REGISTRY_CLIENT_KEY_FILE"
        )
    return value


def _push_key(value: SecretStr | None) -> SecretStr | None:
    if value and not _PUSH_KEY.fullmatch(value.get_secret_value()):
        raise ValueError("isn't a key of Web Push; make one with `./kosh officers push-key`")
    return value


def _long(value: SecretStr | None) -> SecretStr | None:
    if value and len(value) < SECRET_LENGTH:
        raise ValueError(
            f"is shorter than {SECRET_LENGTH} characters; make one with `openssl rand -hex 32`"
        )
    return value


def _one_or_two(value: SecretStr | None) -> SecretStr | None:
    secrets = value.get_secret_value().replace(" ", "").split(",") if value else []
    if len(secrets) > 2 or any(len(each) < SECRET_LENGTH for each in secrets):
        raise ValueError(
            f"must be one or two secrets of {SECRET_LENGTH} characters or more; make one with"
            " `openssl rand -hex 32`"
        )
    return SecretStr(",".join(secrets)) if value else None


def _acceptable_to_telegram(value: SecretStr | None) -> SecretStr | None:
    if not all(re.fullmatch(r"[A-Za-z0-9_-]{1,256}", each) for each in several(value)):
        raise ValueError("may hold only A-Z a-z 0-9 _ and -, 256 at most")
    return value


Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(split)]
Origins = Annotated[
    tuple[str, ...], NoDecode, BeforeValidator(_split_names), AfterValidator(_origins)
]
Networks = Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode, BeforeValidator(split)]
LowercaseNames = Annotated[frozenset[str], NoDecode, BeforeValidator(_split_names)]
WebAddress = Annotated[str, AfterValidator(_web_address)]
SiteAddress = Annotated[str, AfterValidator(_web_address), AfterValidator(_site_address)]
OptionalWebAddress = Annotated[str | None, AfterValidator(_web_address)]
PostgresUrl = Annotated[SecretStr | None, AfterValidator(_postgresql)]
RedisUrl = Annotated[SecretStr | None, AfterValidator(_redis)]
LongSecret = Annotated[SecretStr | None, AfterValidator(_long)]
PushKey = Annotated[SecretStr | None, AfterValidator(_push_key)]
SigningKey = Annotated[SecretStr | None, AfterValidator(_signing_key)]
# A secret may have two values, which are both accepted while the new one replaces the old one.
ChangingSecret = Annotated[SecretStr | None, AfterValidator(_one_or_two)]
TelegramSecret = Annotated[
    SecretStr | None, AfterValidator(_one_or_two), AfterValidator(_acceptable_to_telegram)
]
