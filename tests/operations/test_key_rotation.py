"""Rotation of the vault's keys during operation: every person's data stays readable."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest

from bot import broadcasts
from bot.broadcasts import Rule
from bot.channels import Inbound
from bot.cli import servers
from bot.cli.doctor import examine
from bot.cli.findings import Grade
from bot.config import minimum_versions
from bot.config.settings import Settings
from bot.config.sources import ConfigError
from bot.conversations import receive
from bot.embedded import Databases
from bot.officers import credentials
from bot.operations import key_rotation
from bot.people import identities, subscriptions
from bot.people import rewrapping as people_rewrapping
from bot.people.identities import Person
from bot.runtime import Runtime, runtime
from bot.security import key_files
from bot.security.key_files import Keys, Kind, VaultError
from bot.security.vault import Vault
from flows.engine.events import Said
from flows.list_changes import LIST, LIST_COUNTRY
from tests.person_client import Guest
from tests.subscribers import TOPIC, create_officers, create_subscribers, new_draft

ROOT = Path(__file__).parents[2]
HOUR = 3600
PHONE = "77010000001"


def settle(rt: Runtime, days: float = 1) -> None:
    """Set the key files' ages: the newest of each kind to `days`, each earlier one a day older."""
    for kind, version, path in key_files.files(rt.settings.key_dir):
        newest = max(Keys.load(rt.settings.key_dir).of(kind))
        created_at = time.time() - (days + newest - version) * 24 * HOUR
        os.utime(path, (created_at, created_at))
    rt.vault.refresh()


async def destroy_index(rt: Runtime) -> None:
    """Destroy the first index key, after the epoch keys that are older than the second."""
    await key_rotation.create(rt, "epoch")
    settle(rt, days=46)
    created_at = time.time() - 46.5 * 24 * HOUR
    os.utime(rt.settings.key_dir / "index-2.key", (created_at, created_at))
    await key_rotation.rewrap_all(rt)
    await key_rotation.destroy(rt, "epoch", 1)
    await key_rotation.destroy(rt, "index", 1)


async def invent(rt: Runtime, count: int) -> list[UUID]:
    """Create invented people, each with the encrypted address of a web chat; return their ids."""
    people = []
    async with rt.pool.connection() as session:
        for number in range(count):
            person = await identities.create(
                rt, session, "web", f"nobody-{number}", f"nobody-{number}"
            )
            assert person is not None
            people.append(person.id)
    return people


async def reached(rt: Runtime, person_id: UUID) -> str | None:
    async with rt.pool.connection() as session:
        person = await identities.load(rt, session, person_id)
        assert person is not None
        return await identities.address_on(session, person, "web")


def epochs(databases: Databases) -> dict[int, int]:
    with psycopg.connect(databases.owner) as session:
        found = session.execute("SELECT key_version, count(*) FROM people GROUP BY 1").fetchall()
    return {int(epoch): int(count) for epoch, count in found}


@pytest.mark.requirement("S-72")
async def test_new_key_is_used_after_a_delay_and_loaded_by_other_processes(
    rt: Runtime,
) -> None:
    settle(rt)
    elsewhere = Vault(Keys.load(rt.settings.key_dir), rt.settings.key_dir)
    assert await key_rotation.create(rt, "epoch") == 2
    assert rt.vault.epoch == 1
    settle(rt)
    assert rt.vault.epoch == 2
    person = uuid4()
    # The other process reloads its keys only when it gets a person's key that the new key encrypts.
    assert elsewhere.epoch == 1
    elsewhere.open(person, rt.vault.new_key(person))
    assert elsewhere.epoch == 2


@pytest.mark.requirement("S-29")
async def test_key_rewrap_moves_every_person_to_the_new_key(
    rt: Runtime, databases: Databases
) -> None:
    people = await invent(rt, 30)
    settle(rt)
    await key_rotation.create(rt, "epoch")
    settle(rt)
    assert await key_rotation.rewrap_all(rt, batch=7) == 30
    assert epochs(databases) == {2: 30}
    assert [await reached(rt, each) for each in people] == [f"nobody-{n}" for n in range(30)]
    with pytest.raises(VaultError, match="backups"):
        await key_rotation.destroy(rt, "epoch", 1)
    settle(rt, days=7.1)
    await key_rotation.destroy(rt, "epoch", 1)
    assert list(Keys.load(rt.settings.key_dir).epoch) == [2]
    assert [await reached(rt, each) for each in people] == [f"nobody-{n}" for n in range(30)]


