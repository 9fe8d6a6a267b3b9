"""The vault: a value can be decrypted only in the table, column and row for which it was encrypted.

The formats of stored values never change.
"""

import os
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.security.key_files import Keys, VaultError
from bot.security.vault import PersonKey, Vault, WrappedKey

PERSON = UUID("00000000-0000-4000-8000-000000000001")
OTHER = UUID("00000000-0000-4000-8000-000000000002")
PLACE = ("answers", "value", "7")


def keys(*, epochs: int = 1, indexes: int = 1) -> Keys:
    return Keys(
        epoch={n: bytes([n]) * 32 for n in range(1, epochs + 1)},
        index={n: bytes([64 + n]) * 32 for n in range(1, indexes + 1)},
        ask={1: bytes([128]) * 32},
    )


@pytest.fixture
def vault() -> Vault:
    return Vault(keys())


@pytest.fixture
def person(vault: Vault) -> PersonKey:
    return vault.open(PERSON, vault.new_key(PERSON))


def code_of(error: pytest.ExceptionInfo[VaultError]) -> str:
    return error.value.code


@given(st.binary(max_size=300))
def test_sealed_value_opens_only_with_its_table_column_and_row(plain: bytes) -> None:
    vault = Vault(keys())
    person = vault.open(PERSON, vault.new_key(PERSON))
    sealed = person.seal(plain, *PLACE)
    assert person.unseal(sealed, *PLACE) == plain
    assert person.seal(plain, *PLACE) != sealed


@pytest.mark.parametrize(
    "place",
    [("people", "value", "7"), ("answers", "label", "7"), ("answers", "value", "8")],
    ids=["table", "column", "row"],
)
@pytest.mark.requirement("S-27")
def test_sealed_value_moved_to_another_column_or_row_is_refused(
    person: PersonKey, place: tuple[str, str, str]
) -> None:
    sealed = person.seal(b"Testova Gulnar", *PLACE)
    with pytest.raises(VaultError) as refused:
        person.unseal(sealed, *place)
    assert code_of(refused) == "E_VAULT_INTEGRITY"


def test_sealed_value_of_another_person_is_refused(vault: Vault, person: PersonKey) -> None:
    sealed = person.seal(b"Testova Gulnar", *PLACE)
    other = vault.open(OTHER, vault.new_key(OTHER))
    with pytest.raises(VaultError) as refused:
        other.unseal(sealed, *PLACE)
    assert code_of(refused) == "E_VAULT_INTEGRITY"


def test_sealed_value_is_bound_to_its_person_even_with_an_equal_key() -> None:
    sealed = PersonKey(PERSON, bytes(32)).seal(b"Testova Gulnar", *PLACE)
    with pytest.raises(VaultError):
        PersonKey(OTHER, bytes(32)).unseal(sealed, *PLACE)


@pytest.mark.requirement("S-27")
def test_sealed_value_with_an_altered_byte_is_refused(person: PersonKey) -> None:
    sealed = person.seal(b"Testova", *PLACE)
    for position in range(len(sealed)):
        altered = bytearray(sealed)
        altered[position] ^= 1
        with pytest.raises(VaultError) as refused:
            person.unseal(bytes(altered), *PLACE)
        assert code_of(refused) == "E_VAULT_INTEGRITY"


@given(st.binary(max_size=80), st.booleans())
@pytest.mark.requirement("S-27")
def test_unseal_raises_only_vault_errors_on_any_input(junk: bytes, versioned: bool) -> None:
    vault = Vault(keys())
    person = PersonKey(PERSON, bytes(32))
    junk = b"\x01" + junk if versioned else junk
    with pytest.raises(VaultError):
        person.unseal(junk, *PLACE)
    with pytest.raises(VaultError):
        vault.unseal_transient(junk, "ask")
    with pytest.raises(VaultError):
        vault.open(PERSON, WrappedKey(1, junk))


def test_vault_error_contains_no_plaintext(person: PersonKey) -> None:
    sealed = person.seal(b"Testova Gulnar", *PLACE)
    with pytest.raises(VaultError) as refused:
        person.unseal(sealed, "answers", "value", "8")
    assert refused.value.__cause__ is None
    assert "Testova" not in str(refused.value)
    assert sealed.hex() not in str(refused.value)


@pytest.mark.requirement("S-27")
def test_wrapped_key_cannot_be_opened_for_another_person(vault: Vault) -> None:
    wrapped = vault.new_key(PERSON)
    with pytest.raises(VaultError) as refused:
        vault.open(OTHER, wrapped)
    assert code_of(refused) == "E_VAULT_INTEGRITY"


def test_wrapped_key_in_the_cache_cannot_be_opened_for_another_person(vault: Vault) -> None:
    wrapped = vault.new_key(PERSON)
    vault.open(PERSON, wrapped)
    with pytest.raises(VaultError) as error:
        vault.open(OTHER, wrapped)
    assert code_of(error) == "E_VAULT_INTEGRITY"


