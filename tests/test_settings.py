"""Settings come from the environment alone, and a bad one is named."""

from __future__ import annotations

import pytest

from bot.domain.errors import ConfigurationError
from bot.settings import read_settings


def test_defaults_need_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    settings = read_settings()
    assert settings.host == "127.0.0.1"
    assert settings.port == 8080
    assert settings.database.startswith("sqlite:///")


def test_the_environment_sets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KHETDOOT_PORT", "9000")
    monkeypatch.setenv("KHETDOOT_OFFICER_CHAT_IDS", "12, -100,")
    monkeypatch.setenv("KHETDOOT_DATABASE_URL", "postgresql://box/khetdoot")
    settings = read_settings()
    assert settings.port == 9000
    assert settings.officer_chat_ids == ("12", "-100")
    assert settings.database == "postgresql://box/khetdoot"


@pytest.mark.parametrize(
    ("name", "value"), [("PORT", "many"), ("PORT", "70000"), ("WORKERS", "0"), ("SESSION_HOURS", "-1")]
)
def test_a_bad_setting_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"KHETDOOT_{name}", value)
    with pytest.raises(ConfigurationError, match=f"KHETDOOT_{name}"):
        read_settings()


def test_secrets_are_not_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KHETDOOT_TELEGRAM_TOKEN", "4711:very-secret")
    assert "very-secret" not in repr(read_settings())
