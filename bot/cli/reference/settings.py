"""Reference page of settings, generated from the fields of `Settings`."""

from pathlib import Path
from typing import Any

from pydantic import SecretStr
from pydantic_core import PydanticUndefined

from bot.cli.reference.markdown import code, table
from bot.config.settings import Settings
from bot.config.sources import PREFIX

_HEAD = """# Settings

Settings are environment variables. A command that reads a wrong value ends with status 2 and one
line that names the variable, never its value.

A secret may be in a file instead:

- `KOSH_<NAME>_FILE` names the file, or
- a file `kosh_<name>` lies in the directory that `KOSH_SECRETS_DIR` names. Agents of Vault,
  systemd (`LoadCredential=`), Docker and Kubernetes provide secrets this way.

`./kosh init` writes a settings file; `KOSH_SETTINGS_FILE` names another one, which must exist.
Environment variables take precedence over the file.

"""


def page() -> str:
    """Return the page of settings: each with its meaning and default."""
    rows = (
        (code(f"{PREFIX}{name.upper()}"), field.description or "", _default(field.default))
        for name, field in Settings.model_fields.items()
    )
    return _HEAD + table(("variable", "meaning", "default"), rows)


def _default(value: Any) -> str:
    if value is None:
        return "–"
    if value is PydanticUndefined:
        return "derived from other settings"
    if isinstance(value, SecretStr):
        return "an example, for demonstrations only"
    if isinstance(value, bool):
        return code(str(value).lower())
    if isinstance(value, tuple | frozenset | list):
        return code(",".join(map(str, value)))
    return code(str(value) if not isinstance(value, Path) else value.as_posix())
