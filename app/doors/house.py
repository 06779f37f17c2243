"""The application itself."""

from collections.abc import Callable
from typing import Any

from flask import Flask


class House(Flask):
    """Its views and hooks are plain functions: Flask looks whether each is a coroutine, six of them at each request."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """The function as it is."""
        return func