@pytest.mark.release
@pytest.mark.requirement("S-29")
async def test_key_rewrap_resumes_after_a_kill(chosen: Settings, databases: Databases) -> None:
    async with runtime(chosen) as rt:
        people = await invent(rt, 200)
        settle(rt)
        await key_rotation.create(rt, "epoch")
        settle(rt)
        with psycopg.connect(databases.owner) as holder:
            # Lock one person's row, so that the rewrapping process cannot finish before the kill.
            holder.execute("SELECT FROM people WHERE id = %s FOR UPDATE", (max(people),))
            rewrapping = rewrap(chosen)
            while epochs(databases) != {1: 1, 2: 199}:
                assert rewrapping.poll() is None
                await asyncio.sleep(0.01)
            rewrapping.send_signal(signal.SIGKILL)
            assert rewrapping.wait() == -signal.SIGKILL
        assert await key_rotation.rewrap_all(rt) == 1
        assert epochs(databases) == {2: 200}
        for number in (0, 99, 199):
            assert await reached(rt, people[number]) == f"nobody-{number}"


@pytest.mark.requirement("S-29")
async def test_key_rewrap_killed_between_batches_leaves_all_data_readable(
    chosen: Settings, databases: Databases
) -> None:
    async with runtime(chosen) as rt:
        people = await invent(rt, 40)
        settle(rt)
        await key_rotation.create(rt, "epoch")
        settle(rt)
        async with rt.pool.connection() as session:
            await people_rewrapping.rewrap(rt, session, None, 15)
        async with rt.pool.connection() as session:
            await people_rewrapping.rewrap(rt, session, None, 10)
            await session.rollback()  # the state after a kill in the middle of a batch
        assert epochs(databases) == {1: 25, 2: 15}
        assert [await reached(rt, each) for each in people] == [f"nobody-{n}" for n in range(40)]


DATABASES = ("database_url", "database_owner_url", "database_console_url")


def rewrap(chosen: Settings) -> subprocess.Popen[bytes]:
    environment = {
        f"KOSH_{name.upper()}": str(getattr(value, "get_secret_value", lambda v=value: v)())
        for name in (
            "data_dir",
            "key_dir",
            "database_url",
            "database_owner_url",
            "database_console_url",
        )
        for value in [getattr(chosen, name)]
    }
    assert chosen.redis_url
    environment |= {"KOSH_REDIS_URL": chosen.redis_url.get_secret_value(), "KOSH_DEMO": "1"}
    command = [sys.executable, "-m", "bot", "keys", "rewrap", "--batch", "7"]
    return subprocess.Popen(
        command, cwd=ROOT, env=os.environ | environment, stdout=subprocess.DEVNULL
    )


@pytest.mark.requirement("S-29")
async def test_key_in_use_cannot_be_destroyed(rt: Runtime) -> None:
    await invent(rt, 2)
    settle(rt)
    for version in (1, 2):
        if version == 2:
            await key_rotation.create(rt, "epoch")
            settle(rt)
        with pytest.raises(VaultError) as refused:
            await key_rotation.destroy(rt, "epoch", 1, now=True)
        assert refused.value.code == "E_VAULT_IN_USE"
    assert sorted(Keys.load(rt.settings.key_dir).epoch) == [1, 2]


async def test_key_rewrap_includes_officer_credentials(rt: Runtime) -> None:
    assert rt.console is not None
    token = await credentials.bootstrap(rt, "TESTOVA ADMIN")
    async with rt.console.connection() as session:
        secret = credentials.new_secret()
        await credentials.enrol(rt, session, token, "caravan-of-eleven-camels", secret)
    settle(rt)
    await key_rotation.create(rt, "epoch")
    settle(rt)
    assert await key_rotation.usage(rt, "epoch", 1) == 1
    await key_rotation.rewrap_all(rt)
    assert await key_rotation.usage(rt, "epoch", 1) == 0
    assert await key_rotation.usage(rt, "epoch", 2) == 1