def test_vault_refresh_evicts_decrypted_keys_from_the_cache(vault: Vault) -> None:
    wrapped = vault.new_key(PERSON)
    opened = vault.open(PERSON, wrapped)
    assert vault.open(PERSON, wrapped) is opened
    vault.refresh()
    assert vault.open(PERSON, wrapped) is not opened


def test_wrapped_key_with_a_wrong_key_version_is_refused() -> None:
    vault = Vault(keys(epochs=2))
    wrapped = vault.new_key(PERSON)
    with pytest.raises(VaultError) as refused:
        vault.open(PERSON, WrappedKey(1, wrapped.wrapped))
    assert code_of(refused) == "E_VAULT_INTEGRITY"


def test_new_key_version_wraps_new_keys_and_older_keys_can_be_opened() -> None:
    before = Vault(keys())
    wrapped = before.new_key(PERSON)
    sealed = before.open(PERSON, wrapped).seal(b"1990-01-02", *PLACE)
    after = Vault(keys(epochs=2))
    assert after.new_key(PERSON).epoch == 2
    assert after.open(PERSON, wrapped).unseal(sealed, *PLACE) == b"1990-01-02"


def test_wrapped_key_of_a_destroyed_master_key_cannot_be_opened() -> None:
    wrapped = Vault(keys(epochs=2)).new_key(PERSON)
    with pytest.raises(VaultError) as refused:
        Vault(keys(epochs=1)).open(PERSON, wrapped)
    assert code_of(refused) == "E_VAULT_EPOCH"


@pytest.mark.requirement("S-28")
def test_blind_index_depends_on_key_kind_and_value() -> None:
    one = Vault(keys())
    assert one.index("telegram", "1001") == one.index("telegram", "1001")
    assert len(one.index("telegram", "1001")) == 16
    different = {
        one.index("telegram", "1001"),
        one.index("telegram", "1002"),
        one.index("whatsapp", "1001"),
        Vault(keys(indexes=2)).index("telegram", "1001"),
    }
    assert len(different) == 4


def test_blind_index_lookups_use_every_index_key_newest_first() -> None:
    old, both = Vault(keys()), Vault(keys(indexes=2))
    assert both.indexes("telegram", "1001") == (
        both.index("telegram", "1001"),
        old.index("telegram", "1001"),
    )


def test_anonymous_cache_key_hides_the_chat_address_and_changes_daily(vault: Vault) -> None:
    today = vault.ask_key("telegram", "77000000001", date(2026, 11, 24))
    assert "77000000001" not in today
    assert today == vault.ask_key("telegram", "77000000001", date(2026, 11, 24))
    assert today != vault.ask_key("telegram", "77000000001", date(2026, 11, 25))
    assert today != vault.ask_key("webchat", "77000000001", date(2026, 11, 24))


def test_transient_value_sealed_for_one_purpose_cannot_serve_another(vault: Vault) -> None:
    sealed = vault.seal_transient(b"state", "ask")
    assert Vault(keys(epochs=2)).unseal_transient(sealed, "ask") == b"state"
    with pytest.raises(VaultError) as refused:
        vault.unseal_transient(sealed, "quarantine")
    assert code_of(refused) == "E_VAULT_INTEGRITY"


def test_transient_value_of_a_destroyed_key_version_cannot_be_opened(vault: Vault) -> None:
    sealed = Vault(keys(epochs=2)).seal_transient(b"state", "ask")
    with pytest.raises(VaultError) as refused:
        vault.unseal_transient(sealed, "ask")
    assert code_of(refused) == "E_VAULT_EPOCH"


def test_keys_are_not_in_any_repr(vault: Vault, person: PersonKey) -> None:
    shown = repr((keys(), vault, person))
    assert repr(b"\x01" * 4)[2:-1] not in shown
    assert "@@@@" not in shown


def test_generated_keys_are_private_files_and_never_regenerated(tmp_path: Path) -> None:
    created = Keys.create(tmp_path / "keys")
    assert Keys.load(tmp_path / "keys") == created == Keys.create(tmp_path / "keys")
    assert (tmp_path / "keys").stat().st_mode & 0o777 == 0o700
    for file in (tmp_path / "keys").iterdir():
        assert file.stat().st_mode & 0o777 == 0o600
    assert len({*created.epoch.values(), *created.index.values(), *created.ask.values()}) == 3


