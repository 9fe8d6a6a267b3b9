"""Names in five scripts pass unchanged through chat, vault, database, registry and console."""

import pytest

from tests.app_stack import AppStack
from tests.benchmarks import names
from tests.names import SCRIPTS

NAMES_PER_SCRIPT = 60


@pytest.mark.release
@pytest.mark.row(43)
async def test_names_are_unchanged_by_every_storage_that_holds_them(stack: AppStack) -> None:
    """Check NAMES_PER_SCRIPT names in each script; `./kosh bench names` checks 200,000 names."""
    results = await names.through(stack, NAMES_PER_SCRIPT)
    assert {each.script: each.names for each in results} == dict.fromkeys(SCRIPTS, NAMES_PER_SCRIPT)
    assert all(each.answers > 3 for each in results)
