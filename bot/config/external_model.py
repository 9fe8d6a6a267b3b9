"""Settings of the external language model, which is off by default; a base class of `Settings`."""

from typing import Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, model_validator

from bot.config.installation import LOOPBACK, InstallationSettings
from bot.config.setting_types import OptionalWebAddress
from bot.config.sources import variable


class ExternalModelSettings(InstallationSettings):
    """Settings of the model that chooses a message's topic if Kosh's recognizer found none."""

    external_model_url: OptionalWebAddress = Field(
        default=None,
        description="Base URL of an OpenAI-compatible API whose model may choose a topic for a "
        "message that was not understood, such as https://…/v1; without it no model is asked.",
    )
    external_model_name: str | None = Field(
        default=None, max_length=200, description="Name of that model."
    )
    external_model_operator: str | None = Field(
        default=None,
        max_length=100,
        description="Who runs that model, as people read it in the consent. After a change, the "
        "consent is asked again.",
    )
    external_model_key: SecretStr | None = Field(
        default=None, description="Key of that API; without it none is sent."
    )
    external_model_timeout_seconds: float = Field(
        default=5, gt=0, le=60, description="Timeout of a request to the model, in seconds."
    )
    external_model_hourly: int = Field(
        default=200,
        ge=1,
        le=1_000_000,
        description="Questions that the installation may send to the model in an hour.",
    )
    external_model_person_hourly: int = Field(
        default=10,
        ge=1,
        le=1000,
        description="Questions of one person that may be sent to the model in an hour.",
    )

    @model_validator(mode="after")
    def _whole_model(self) -> Self:
        names = ("external_model_url", "external_model_name", "external_model_operator")
        require_whole(self, "the external model", names)
        return self

    @model_validator(mode="after")
    def _private_model(self) -> Self:
        require_private("external_model_url", self.external_model_url)
        return self


def require_whole(settings: InstallationSettings, feature: str, names: tuple[str, ...]) -> None:
    """Raise ValueError if some, but not all, of the settings `names` are set.

    `feature` is the name of the feature that needs them, for the error's text.
    """
    missing = [variable(name) for name in names if getattr(settings, name) is None]
    if missing and len(missing) < len(names):
        raise ValueError(f"{feature} is only half set; set {', '.join(missing)} too")


def require_private(name: str, url: str | None, use: str = "words of people go there") -> None:
    """Raise ValueError if the URL in the setting `name` would send private data without TLS.

    `use` says for the error's text which data that is.
    """
    address = urlsplit(url or "")
    if address.scheme == "http" and address.hostname not in LOOPBACK:
        raise ValueError(f"{variable(name)} must be https://, {use}")
