"""These tests work in one company of the sandbox."""

from tests.availability.surroundings import here

__all__ = ["here"]
