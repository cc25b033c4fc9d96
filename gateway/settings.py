"""The gateway's settings: one typed object, built once from the environment; docs/settings.md describes every entry."""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated, Literal
from urllib.parse import urlsplit

from limits import RateLimitItem
from limits import parse as parse_limit
from pydantic import Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import NoDecode

from bridge.settings import EnvironmentSettings, known_zone, split_list

_SHORTEST_SECRET = 32


class GatewaySettings(EnvironmentSettings):
    """Settings of the web process and of ``python -m gateway``."""

    database_url: str = Field("sqlite:///var/bridge.db", description="a SQLAlchemy URL")
    redis_url: str = Field("", description="a redis:// or rediss:// address, or empty for one web process")
    secret_key: SecretStr = Field(SecretStr(""), description=f"{_SHORTEST_SECRET} characters or more")
    public_url: str = Field(
        "http://127.0.0.1:8000", description="the http or https address that others reach the gateway by"
    )
    bc_company: Annotated[tuple[str, ...], NoDecode] = Field((), description="company names or ids, comma separated")

    availability_max_age: int = Field(30, ge=1, le=3600, description="whole seconds between 1 and 3600")
    availability_stale_if_error: int = Field(300, ge=1, le=86400, description="whole seconds between 1 and 86400")
    availability_poll_seconds: int = Field(5, ge=1, le=3600, description="whole seconds between 1 and 3600")

    time_zone: str = Field("UTC", description='a name such as "Europe/Oslo" from the time zone database')

    cors_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="origins such as https://contoso.crm4.dynamics.com, comma separated, never *"
    )
    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="addresses or networks of proxies whose X-Forwarded headers are believed, comma separated"
    )
    rate_limit: str = Field("6000 per 5 minutes", description='a limit such as "6000 per 5 minutes"')
    guess_limit: str = Field("10 per 5 minutes", description='a limit such as "10 per 5 minutes"')
    v3_alias: bool = Field(False, description="true or false: answer under /OData as well as /ODataV4")
    memo_entries: int = Field(20_000, ge=0, le=1_000_000, description="a whole number between 0 and 1000000")

    web_concurrency: int = Field(1, ge=1, le=64, description="a whole number between 1 and 64; 1 without REDIS_URL")
    web_threads: int = Field(8, ge=1, le=128, description="a whole number between 1 and 128")
    drain_seconds: int = Field(3, ge=0, le=120, description="whole seconds between 0 and 120")
    log_format: Literal["json", "text"] = Field("text", description='"json" or "text"')

    _split = field_validator("bc_company", "cors_origins", "trusted_proxies", mode="before")(split_list)

    _known_zone = field_validator("time_zone")(known_zone)

    @field_validator("secret_key")
    @classmethod
    def _long_enough(cls, value: SecretStr) -> SecretStr:
        if len(value.get_secret_value()) < _SHORTEST_SECRET:
            raise ValueError("not set, or too short to protect anything")
        return value

    @field_validator("redis_url")
    @classmethod
    def _redis(cls, value: str) -> str:
        if value and urlsplit(value).scheme not in ("redis", "rediss", "unix"):
            raise ValueError("not a Redis address")
        return value

    @field_validator("public_url")
    @classmethod
    def _address(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            raise ValueError("not an http or https address")
        return value.rstrip("/")

    @field_validator("cors_origins")
    @classmethod
    def _origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for origin in value:
            if re.fullmatch(r"https?://[A-Za-z0-9.-]+(:\d+)?", origin) is None:
                raise ValueError("one of them is no origin (scheme and host, no path, no *)")
        return tuple(origin.lower() for origin in value)

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for network in value:
            ipaddress.ip_network(network, strict=False)
        return value

    @field_validator("rate_limit", "guess_limit")
    @classmethod
    def _limit(cls, value: str) -> str:
        parse_limit(value)
        return value

    @field_validator("availability_stale_if_error")
    @classmethod
    def _later_than_max_age(cls, value: int, info: ValidationInfo) -> int:
        if value < info.data.get("availability_max_age", 0):
            raise ValueError("less than AVAILABILITY_MAX_AGE")
        return value

    @field_validator("web_concurrency")
    @classmethod
    def _share_through_redis(cls, value: int, info: ValidationInfo) -> int:
        if value > 1 and not info.data.get("redis_url"):
            raise ValueError(
                "several web processes share their limits and wake-ups through Redis, and REDIS_URL is not set"
            )
        return value

    @property
    def requests_limit(self) -> RateLimitItem:
        return parse_limit(self.rate_limit)

    @property
    def guesses_limit(self) -> RateLimitItem:
        return parse_limit(self.guess_limit)
