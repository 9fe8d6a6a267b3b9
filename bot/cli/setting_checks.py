"""Check for `doctor`: environment variables that look like misspelt names of settings."""

import os
from collections.abc import AsyncIterator
from difflib import get_close_matches
from typing import Final

from bot.cli.findings import Finding, doubtful, good
from bot.config.settings import Settings
from bot.config.sources import PREFIX, is_secret, variable

# Similarity of names, from 0 to 1, above which a variable counts as misspelt. Other programs have
# variables with the same prefix, such as KOSH_DOMAIN of the proxy.
_SIMILAR: Final = 0.8


async def setting_names(settings: Settings) -> AsyncIterator[Finding]:
    """Yield a warning for each variable whose name resembles a setting, since Kosh ignores it."""
    kind = type(settings)
    names = [variable(each) for each in kind.model_fields]
    secrets = [f"{variable(each)}_FILE" for each in kind.model_fields if is_secret(kind, each)]
    unknown = sorted({each for each in os.environ if each.startswith(PREFIX)} - {*names, *secrets})
    similar = {each: get_close_matches(each, names, 1, _SIMILAR) for each in unknown}
    for each, found in similar.items():
        if found:
            fix = f"rename it to {found[0]}, if you mean this setting"
            yield doubtful("settings", f"{each} is no setting, so it has no effect", fix)
    if not any(similar.values()):
        yield good("settings", "no variable looks misspelt")
