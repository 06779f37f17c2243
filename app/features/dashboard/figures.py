"""Small parts that the pages of this room are made of."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Stat:
    """One number of a strip, as `ui.stat` takes it."""

    label: str
    value: str
    detail: str = ""
    tone: str = ""
    href: str | None = None


@dataclass(frozen=True)
class Alarm:
    """Something that needs somebody, with the one way out."""

    tone: str
    title: str
    text: str
    label: str = ""
    href: str = ""


@dataclass(frozen=True)
class Step:
    """One part of setting up, which the panel can check by itself."""

    title: str
    text: str
    is_done: bool
    label: str = ""
    href: str = ""