@pytest.mark.requirement("S-72", "S-28")
async def test_index_key_rotation_rehashes_an_address_at_its_next_message(rt: Runtime) -> None:
    guest = Guest(rt)
    await guest.consent()
    settle(rt)
    await key_rotation.create(rt, "index")
    settle(rt)
    assert await key_rotation.usage(rt, "index", 1) == 1
    committed = await receive.receive(rt, guest.inbound(Said("/menu")))
    assert committed is not None
    assert committed.person is not None
    assert await key_rotation.usage(rt, "index", 1) == 0
    await guest.do(Said("/menu"))


@pytest.mark.requirement("S-6", "S-72")
async def test_index_key_rotation_keeps_update_deduplication(rt: Runtime) -> None:
    guest = Guest(rt)
    await guest.consent()
    update = guest.inbound(Said("/menu"))
    assert await receive.receive(rt, update) is not None
    settle(rt)
    await key_rotation.create(rt, "index")
    settle(rt)
    assert await receive.receive(rt, update) is None


async def test_index_key_rotation_rehashes_addresses_of_people_who_do_not_write(
    rt: Runtime,
) -> None:
    people = await invent(rt, 12)
    settle(rt)
    await key_rotation.create(rt, "index")
    settle(rt)
    await key_rotation.rewrap_all(rt, batch=5)
    assert await key_rotation.usage(rt, "index", 1) == 0
    await destroy_index(rt)
    async with rt.pool.connection() as session:
        for number, person_id in enumerate(people):
            found = await identities.find(rt, session, "web", f"nobody-{number}")
            assert isinstance(found, Person)
            assert found.id == person_id


async def rows_under_first_index(rt: Runtime) -> int:
    """Create and activate a second index key, rewrap, and count the rows that need the first."""
    settle(rt)
    await key_rotation.create(rt, "index")
    settle(rt)
    await key_rotation.rewrap_all(rt)
    return await key_rotation.usage(rt, "index", 1)


async def with_alias(rt: Runtime, number: str) -> Person:
    """Store a WhatsApp person with an account id, and a phone number as its alias."""
    (member,) = await create_subscribers(rt, 1, channel="whatsapp")
    async with rt.pool.connection() as session:
        person = await identities.load(rt, session, member.id)
        assert person is not None
        place = (person, "whatsapp", member.address, (number,))
        await identities.add_aliases(rt, session, *place)
    return person


async def found_by(rt: Runtime, channel: str, handle: str) -> UUID | None:
    async with rt.pool.connection() as session:
        person = await identities.find(rt, session, channel, handle)
    return person.id if person else None


async def test_index_key_rotation_rehashes_an_alias_at_the_next_message(rt: Runtime) -> None:
    person = await with_alias(rt, PHONE)
    assert await rows_under_first_index(rt) == 1
    async with rt.pool.connection() as session:
        account = await identities.address_on(session, person, "whatsapp")
    assert account is not None
    name = "wamid.A"
    inbound = Inbound("whatsapp", name, account, account, Said("/menu"), name, "", (PHONE,))
    assert await receive.receive(rt, inbound) is not None
    assert await key_rotation.usage(rt, "index", 1) == 0
    await key_rotation.destroy(rt, "index", 1, now=True)
    assert await found_by(rt, "whatsapp", PHONE) == person.id


async def test_index_key_rotation_rehashes_a_chat_with_topics(rt: Runtime) -> None:
    async with rt.pool.connection() as session:
        person = await identities.create(rt, session, "telegram", "77", "77/4")
    assert person is not None
    assert await rows_under_first_index(rt) == 0
    assert await found_by(rt, "telegram", "77") == person.id


async def test_stolen_index_key_is_destroyed_with_the_aliases_that_need_it(rt: Runtime) -> None:
    person = await with_alias(rt, PHONE)
    assert await rows_under_first_index(rt) == 1
    with pytest.raises(VaultError, match="1 rows are under index-1"):
        await key_rotation.destroy(rt, "index", 1)
    assert await found_by(rt, "whatsapp", PHONE) == person.id
    await key_rotation.destroy(rt, "index", 1, now=True)
    assert list(Keys.load(rt.settings.key_dir).index) == [2]
    async with rt.pool.connection() as session:
        account = await identities.address_on(session, person, "whatsapp")
    assert account is not None
    assert await found_by(rt, "whatsapp", account) == person.id
    assert await found_by(rt, "whatsapp", PHONE) is None


