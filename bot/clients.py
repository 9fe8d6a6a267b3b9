"""Clients of the services that the settings name: messengers, registry, models, translation."""

import aiohttp
from pydantic import SecretStr

from bot.channels import Channel
from bot.channels.telegram.client import Telegram
from bot.channels.whatsapp.client import WhatsApp
from bot.config.settings import Settings
from bot.i18n import Languages
from bot.registry.client import Registry
from bot.registry.client_certificate import ClientCertificate
from bot.understanding import translation
from bot.understanding.endpoint import Endpoint, authorization
from bot.understanding.external_model import ExternalModel
from bot.understanding.transcription import Transcriber
from bot.understanding.translation import Translator


def platforms(
    settings: Settings, http: aiohttp.ClientSession, languages: Languages
) -> dict[str, Channel]:
    """Return the messenger channels that the settings enable, by name."""
    channels: dict[str, Channel] = {}
    if settings.telegram_token is not None:
        channels[Telegram.name] = Telegram(
            http,
            settings.telegram_token.get_secret_value(),
            settings.telegram_api,
            settings.telegram_rate,
        )
    if settings.whatsapp_token is not None:
        channels[WhatsApp.name] = WhatsApp(
            http,
            languages,
            token=settings.whatsapp_token.get_secret_value(),
            number_id=settings.whatsapp_number_id or "",
            api=settings.whatsapp_api,
            auth_header=settings.whatsapp_auth_header,
            rate=settings.whatsapp_rate,
        )
    return channels


def registry_of(settings: Settings, http: aiohttp.ClientSession) -> Registry | None:
    """Return the registry's client, or None if the settings name no registry."""
    if settings.registry_url is None:
        return None
    secret, key = settings.registry_client_secret, settings.registry_client_key
    return Registry(
        http,
        settings.registry_url,
        settings.registry_client_id or "",
        _revealed(secret),
        signing_key=key.get_secret_value() if key else None,
        certificate=_certificate_of(settings),
    )


def _certificate_of(settings: Settings) -> ClientCertificate | None:
    """Return the TLS client certificate for the registry, or None if it is not configured."""
    certificate = settings.registry_client_certificate
    key = settings.registry_client_certificate_key
    return ClientCertificate(certificate, key) if certificate and key else None


def external_model_of(settings: Settings, http: aiohttp.ClientSession) -> ExternalModel | None:
    """Return the client of the external language model, or None if it is not configured."""
    if settings.external_model_url is None:
        return None
    headers = authorization(_revealed(settings.external_model_key))
    seconds = settings.external_model_timeout_seconds
    endpoint = Endpoint(http, settings.external_model_url, headers, seconds=seconds)
    return ExternalModel(endpoint, settings.external_model_name or "")


def transcriber_of(settings: Settings, http: aiohttp.ClientSession) -> Transcriber | None:
    """Return the client of the speech-to-text service, or None if it is not configured."""
    if settings.transcription_url is None:
        return None
    headers = authorization(_revealed(settings.transcription_key))
    seconds = settings.transcription_timeout_seconds
    endpoint = Endpoint(http, settings.transcription_url, headers, seconds=seconds)
    return Transcriber(endpoint, settings.transcription_model or "")


def translator_of(settings: Settings, http: aiohttp.ClientSession) -> Translator | None:
    """Return the client of the machine translation service, or None if it is not configured."""
    program, url = settings.translation, settings.translation_url
    if program is None or url is None:
        return None
    key = _revealed(settings.translation_key)
    seconds = settings.translation_timeout_seconds
    endpoint = Endpoint(http, url, translation.headers(program, key), seconds=seconds)
    return Translator(endpoint, program, key, name=settings.translation_model)


def _revealed(secret: SecretStr | None) -> str:
    """Return a secret's value; "" if it is not configured."""
    return secret.get_secret_value() if secret else ""
