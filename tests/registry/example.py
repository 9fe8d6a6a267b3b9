"""A plainly invented person in the form of the contract."""

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
    """Return her registration with some changes."""
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
    """Return the withdrawal of her consent."""
    return ConsentWithdrawal(
        number=number, text_sha256="0" * 64, language="kk-Cyrl", withdrawn_at=now()
    )


def status_callback(number: str, state: str, version: int) -> StatusCallback:
    """Return a callback of the registry about a registration."""
    return StatusCallback(
        event_id=uuid4(), number=number, state=state, version=version, at=now(), reason_code=None
    )


def new_key() -> str:
    """Return the key of a submission."""
    return str(uuid4())


def now() -> datetime:
    """Return the time, aware of its zone."""
    return datetime.now(UTC)


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield method, path and description of each of the contract's resources."""
    for path, methods in openapi()["paths"].items():
        if path.startswith("/v1/"):
            for method, operation in methods.items():
                yield method, path, operation
