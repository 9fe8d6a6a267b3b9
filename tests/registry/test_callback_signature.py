"""A callback is accepted only with the registry's signature and for a limited time."""

import pytest

from bot.registry.callback_signature import sign, verify

SECRET = "a-secret-of-the-tests"
BODY = b'{"state":"ACCEPTED"}'
AT = 1_800_000_000


def test_callback_signature_is_accepted_when_valid() -> None:
    assert verify(sign(SECRET, BODY, at=AT), BODY, [SECRET], now=AT)


def test_callback_signature_matches_the_contract() -> None:
    # Computed by `openssl dgst -sha256 -hmac a-secret-of-the-tests` from "1800000000." and the
    # body, and not by Kosh's own code.
    mac = "4366b0497b8afbde35a96264bc2836cbfb1520d82201a4f5a608f1b2792e9197"
    assert sign(SECRET, BODY, at=AT) == f"t={AT},v1={mac}"


@pytest.mark.parametrize("secrets", [["new", SECRET], [SECRET, "old"]])
@pytest.mark.requirement("S-72")
def test_callback_signature_may_use_the_old_or_the_new_secret(secrets: list[str]) -> None:
    assert verify(sign(SECRET, BODY, at=AT), BODY, secrets, now=AT)


@pytest.mark.parametrize("secrets", [[], [""], ["other"]])
def test_callback_signature_is_rejected_without_the_right_secret(secrets: list[str]) -> None:
    assert not verify(sign(SECRET, BODY, at=AT), BODY, secrets, now=AT)
    assert not verify(sign("", BODY, at=AT), BODY, [""], now=AT)


def test_callback_signature_is_rejected_for_a_changed_body() -> None:
    assert not verify(sign(SECRET, BODY, at=AT), BODY + b" ", [SECRET], now=AT)


def test_callback_signature_is_rejected_for_a_changed_time() -> None:
    header = sign(SECRET, BODY, at=AT).replace(str(AT), str(AT + 1))
    assert not verify(header, BODY, [SECRET], now=AT)


@pytest.mark.parametrize(
    ("now", "believed"), [(AT - 301, False), (AT - 300, True), (AT + 300, True), (AT + 301, False)]
)
def test_callback_signature_is_valid_for_five_minutes(now: int, believed: bool) -> None:
    assert verify(sign(SECRET, BODY, at=AT), BODY, [SECRET], now=now) is believed


@pytest.mark.parametrize(
    "header",
    [
        "",
        "v1=",
        f"t={AT}",
        "t=,v1=" + "0" * 64,
        f"t={AT},v1=" + "0" * 63,
        f"t=٣{AT},v1=" + "0" * 64,
        f"t={AT},v1=" + "é" * 64,
        f"{sign(SECRET, BODY, at=AT)},{sign(SECRET, BODY, at=AT)}",
        f"{sign(SECRET, BODY, at=AT)}\n",
        "t=" + "9" * 5000 + ",v1=" + "0" * 64,
    ],
)
def test_callback_signature_is_rejected_when_malformed(header: str) -> None:
    assert not verify(header, BODY, [SECRET], now=AT)
