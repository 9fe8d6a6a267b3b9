"""Settings of the program that transcribes voice messages, off by default.

The class is a base class of `Settings`.
"""

from typing import Self

from pydantic import Field, SecretStr, model_validator

from bot.config.external_model import ExternalModelSettings, require_private, require_whole
from bot.config.setting_types import OptionalWebAddress


class TranscriptionSettings(ExternalModelSettings):
    """Settings of the program that transcribes people's voice messages to the assistant."""

    transcription_url: OptionalWebAddress = Field(
        default=None,
        description="Base URL of an OpenAI-compatible API that turns voice messages into text, such"
        " as https://…/v1; without it voice messages to the assistant are not heard.",
    )
    transcription_model: str | None = Field(
        default=None, max_length=200, description="Name of the model there."
    )
    transcription_operator: str | None = Field(
        default=None,
        max_length=100,
        description="Who runs that program, as people read it in the consent.",
    )
    transcription_key: SecretStr | None = Field(
        default=None, description="Key of that API; without it none is sent."
    )
    transcription_timeout_seconds: float = Field(
        default=30, gt=0, le=300, description="Timeout of a transcription, in seconds."
    )
    transcription_hourly: int = Field(
        default=200,
        ge=1,
        le=1_000_000,
        description="Voice messages that the installation may send there in an hour.",
    )
    transcription_person_hourly: int = Field(
        default=10,
        ge=1,
        le=1000,
        description="Voice messages of one person that may be sent there in an hour.",
    )

    @model_validator(mode="after")
    def _whole_transcription(self) -> Self:
        names = ("transcription_url", "transcription_model", "transcription_operator")
        require_whole(self, "the transcription", names)
        return self

    @model_validator(mode="after")
    def _private_transcription(self) -> Self:
        require_private("transcription_url", self.transcription_url)
        return self