def test_generated_keys_are_the_same_when_processes_start_concurrently(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        created = list(pool.map(lambda _: Keys.create(tmp_path / "keys"), range(8)))
    assert created == [created[0]] * 8


def test_key_files_of_later_versions_are_loaded(tmp_path: Path) -> None:
    Keys.create(tmp_path / "keys")
    second = tmp_path / "keys" / "epoch-12.key"
    second.write_bytes(b"k" * 32)
    second.chmod(0o600)
    (tmp_path / "keys" / "README").write_text("not a key")
    assert sorted(Keys.load(tmp_path / "keys").epoch) == [1, 12]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o602])
@pytest.mark.requirement("S-3")
def test_key_file_readable_by_others_is_refused(tmp_path: Path, mode: int) -> None:
    Keys.create(tmp_path / "keys")
    (tmp_path / "keys" / "index-1.key").chmod(mode)
    with pytest.raises(VaultError) as refused:
        Keys.load(tmp_path / "keys")
    assert code_of(refused) == "E_VAULT_KEYS"
    assert "index-1.key" in str(refused.value)


@pytest.mark.parametrize("mode", [0o750, 0o701])
def test_key_directory_readable_by_others_is_refused(tmp_path: Path, mode: int) -> None:
    Keys.create(tmp_path / "keys")
    (tmp_path / "keys").chmod(mode)
    with pytest.raises(VaultError) as refused:
        Keys.load(tmp_path / "keys")
    assert code_of(refused) == "E_VAULT_KEYS"


def test_keys_are_not_created_in_a_directory_readable_by_others(tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys").chmod(0o755)
    with pytest.raises(VaultError):
        Keys.create(tmp_path / "keys")
    assert os.listdir(tmp_path / "keys") == []


@pytest.mark.parametrize("lost", ["epoch-1.key", "index-1.key", "ask-1.key"])
@pytest.mark.requirement("S-3")
def test_missing_key_file_is_never_replaced(tmp_path: Path, lost: str) -> None:
    Keys.create(tmp_path / "keys")
    (tmp_path / "keys" / lost).unlink()
    with pytest.raises(VaultError) as refused:
        Keys.create(tmp_path / "keys")
    assert code_of(refused) == "E_VAULT_KEYS"


@pytest.mark.parametrize("size", [0, 31, 33])
def test_key_file_of_a_wrong_length_is_refused(tmp_path: Path, size: int) -> None:
    Keys.create(tmp_path / "keys")
    (tmp_path / "keys" / "epoch-1.key").write_bytes(b"k" * size)
    with pytest.raises(VaultError) as refused:
        Keys.load(tmp_path / "keys")
    assert code_of(refused) == "E_VAULT_KEYS"


def test_missing_key_directory_is_refused(tmp_path: Path) -> None:
    with pytest.raises(VaultError) as refused:
        Keys.load(tmp_path / "nowhere")
    assert code_of(refused) == "E_VAULT_KEYS"


def test_unwritable_key_directory_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(VaultError) as refused:
        Keys.create(tmp_path / "file" / "keys")
    assert code_of(refused) == "E_VAULT_KEYS"


def test_vault_opens_values_of_the_first_release(vault: Vault) -> None:
    """Decrypt fixed bytes: a change of the format would make every stored value unreadable."""
    wrapped = WrappedKey(1, bytes.fromhex(FROZEN["wrapped"]))
    person = vault.open(PERSON, wrapped)
    assert person.unseal(bytes.fromhex(FROZEN["sealed"]), *PLACE) == b"frozen"
    assert vault.unseal_transient(bytes.fromhex(FROZEN["transient"]), "ask") == b"frozen"
    assert vault.index("telegram", "1001").hex() == FROZEN["index"]
    assert vault.ask_key("telegram", "1001", date(2026, 11, 24)) == FROZEN["ask"]


def test_vault_writes_the_format_of_the_first_release(vault: Vault, person: PersonKey) -> None:
    assert person.seal(b"frozen", *PLACE)[0] == bytes.fromhex(FROZEN["sealed"])[0]
    assert len(person.seal(b"frozen", *PLACE)) == len(FROZEN["sealed"]) // 2
    assert vault.seal_transient(b"frozen", "ask")[:5].hex() == FROZEN["transient"][:10]
    assert len(vault.new_key(uuid4()).wrapped) == len(FROZEN["wrapped"]) // 2


FROZEN = {
    "wrapped": (
        "ab5e47f251e04b3d8c98cb56f64882dac1b9e47a79ffc0c085897b86927371db83203c39b0f39795"
        "90957b9f8ee95917c4da29d0c04156ce355844da"
    ),
    "sealed": "0131d876e8bf8d521128f3414cae3ba6277d71cfea3aba009a19155feda7497d5114c4",
    "transient": "01000000012467b42958694b5fb56b9936ee290e7346586593a053708d2d56ec1fcf71ed09b4e5",
    "index": "eeec224a46ee5230fb63bf0714850a03",
    "ask": "875565185b67d459d150df798a5d3b6f34d19c4a86d91300040aa194a631f273",
}