async def test_refused_destruction_of_an_index_key_keeps_the_aliases(rt: Runtime) -> None:
    person = await with_alias(rt, PHONE)
    with pytest.raises(VaultError, match="2 rows are under index-1"):
        await key_rotation.destroy(rt, "index", 1, now=True)
    async with rt.pool.connection() as session:
        # A handle that is not the person's address: it gets the new hash only at a message.
        await identities.create(rt, session, "whatsapp", "KZ.PARENT", "77010000002")
    assert await rows_under_first_index(rt) == 2
    with pytest.raises(VaultError, match="1 rows are under index-1"):
        await key_rotation.destroy(rt, "index", 1, now=True)
    assert await found_by(rt, "whatsapp", PHONE) == person.id


async def test_index_key_is_kept_while_a_backup_of_its_time_is_readable(rt: Runtime) -> None:
    await invent(rt, 1)
    settle(rt)
    await key_rotation.create(rt, "index")
    settle(rt, days=46)
    await key_rotation.rewrap_all(rt)
    with pytest.raises(VaultError, match="epoch-1") as error:
        await key_rotation.destroy(rt, "index", 1)
    assert error.value.code == "E_VAULT_IN_USE"
    await destroy_index(rt)


async def test_monthly_key_rotation_runs_after_a_month(rt: Runtime, databases: Databases) -> None:
    await invent(rt, 3)
    settle(rt, days=29)
    await key_rotation.rotate_monthly(rt)
    assert list(Keys.load(rt.settings.key_dir).epoch) == [1]
    settle(rt, days=31)
    await key_rotation.rotate_monthly(rt)
    assert sorted(Keys.load(rt.settings.key_dir).epoch) == [1, 2]
    settle(rt, days=0.5)
    await key_rotation.rotate_monthly(rt)
    assert epochs(databases) == {2: 3}
    settle(rt, days=8)
    await key_rotation.rotate_monthly(rt)
    assert list(Keys.load(rt.settings.key_dir).epoch) == [2]


async def test_subscribers_are_found_after_an_old_index_key_is_destroyed(rt: Runtime) -> None:
    subscriber, list_keeper = await create_subscribers(rt, 2)
    officers = await create_officers(rt)
    traits = {"country": "CN", "programme": "kandas_status", "region": "abai"}
    kept = {LIST: "kandas_status", LIST_COUNTRY: "CN"}
    async with rt.pool.connection() as session:
        await subscriptions.put(rt, session, subscriber.id, (TOPIC,), traits, discreet=False)
        await subscriptions.watch_list(rt, session, list_keeper.id, kept)
    rules = (
        Rule(countries=("CN",)),
        Rule(programmes=("kandas_status",)),
        Rule(regions=("abai",)),
        Rule(countries=("CN",), lists=("kandas_status",)),
    )

    async def totals() -> list[int]:
        return [(await broadcasts.count(rt, officers.editor, new_draft(rule=rule))).total
                for rule in rules]  # fmt: skip

    before = await totals()
    assert 0 not in before
    settle(rt)
    await key_rotation.create(rt, "index")
    settle(rt)
    await key_rotation.rewrap_all(rt)
    await destroy_index(rt)
    assert await totals() == before


async def test_index_key_usage_counts_the_attributes_of_subscribers(rt: Runtime) -> None:
    (subscriber,) = await create_subscribers(rt, 1)
    before = await key_rotation.usage(rt, "index", 1)
    async with rt.pool.connection() as session:
        traits = {"country": "CN", "programme": "kandas_status"}
        await subscriptions.put(rt, session, subscriber.id, (TOPIC,), traits, discreet=False)
    assert await key_rotation.usage(rt, "index", 1) == before + 2
    settle(rt)
    await key_rotation.create(rt, "index")
    settle(rt)
    assert await key_rotation.usage(rt, "index", 1) == before + 2
    assert await key_rotation.usage(rt, "index", 2) == 0
    await key_rotation.rewrap_all(rt)
    assert await key_rotation.usage(rt, "index", 1) == 0
    assert await key_rotation.usage(rt, "index", 2) == before + 2


