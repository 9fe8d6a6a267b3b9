"""An invented person's registration in the contract's format."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from bot.registry.contract import (
    Consent,
    ConsentWithdrawal,
    Contact,
    Member,
    PreRegistration,
    StatusCallback,
)
from bot.registry.sandbox import openapi

CANARY = "Testova"


def pre_registration(**changes: Any) -> PreRegistration:
    """Return an invented person's registration; `changes` replace some of its fields."""
    fields: dict[str, Any] = {
        "programme": "REGISTRY_PREREGISTRATION",
        "purpose": "MOVE",
        "language": "kk-Cyrl",
        "ethnic_kazakh": "YES",
        "surname": CANARY,
        "given_name": "Gulnar",
        "name_kk": "Тестова Гүлнар",
        "birth_year": 1990,
        "citizenship": "UZ",
        "residence_country": "TR",
        "target_region": "KZ-59",
        "timeframe": "Y1",
        "members": (Member(relation="CHILD", age_band="0-13"),),
        "contact": Contact(kind="PHONE", phone="+77000000000"),
        "may_contact_first": False,
        "consent": Consent(text_sha256="0" * 64, language="kk-Cyrl", given_at=now()),
    }
    return PreRegistration(**fields | changes)


def consent_withdrawal(number: str) -> ConsentWithdrawal:
    """Return the withdrawal of consent to the registration with this number."""
    return ConsentWithdrawal(
        number=number, text_sha256="0" * 64, language="kk-Cyrl", withdrawn_at=now()
    )


def status_callback(number: str, state: str, version: int) -> StatusCallback:
    """Return the registry's callback that reports a registration's new state and version."""
    return StatusCallback(
        event_id=uuid4(), number=number, state=state, version=version, at=now(), reason_code=None
    )


def new_key() -> str:
    """Return a new idempotency key."""
    return str(uuid4())


def now() -> datetime:
    """Return the current time in UTC."""
    return datetime.now(UTC)


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield (method, path, OpenAPI operation) for each operation of the contract."""
    for path, methods in openapi()["paths"].items():
        if path.startswith("/v1/"):
            for method, operation in methods.items():
                yield method, path, operation
