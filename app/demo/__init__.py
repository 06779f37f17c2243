"""Believable customers: a few made by the services that people use, or years of history in bulk."""

from app.demo.house import DemoLogin, load

__all__ = ["DemoLogin", "load"]