@pytest.fixture
def real(chosen: Settings) -> Iterator[Settings]:
    """Yield the settings of a real installation: demo mode is off."""
    yield chosen.model_copy(update={"demo": False})


@pytest.mark.requirement("S-3")
async def test_runtime_refuses_to_start_without_keys_outside_the_demo(real: Settings) -> None:
    with pytest.raises(VaultError, match="keys first") as refused:
        async with runtime(real):
            pass
    assert refused.value.code == "E_VAULT_KEYS"
    assert not real.key_dir.exists()
    Keys.create(real.key_dir)
    async with runtime(real):
        pass


@pytest.mark.requirement("S-68")
async def test_runtime_refuses_vulnerable_packages_unless_exempted(
    real: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    Keys.create(real.key_dir)
    fine = minimum_versions.installed()
    monkeypatch.setattr(minimum_versions, "installed", lambda: fine | {"pillow": "12.3.0"})
    with pytest.raises(ConfigError, match=r"pillow 12\.3\.0 is below 13\.0\.0"):
        async with runtime(real):
            pass
    async with runtime(real.model_copy(update={"version_exemptions": frozenset({"pillow"})})):
        pass


@pytest.mark.requirement("S-68")
@pytest.mark.parametrize("name", ["POSTGRESQL", "VALKEY"])
async def test_runtime_refuses_vulnerable_servers(
    real: Settings, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    Keys.create(real.key_dir)
    floor = getattr(minimum_versions, name)
    newer = minimum_versions.MinimumVersion(floor.name, ("99.1",), "an invented hole")
    monkeypatch.setattr(minimum_versions, name, newer)
    with pytest.raises(ConfigError, match=f"{floor.name} .* is below 99"):
        async with runtime(real):
            pass


@pytest.mark.requirement("S-68")
@pytest.mark.parametrize(
    ("version", "holds"),
    [
        ("18.6", True), ("18.5", False), ("17.11", True), ("17.10 (Debian 17.10-1)", False),
        ("18.10", True), ("19.0", True), ("16.15", False), ("18.6 (Debian)", True),
    ],
)  # fmt: skip
def test_minimum_postgres_version_is_checked_per_major_version(version: str, holds: bool) -> None:
    assert minimum_versions.POSTGRESQL.holds(version) is holds


@pytest.mark.requirement("S-29", "S-72")
@pytest.mark.parametrize("kind", ["epoch", "index"])
async def test_missing_key_with_rows_is_reported_and_stops_each_start(
    kind: Kind, rt: Runtime, tmp_path: Path
) -> None:
    """Check that a start is refused while people could not be found or read."""
    await invent(rt, 2)
    settle(rt)
    await key_rotation.create(rt, kind)
    settle(rt)
    async with rt.pool.connection() as session:
        assert await identities.create(rt, session, "web", "nobody-new", "nobody-new")
    async with servers._monitoring(rt):
        pass
    path = rt.settings.key_dir / f"{kind}-1.key"
    path.rename(tmp_path / path.name)
    async with runtime(rt.settings) as started:
        with pytest.raises(VaultError, match=f"{kind}-1") as error:
            async with servers._monitoring(started):
                pass
        assert error.value.code == "E_VAULT_KEYS"
        statuses = await key_rotation.key_statuses(started)
    assert [each for each in statuses if each.days is None] == [
        key_rotation.KeyStatus(kind, 1, None, False, 2)
    ]
    found = [each for each in await examine(rt.settings) if each.grade is Grade.WRONG]
    assert any(f"{kind}-1" in each.said for each in found)


async def test_key_that_does_not_exist_is_not_destroyed_but_named(rt: Runtime) -> None:
    with pytest.raises(VaultError, match="there is no key epoch-99") as error:
        await key_rotation.destroy(rt, "epoch", 99)
    assert error.value.code == "E_VAULT_KEYS"
