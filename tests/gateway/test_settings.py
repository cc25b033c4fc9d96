"""A bad setting refuses the start, names itself and never shows its value."""

from __future__ import annotations

import pytest

from bridge.errors import SettingInvalid
from gateway.settings import GatewaySettings
from tests.conftest import SECRET_KEY


@pytest.fixture(autouse=True)
def _only_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in GatewaySettings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("SECRET_KEY", SECRET_KEY)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", ""),
        ("SECRET_KEY", "tooshort"),
        ("PUBLIC_URL", "stock.example"),
        ("PUBLIC_URL", "ftp://stock.example"),
        ("REDIS_URL", "http://127.0.0.1"),
        ("AVAILABILITY_MAX_AGE", "5m"),
        ("AVAILABILITY_MAX_AGE", "0"),
        ("AVAILABILITY_STALE_IF_ERROR", "29"),
        ("CORS_ORIGINS", "*"),
        ("CORS_ORIGINS", "https://contoso.crm4.dynamics.com/main.aspx"),
        ("TRUSTED_PROXIES", "proxy"),
        ("RATE_LIMIT", "lots"),
        ("GUESS_LIMIT", "10"),
        ("WEB_CONCURRENCY", "2"),
        ("WEB_THREADS", "0"),
        ("DRAIN_SECONDS", "-1"),
        ("LOG_FORMAT", "xml"),
    ],
)
def test_a_bad_value_names_its_setting(monkeypatch: pytest.MonkeyPatch, name: str, value: str):
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingInvalid) as refusal:
        GatewaySettings.from_environment()
    assert refusal.value.name == name
    assert str(refusal.value).startswith(f"{name}: ") and "Expected " in str(refusal.value)
    assert "tooshort" not in str(refusal.value)


def test_defaults_are_those_that_are_promised():
    settings = GatewaySettings.from_environment()
    assert (settings.availability_max_age, settings.availability_stale_if_error) == (30, 300)
    assert (settings.cors_origins, settings.trusted_proxies, settings.redis_url) == ((), (), "")


def test_lists_are_comma_separated_and_several_processes_go_with_redis(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:6379/0")
    monkeypatch.setenv("WEB_CONCURRENCY", "4")
    monkeypatch.setenv("CORS_ORIGINS", "https://A.crm4.dynamics.com, https://b.crm4.dynamics.com")
    settings = GatewaySettings.from_environment()
    assert settings.web_concurrency == 4
    assert settings.cors_origins == ("https://a.crm4.dynamics.com", "https://b.crm4.dynamics.com")
