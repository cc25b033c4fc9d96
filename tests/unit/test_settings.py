"""Settings are read once, and a bad one stops the start with a sentence that names it and never shows a secret."""

from __future__ import annotations

import pytest

from bridge import connection_string
from bridge.errors import SettingInvalid
from bridge.settings import Settings
from gateway.settings import GatewaySettings

SECRET = "a secret of thirty-two characters or more"


@pytest.fixture
def clean(monkeypatch):
    for name in {*Settings.model_fields, *GatewaySettings.model_fields}:
        monkeypatch.delenv(name.upper(), raising=False)
    return monkeypatch


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AVAILABILITY_POLL_SECONDS", "5m"),
        ("WORK_LEASE_SECONDS", "0"),
        ("BC_AUTH", "ntlm"),
        ("SALES_URL", "contoso.crm4.dynamics.com"),
    ],
)
def test_a_bad_value_is_named_with_what_was_expected(clean, name, value):
    clean.setenv(name, value)
    with pytest.raises(SettingInvalid) as raised:
        Settings.from_environment()
    assert raised.value.name == name
    assert "Expected" in str(raised.value)


def test_companies_are_a_comma_separated_list(clean):
    clean.setenv("BC_COMPANY", "Fjell AS, Vidde AB")
    assert Settings.from_environment().bc_company == ("Fjell AS", "Vidde AB")


def test_a_connection_string_stands_for_the_single_values(clean):
    clean.setenv(
        "SALES_CONNECTION_STRING",
        "AuthType=ClientSecret; Url=https://contoso.crm4.dynamics.com/; AppId=1c2d; Secret='a;b''c'; LoginPrompt=Auto",
    )
    settings = Settings.from_environment()
    assert settings.sales_url == "https://contoso.crm4.dynamics.com"
    assert settings.entra_client_id == "1c2d"
    assert settings.entra_client_secret.get_secret_value() == "a;b'c"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("AuthType=AD;Url=https://x;UserName=a;Password=hush", "on premises"),
        ("AuthType=Office365;Url=https://x;UserName=a;Password=hush", "switched off"),
        ("AuthType=OAuth;Url=https://x;UserName=a;Password=hush", "password"),
        ("Url=https://x;ClientId=a;ClientSecret=hush", "AuthType is missing"),
        ("AuthType=ClientSecret;Url=https://x;ClientSecret=hush", "ClientId missing"),
        ("AuthType=Certificate;Url=https://x;ClientId=a;Thumbprint=ab", "PEM file"),
        ("AuthType=ClientSecret;nonsense;ClientSecret=hush", "no key=value at position 23"),
        ("AuthType=ClientSecret;Url=x;ClientId=a;ClientSecret=hush", "Url is not"),
    ],
)
def test_a_connection_string_that_cannot_be_used_says_why(text, says):
    with pytest.raises(connection_string.ConnectionStringInvalid, match=says) as raised:
        connection_string.parse(text)
    assert "hush" not in str(raised.value)


def test_a_connection_string_and_single_values_must_agree(clean):
    clean.setenv("SALES_CONNECTION_STRING", "AuthType=ClientSecret;Url=https://x;ClientId=a;ClientSecret=hush")
    clean.setenv("SALES_URL", "https://y")
    with pytest.raises(SettingInvalid, match="SALES_URL disagree") as raised:
        Settings.from_environment()
    assert "hush" not in str(raised.value)


def test_the_last_of_two_equal_keys_wins():
    found = connection_string.parse("AuthType=ClientSecret;Url=https://x;Url=https://y;ClientId=a;ClientSecret=b=c")
    assert (found.url, found.secret) == ("https://y", "b=c")


def test_a_gateway_without_secret_key_does_not_start(clean):
    with pytest.raises(SettingInvalid, match="SECRET_KEY"):
        GatewaySettings.from_environment()


def test_a_short_secret_is_refused_and_not_shown(clean):
    clean.setenv("SECRET_KEY", "hunter2")
    with pytest.raises(SettingInvalid) as raised:
        GatewaySettings.from_environment()
    assert "hunter2" not in str(raised.value)


def test_several_web_processes_need_redis(clean):
    clean.setenv("SECRET_KEY", SECRET)
    clean.setenv("WEB_CONCURRENCY", "2")
    with pytest.raises(SettingInvalid, match="REDIS_URL"):
        GatewaySettings.from_environment()


def test_origins_are_never_a_wildcard(clean):
    clean.setenv("SECRET_KEY", SECRET)
    clean.setenv("CORS_ORIGINS", "*")
    with pytest.raises(SettingInvalid, match="CORS_ORIGINS"):
        GatewaySettings.from_environment()
