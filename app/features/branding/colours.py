"""From three colours to a readable brand: contrast by WCAG 2.2, eight variables, mails' four colours.

The ratios and steps are those of the visual language (`ui/README.md`, "Brand").
"""

import re
from dataclasses import dataclass

from app.kernel.errors import Invalid

WHITE, BLACK, DARK_TEXT, DARK_SURFACE = "#ffffff", "#000000", "#14171f", "#181a20"
TEXT_CONTRAST = 4.5
STEPS = 50  # of 2 % each


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours, from 1 to 21."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(part / 255) for part in _parts(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4


def _parts(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def mix(colour: str, other: str, share: float) -> str:
    """`colour` with `share` (0 to 1) of `other` in it."""
    parts = (a + (b - a) * share for a, b in zip(_parts(colour), _parts(other), strict=True))
    return "#" + "".join(f"{round(part):02x}" for part in parts)


def text_on(colour: str) -> str:
    """White or near-black, whichever reads better on `colour`."""
    return max((WHITE, DARK_TEXT), key=lambda text: contrast(text, colour))


def checked(name: str, text: str) -> str:
    """The colour that `text` spells, in lower case.

    Raises:
        Invalid: it is none, or no text would be readable on it; says which one near it would do.
    """
    colour = text.strip().lower()
    if not re.fullmatch(r"#[0-9a-f]{6}", colour):
        raise Invalid.field(name, "A colour is written like #2456d6.")
    if contrast(text_on(colour), colour) < TEXT_CONTRAST:
        raise Invalid.field(name, f"Text on this colour is hard to read. {_suggestion(colour)} would do.")
    return colour


def _suggestion(colour: str) -> str:
    """The readable colour nearest to `colour`, darker or lighter."""
    for step in range(1, STEPS + 1):
        for end in (BLACK, WHITE):
            near = mix(colour, end, step / STEPS)
            if contrast(text_on(near), near) >= TEXT_CONTRAST:
                return near
    raise AssertionError("black and white are always readable")


def _towards(colour: str, end: str, ratio: float, ground: str) -> str:
    """`colour` mixed towards `end` in steps of 2 % until it has `ratio` on `ground`."""
    for step in range(STEPS + 1):
        mixed = mix(colour, end, step / STEPS)
        if contrast(mixed, ground) >= ratio:
            return mixed
    return end


@dataclass(frozen=True)
class MailColours:
    """What mails are painted with; they know no variables."""

    primary: str
    on_primary: str
    ink: str
    ink_dark: str


def mail_colours(primary: str) -> MailColours:
    """The colours of mails in a brand; links are readable on white and on the dark ground."""
    return MailColours(primary, text_on(primary), ink(primary), ink_dark(primary))


def ink(primary: str) -> str:
    """The primary colour as text on its own pale tint: 4.8 to 1."""
    return _towards(primary, BLACK, 4.8, mix(primary, WHITE, 0.9))


def ink_dark(primary: str) -> str:
    """The same on a dark ground: 5.5 to 1."""
    return _towards(primary, WHITE, 5.5, mix(primary, DARK_SURFACE, 0.78))


def stylesheet(primary: str, secondary: str, accent: str) -> str:
    """The eight variables that recolour every page."""
    variables = {
        "primary": primary,
        "on-primary": text_on(primary),
        "ink": ink(primary),
        "ink-dark": ink_dark(primary),
        "graph": _towards(primary, BLACK, 3.2, WHITE),
        "secondary": secondary,
        "on-secondary": text_on(secondary),
        "accent": accent,
    }
    lines = "".join(f"  --brand-{name}: {value};\n" for name, value in variables.items())
    return f":root {{\n{lines}}}\n"
