"""Settings of a program that translates for officers, off by default.

The class is a base class of `Settings`.
"""

from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, model_validator

from bot.config.external_model import require_private
from bot.config.hints import HintSettings
from bot.config.installation import LOOPBACK
from bot.config.setting_types import OptionalWebAddress


class TranslationSettings(HintSettings):
    """Settings of a program that translates officers' drafts.

    If the program runs on this machine, it also translates people's messages.
    """

    translation: Literal["deepl", "libretranslate", "openai"] | None = Field(
        default=None,
        description="API of the translation program for officers; without it none is offered.",
    )
    translation_url: OptionalWebAddress = Field(
        default=None,
        description="Base URL of that program. Messages of people are translated only if it is on "
        "this machine, drafts of officers in any case.",
    )
    translation_key: SecretStr | None = Field(
        default=None, description="Key of that program; without it none is sent."
    )
    translation_model: str = Field(
        default="", max_length=200, description="Name of the model, for OpenAI's API."
    )
    translation_timeout_seconds: float = Field(
        default=10, gt=0, le=60, description="Timeout of a translation, in seconds."
    )
    translation_hourly: int = Field(
        default=500, ge=1, le=1_000_000, description="Translations of the installation in an hour."
    )
    translation_officer_hourly: int = Field(
        default=60, ge=1, le=10_000, description="Translations of one officer in an hour."
    )

    @property
    def translates_people(self) -> bool:
        """Return True if the program may translate people's messages: it runs on this machine."""
        is_local = urlsplit(self.translation_url or "").hostname in LOOPBACK
        return self.translation is not None and is_local

    @model_validator(mode="after")
    def _whole_translation(self) -> Self:
        if (self.translation is None) != (self.translation_url is None):
            raise ValueError("set KOSH_TRANSLATION and KOSH_TRANSLATION_URL, or neither")
        if self.translation == "openai" and not self.translation_model:
            raise ValueError("the translation is only half set; set KOSH_TRANSLATION_MODEL too")
        require_private("translation_url", self.translation_url)
        return self
