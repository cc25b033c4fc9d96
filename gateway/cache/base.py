"""The contract of the cache: short-lived bytes that processes may share, and may lose at any time.

What is cached can always be had again. A backend that cannot be reached raises :class:`CacheUnavailable`, and the
caller goes on without it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod


class CacheUnavailable(Exception):
    """The cache did not answer; nothing is lost but time."""


class Cache(ABC):
    """Bytes by name, each with its time to live in seconds. Safe to share between threads."""

    @abstractmethod
    def get(self, key: str) -> bytes | None:
        """The value, or None when there is none or its time is over."""

    @abstractmethod
    def set(self, key: str, value: bytes, seconds: float) -> None:
        """Keep the value for this long, in place of an earlier one."""

    @abstractmethod
    def add(self, key: str, value: bytes, seconds: float) -> bool:
        """Keep the value only where there is none; True for exactly one of all who try at once."""

    @abstractmethod
    def delete(self, key: str) -> None:
        """Forget the value; forgetting what is not there is no error."""

    @abstractmethod
    def publish(self, channel: str, message: str) -> None:
        """Tell whoever listens right now; nobody listening is no error."""

    @abstractmethod
    def ping(self) -> None:
        """Raise :class:`CacheUnavailable` unless the backend answers."""
