"""The only reader of the environment. Every setting is `KHETDOOT_<NAME>`; README's table is made from this file."""

from __future__ import annotations

import os
from datetime import time
from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from bot.domain.errors import ConfigurationError

PREFIX = "KHETDOOT_"
ROOT = Path(__file__).resolve().parent.parent


class Settings(BaseSettings):
    """All that an operator can set. Secrets are never printed."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_file=".env", env_ignore_empty=True, extra="ignore")

    data_dir: Path = Field(Path("data"), description="Folder for the embedded database, models and caches")
    database_url: str = Field("", description="SQLAlchemy address of the database; empty: SQLite in DATA_DIR")
    redis_url: SecretStr = Field(SecretStr(""), description="Redis for sessions and caches; empty: inside the process")
    locales_dir: Path = Field(ROOT / "locales", description="Folder of languages; default: beside the program")
    knowledge_dir: Path = Field(ROOT / "knowledge", description="Folder of cards; default: beside the program")
    host: str = Field("127.0.0.1", description="Address that the web server listens on")
    port: int = Field(8080, ge=0, le=65535, description="Port that the web server listens on")
    public_url: str = Field(
        "", description="Address under which gateways reach this server, https://…; empty: polling only"
    )
    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="Addresses of proxies whose X-Forwarded-For is believed"
    )
    region: str = Field("IN", description="Country (ISO 3166) assumed where neither place nor language tells")
    reviewed_only: bool = Field(False, description="Answer only from cards that an agronomist has signed")
    session_hours: float = Field(12, gt=0, description="How long a conversation is remembered")
    workers: int = Field(2, ge=1, le=64, description="Messages answered at the same time by one process")
    retention_days: int = Field(90, ge=1, description="Days after which message texts are erased")
    console_token: SecretStr = Field(SecretStr(""), description="Password of the officers' console; empty: console off")
    metrics_public: bool = Field(False, description="Serve /metrics to others than the local machine")

    telegram_token: SecretStr = Field(SecretStr(""), description="Bot token from BotFather; empty: no Telegram")
    telegram_api_url: str = Field("https://api.telegram.org", description="Bot API server")
    telegram_webhook_secret: SecretStr = Field(
        SecretStr(""), description="Secret of the Telegram webhook; needs PUBLIC_URL"
    )
    officer_chat_ids: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="Telegram chats of extension workers, comma-separated"
    )

    sms_segments: int = Field(2, ge=1, le=10, description="SMS segments that one answer may take")
    sms_segments_per_day: int = Field(20, ge=1, description="SMS segments that one contact may get in a day as answers")
    sms_gateways: Annotated[tuple[str, ...], NoDecode] = Field(
        ("kannel", "gammu", "twilio", "africastalking", "http"),
        description="SMS gateways in order of preference; the next one takes over when one is down",
    )
    sms_sender: str = Field("", description="Number or registered header that SMS come from; empty: the gateway's own")
    sms_token: SecretStr = Field(
        SecretStr(""), description="Secret in the addresses that SMS gateways call; empty: only this machine may call"
    )
    sms_callback_url: str = Field(
        "", description="Address under which SMS gateways reach this server; empty: PUBLIC_URL, else HOST and PORT"
    )
    quiet_from: time = Field(time(20), description="Local time after which alerts and broadcasts wait for the morning")
    quiet_until: time = Field(
        time(7), description="Local time from which they go out again; as QUIET_FROM: never quiet"
    )
    kannel_sendsms_url: str = Field("", description="Kannel's sendsms address; empty: no Kannel")
    kannel_username: str = Field("", description="Kannel sendsms user")
    kannel_password: SecretStr = Field(SecretStr(""), description="Kannel sendsms password")
    kannel_smsc: str = Field("", description="Kannel's smsc-id to send through; empty: Kannel routes itself")
    kannel_rate: float = Field(10, gt=0, description="SMS a second that Kannel is given")
    gammu_database_url: str = Field("", description="SQLAlchemy address of gammu-smsd's database; empty: no GSM modem")
    gammu_rate: float = Field(0.3, gt=0, description="SMS a second that the GSM modem is given")
    twilio_account_sid: str = Field("", description="Twilio account; empty: no Twilio")
    twilio_auth_token: SecretStr = Field(SecretStr(""), description="Twilio token, also checks signatures")
    twilio_api_url: str = Field("https://api.twilio.com", description="Twilio's REST server")
    twilio_sender: str = Field("", description="Twilio number or messaging service (MG...) that SMS come from")
    twilio_rate: float = Field(10, gt=0, description="SMS a second that Twilio is given")
    africastalking_username: str = Field("", description="Africa's Talking user; empty: no Africa's Talking")
    africastalking_api_key: SecretStr = Field(SecretStr(""), description="Africa's Talking key")
    africastalking_api_url: str = Field("https://api.africastalking.com", description="Africa's Talking server")
    africastalking_callers: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="Addresses that Africa's Talking calls from, comma-separated; empty: SMS_TOKEN alone guards"
    )
    africastalking_rate: float = Field(10, gt=0, description="SMS a second that Africa's Talking is given")
    http_gateway_file: Path | None = Field(
        None, description="YAML file that describes another HTTP gateway; none by default"
    )
    http_gateway_rate: float = Field(10, gt=0, description="SMS a second that the HTTP gateway is given")
    dlt_file: Path | None = Field(
        None, description="YAML file of entity, header and templates registered for India (DLT); none by default"
    )
    dlt_strict: bool = Field(False, description="Let no SMS out whose text is not registered in DLT_FILE")

    open_meteo_url: str = Field("https://api.open-meteo.com", description="Forecast server (Open-Meteo)")
    open_meteo_geocoding_url: str = Field(
        "https://geocoding-api.open-meteo.com", description="Place search (Open-Meteo)"
    )
    open_meteo_archive_url: str = Field(
        "https://archive-api.open-meteo.com", description="Past weather server (Open-Meteo)"
    )
    forecast_calls_per_hour: int = Field(
        4000, ge=1, description="Forecasts fetched for warnings in an hour; with more cells each is fetched less often"
    )
    met_norway_contact: str = Field("", description="E-mail or web address that MET Norway's terms ask for")
    met_norway_url: str = Field("https://api.met.no", description="Second forecast server (MET Norway)")

    data_gov_in_key: SecretStr = Field(SecretStr(""), description="Key of data.gov.in for mandi prices; empty: none")
    data_gov_in_url: str = Field("https://api.data.gov.in", description="Mandi price server")

    model_path: str = Field("", description="GGUF file of the model; empty: answers come from cards alone")
    model_url: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="OpenAI-compatible servers, comma-separated, the small model first, "
        "instead of a local model or after it; `#name` after an address is the model's name there",
    )
    model_key: Annotated[tuple[SecretStr, ...], NoDecode] = Field(
        (), description="API keys of MODEL_URL, comma-separated; one serves all"
    )
    model_name: str = Field("phi-3-mini-4k", description="Name of the model in the registry or on the server")
    model_registry: Path | None = Field(
        None, description="YAML file of further models to pull, as bot/clients/models.yaml; none by default"
    )
    model_mirror: str = Field(
        "", description="Mirror of the model hub for `khetdoot model pull`; empty: the hub itself"
    )

    model_seconds: float = Field(6, gt=0, le=20, description="Seconds that a turn waits for the model to choose steps")
    model_threads: int = Field(0, ge=0, description="Threads of the model; 0: one for each CPU")
    model_context: int = Field(
        1536, ge=512, le=8192, description="Tokens that prompt and answer may take; each takes 0.2 MB of memory"
    )
    model_prefix_memory_mb: int = Field(128, ge=0, description="Memory for states of cards that the model has read")
    model_prefix_disk_mb: int = Field(2000, ge=0, description="Disk for them, in DATA_DIR")
    model_compose: bool = Field(
        False, description="Let the model tell the chosen steps in its own sentences, in languages it writes"
    )
    model_compose_seconds: float = Field(25, gt=0, le=30, description="Seconds that a turn waits for these sentences")

    @field_validator(
        "officer_chat_ids", "trusted_proxies", "sms_gateways", "africastalking_callers", "model_url", "model_key",
        mode="before",
    )  # fmt: skip
    @classmethod
    def split_commas(cls, value: object) -> object:
        """`"1, 2"` reads as two entries."""
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @property
    def database(self) -> str:
        """The database's address, the embedded default filled in."""
        return self.database_url or f"sqlite:///{(self.data_dir / 'khetdoot.db').absolute()}"


def read_settings(**changes: object) -> Settings:
    """Reads environment and `.env`. Raises ConfigurationError naming each setting that cannot be used."""
    try:
        return Settings(**changes)  # type: ignore[arg-type]
    except ValidationError as error:
        lines = [f"{PREFIX}{'.'.join(map(str, item['loc'])).upper()}: {item['msg']}" for item in error.errors()]
        raise ConfigurationError("; ".join(lines)) from error


def environment_names() -> list[str]:
    """Names of this program's settings that are set now, without values."""
    return sorted(name for name in os.environ if name.startswith(PREFIX))
