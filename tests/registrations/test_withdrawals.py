"""Withdrawal and erasure of a registration: writes to the registry, and the shown status."""

from bot.registry.contract import Acknowledgement, ConsentWithdrawal
from bot.runtime import Runtime
from tests.person_client import Guest
from tests.registrations.test_registrations import StoringRegistry, _write


class RecordingRegistry(StoringRegistry):
    """A registry that also keeps the names of the calls that write to it."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[str] = []

    async def create(self, body: object, *, key: str) -> Acknowledgement:
        self.calls.append("create")
        return await super().create(body, key=key)

    async def withdraw(self, number: str, *, key: str) -> Acknowledgement:
        self.calls.append("withdraw")
        return await super().withdraw(number, key=key)

    async def withdraw_consent(self, taken_back: ConsentWithdrawal, *, key: str) -> Acknowledgement:
        self.calls.append("withdraw_consent")
        return await super().withdraw_consent(taken_back, key=key)


async def test_erasure_after_a_withdrawal_asks_the_registry_to_erase(rt: Runtime) -> None:
    guest, registry = Guest(rt), RecordingRegistry()
    await guest.register()
    await _write(rt, registry)
    await guest.go("/status", "withdraw", "yes")
    await _write(rt, registry)
    await guest.go("/delete", "yes")
    await _write(rt, registry)
    assert registry.calls == ["create", "withdraw", "withdraw_consent"]
