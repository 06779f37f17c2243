"""The rooms: one folder a feature, one file a door."""

import importlib
import pkgutil
from importlib.util import find_spec

import sqlalchemy as sa

from app import kernel
from app.kernel.db import Base


def load_tables() -> sa.MetaData:
    """Every table of the house: those of the rooms and those of the kernel. For migrations and checks."""
    for module in pkgutil.iter_modules(kernel.__path__, "app.kernel."):
        importlib.import_module(module.name)
    for room in pkgutil.iter_modules(__path__, "app.features."):
        if room.ispkg and find_spec(f"{room.name}.models") is not None:
            importlib.import_module(f"{room.name}.models")
    return Base.metadata
