"""Believable customers: a dozen by the services that people use, or years of history in bulk."""

from app.demo.history import Written, load
from app.demo.house import DemoLogin
from app.demo.house import load as load_house

__all__ = ["DemoLogin", "Written", "load", "load_house"]
