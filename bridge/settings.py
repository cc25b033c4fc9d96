"""The bridge's settings: one typed object, built once from the environment, every entry described in docs/settings.md.

A bad value stops the start with :class:`SettingInvalid`, naming the setting, the value and what was expected. Values of
secrets are never shown.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from bridge import connection_string
from bridge.errors import SettingInvalid


class EnvironmentSettings(BaseSettings):
    """What gateway and bridge settings share: names as in the environment, upper case; unknown names are ignored."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True, populate_by_name=True)

    @classmethod
    def from_environment(cls) -> Self:
        """Read the environment, or raise :class:`SettingInvalid` for the first value that cannot be."""
        try:
            return cls()
        except ValidationError as error:
            raise _explained(cls, error) from None


def _explained(settings: type[BaseSettings], error: ValidationError) -> SettingInvalid:
    first = error.errors(include_url=False, include_context=False)[0]
    name = str(first["loc"][0]).upper() if first["loc"] else "settings"
    field = settings.model_fields.get(name.lower())
    expected = field.description if field is not None and field.description else first["msg"]
    return SettingInvalid(name, problem=first["msg"].removeprefix("Value error, "), expected=expected)


def split_list(value: object) -> object:
    """Turn "a, b" into ("a", "b"): settings that hold several values are comma separated."""
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


def known_zone(value: str) -> str:
    """Refuse a time zone that this machine's database does not know."""
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("no time zone known here") from None
    return value


class Settings(EnvironmentSettings):
    """Settings of the worker and of the commands under ``python -m bridge``."""

    database_url: str = Field("sqlite:///var/bridge.db", description="a SQLAlchemy URL")
    redis_url: str = Field("", description="a redis:// address, or empty for work inside one process")
    secret_key: SecretStr = Field(SecretStr(""), description="32 characters or more")

    public_url: str = Field("http://127.0.0.1:8000", description="the address that others reach the gateway by")

    sales_url: str = Field("", description="the address of the Dataverse environment, without a path")
    sales_connection_string: SecretStr = Field(SecretStr(""), description="AuthType=ClientSecret;Url=…;ClientId=…;…")
    bc_url: str = Field("", description="the address below which /api/v2.0 and /ODataV4 lie")
    bc_company: Annotated[tuple[str, ...], NoDecode] = Field((), description="company names or ids, comma separated")
    bc_auth: Literal["oauth", "basic"] = Field("oauth", description='"oauth" or "basic"')
    bc_username: str = Field("", description="user name for BC_AUTH=basic")
    bc_access_key: SecretStr = Field(SecretStr(""), description="web service access key for BC_AUTH=basic")

    entra_authority: str = Field("https://login.microsoftonline.com", description="an https address")
    entra_tenant_id: str = Field("", description="tenant id or domain")
    entra_client_id: str = Field("", description="application (client) id")
    entra_client_secret: SecretStr = Field(SecretStr(""), description="client secret")
    entra_client_certificate: str = Field("", description="path of a PEM file with key and certificate")

    availability_poll_seconds: int = Field(5, ge=1, le=3600, description="whole seconds between 1 and 3600")
    pick_up_seconds: int = Field(60, ge=1, le=3600, description="whole seconds between 1 and 3600")
    pick_up_quotes: bool = Field(True, description="true or false")
    order_totals: Literal["accept", "hold"] = Field("accept", description='"accept" or "hold"')
    push_status_seconds: int = Field(60, ge=1, le=3600, description="whole seconds between 1 and 3600")
    work_lease_seconds: int = Field(20, ge=1, le=300, description="whole seconds between 1 and 300")
    work_threads: int = Field(4, ge=1, le=16, description="a whole number between 1 and 16")
    remote_timeout_seconds: int = Field(60, ge=1, le=600, description="whole seconds between 1 and 600")

    key_overlap_hours: int = Field(24, ge=1, le=240, description="whole hours between 1 and 240")
    single_connection_row: bool = Field(False, description="true or false")

    country_matching: bool = Field(True, description="true or false")
    unit_groups: bool = Field(False, description="true or false")
    push_quantity_on_hand: bool = Field(False, description="true or false")
    timeline_posts: bool = Field(True, description="true or false")
    push_order_header: bool = Field(True, description="true or false")
    push_order_totals: bool = Field(True, description="true or false")
    push_order_lines: bool = Field(True, description="true or false")
    ownership: Literal["person", "team"] = Field("person", description='"person" or "team"')
    invoices_of_others_from: date | None = Field(None, description="a date like 2026-01-31, or empty")
    invoices_seconds: int = Field(300, ge=1, le=86_400, description="whole seconds between 1 and 86400")
    notes_seconds: int = Field(300, ge=1, le=86_400, description="whole seconds between 1 and 86400")
    statistics_seconds: int = Field(1800, ge=1, le=86_400, description="whole seconds between 1 and 86400")
    time_zone: str = Field("UTC", description='a name such as "Europe/Oslo" from the time zone database')
    language: Literal["en", "nb"] = Field("en", description='"en" or "nb"')

    log_format: Literal["json", "text"] = Field("text", description='"json" or "text"')

    _split = field_validator("bc_company", mode="before")(split_list)

    @field_validator("invoices_of_others_from", mode="before")
    @classmethod
    def _empty_is_none(cls, value: object) -> object:
        return None if value == "" else value

    @model_validator(mode="before")
    @classmethod
    def _fill_from_connection_string(cls, values: dict[str, Any]) -> dict[str, Any]:
        text = values.get("sales_connection_string")
        if not text:
            return values
        try:
            connection = connection_string.parse(text.get_secret_value() if isinstance(text, SecretStr) else str(text))
        except connection_string.ConnectionStringInvalid as error:
            raise ValueError(f"SALES_CONNECTION_STRING: {error}") from None
        said = {
            "sales_url": connection.url,
            "entra_client_id": connection.client_id,
            "entra_client_secret": connection.secret,
            "entra_client_certificate": connection.certificate,
        }
        twice = [name.upper() for name, value in said.items() if value and values.get(name) not in (None, "", value)]
        if twice:
            raise ValueError(f"SALES_CONNECTION_STRING and {' and '.join(twice)} disagree; keep one of them")
        return values | {name: value for name, value in said.items() if value}

    _known_zone = field_validator("time_zone")(known_zone)

    @field_validator("sales_url", "bc_url", "entra_authority")
    @classmethod
    def _without_trailing_slash(cls, value: str) -> str:
        if value and not value.startswith(("http://", "https://")):
            raise ValueError("not an http or https address")
        return value.rstrip("/")

    @model_validator(mode="after")
    def _one_way_to_sign_in(self) -> Self:
        if self.entra_client_secret.get_secret_value() and self.entra_client_certificate:
            raise ValueError("ENTRA_CLIENT_SECRET and ENTRA_CLIENT_CERTIFICATE are both set; keep one")
        return self
