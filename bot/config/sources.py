"""Sources of settings: environment variables that begin with KOSH_, and files for secrets."""

import os
from pathlib import Path
from typing import Any, get_args

from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SecretsSettingsSource,
    SettingsConfigDict,
)

PREFIX = "KOSH_"


class ConfigError(Exception):
    """A setting is missing or wrong; the message names the variable, never its value."""

    code = "E_CONFIG"

    def __init__(self, message: str) -> None:
        super().__init__(f"{self.code}: {message}")


class SettingsBase(BaseSettings):
    """Base of settings: a field is read from KOSH_<FIELD>, a secret also from KOSH_<FIELD>_FILE."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
        validate_default=True,
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Return the sources of settings in order of precedence.

        The order is: arguments, environment variables, files that KOSH_<FIELD>_FILE names, the
        secrets directory.
        """
        directory = _SecretsDirectory(settings_cls, secrets_dir=_secrets_directory())
        return (init_settings, env_settings, _SecretFiles(settings_cls), directory)


class _SecretFiles(PydanticBaseSettingsSource):
    """Source that reads a secret from the file that KOSH_<FIELD>_FILE names."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        value = None
        if is_secret(self.settings_cls, field_name):
            value = _read_secret(variable(field_name) + "_FILE")
        return value, field_name, False

    def __call__(self) -> dict[str, Any]:
        fields = self.settings_cls.model_fields.items()
        read = {name: self.get_field_value(field, name)[0] for name, field in fields}
        return {name: value for name, value in read.items() if value is not None}


class _SecretsDirectory(SecretsSettingsSource):
    """Source that reads the files of the secrets directory; an empty file counts as unset."""

    def __call__(self) -> dict[str, Any]:
        return {name: value for name, value in super().__call__().items() if value != ""}


def is_secret(settings_cls: type[BaseSettings], name: str) -> bool:
    """Return True if a setting is a secret, whose value must not be shown."""
    kind = settings_cls.model_fields[name].annotation
    return SecretStr in (kind, *get_args(kind))


def variable(name: str) -> str:
    """Return the name of a setting's environment variable."""
    return PREFIX + name.upper()


def _read_secret(variable: str) -> str | None:
    path = os.environ.get(variable)
    if not path:
        return None
    try:
        # As for variables, an empty value counts as unset.
        return Path(path).read_text(encoding="utf-8").strip() or None
    except (OSError, UnicodeDecodeError) as error:
        kind = type(error).__name__
    raise ConfigError(f"{variable} names a file that can't be read ({kind}); check the path")


def _secrets_directory() -> str | None:
    directory = os.environ.get(PREFIX + "SECRETS_DIR")
    if directory and not os.path.isdir(directory):
        raise ConfigError(f"{PREFIX}SECRETS_DIR isn't a directory; check the path")
    return directory or None
