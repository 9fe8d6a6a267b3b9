"""The bot leaves every group except the officers' duty group, also after this group's upgrade."""

import pytest

from bot.channels import GroupChat
from bot.conversations import receive
from tests.app_stack import AppStack
from tests.emulators.telegram.faults import Broken, Fault, Rejected

OLD, NEW, OTHER = "-4001", "-1002000000001", "-1002000000002"


async def _leaves(stack: AppStack, address: str, fault: Fault | None) -> bool:
    """Receive an update of a group; return True if the bot leaves it."""
    settings = stack.rt.settings.model_copy(update={"telegram_duty_chat": OLD})
    object.__setattr__(stack.rt, "settings", settings)
    if fault is not None:
        stack.telegram.fail(fault, method="sendChatAction")
    await receive.receive(stack.rt, GroupChat("telegram", address))
    return bool(stack.telegram.journal.calls("leaveChat"))


@pytest.mark.parametrize(
    ("address", "fault", "leaves"),
    [
        (NEW, Rejected("group chat was upgraded", int(NEW)), False),
        (OTHER, Rejected("group chat was upgraded", int(NEW)), True),
        (NEW, Broken(502), False),
        (NEW, None, True),
        ("-4002", None, True),
        (OLD, None, False),
    ],
)
async def test_bot_stays_in_the_supergroup_that_replaces_the_duty_group(
    stack: AppStack, address: str, fault: Fault | None, leaves: bool
) -> None:
    assert await _leaves(stack, address, fault) == leaves
