"""Three colours in, a readable brand out."""

import re
from pathlib import Path

import pytest

from app.features.branding import colours
from app.kernel.errors import Invalid

SHARED = Path(__file__).parents[3] / "shared" / "ui"
HARBOURLINE = {
    "primary": "#2456d6", "on-primary": "#ffffff", "ink": "#2456d6", "ink-dark": "#809de7", "graph": "#2456d6",
    "secondary": "#10203f", "on-secondary": "#ffffff", "accent": "#2bb8a3",
}  # fmt: skip
TERN = {
    "primary": "#f2b01e", "on-primary": "#14171f", "ink": "#8c6611", "ink-dark": "#f2b01e", "graph": "#b88617",
    "secondary": "#23201a", "on-secondary": "#ffffff", "accent": "#d9573a",
}  # fmt: skip


def variables(css: str) -> dict[str, str]:
    return dict(re.findall(r"--brand-([a-z-]+): (#[0-9a-f]{6});", css))


@pytest.mark.parametrize("brand", [HARBOURLINE, TERN])
def test_the_eight_variables_are_those_of_the_visual_language(brand: dict[str, str]) -> None:
    assert variables(colours.stylesheet(brand["primary"], brand["secondary"], brand["accent"])) == brand


@pytest.mark.needs_shared_data
@pytest.mark.parametrize(("name", "brand"), [("harbourline", HARBOURLINE), ("tern", TERN)])
def test_the_examples_are_copied_rightly(name: str, brand: dict[str, str]) -> None:
    assert variables((SHARED / f"brand-{name}.css").read_text()) == brand


def test_contrast_is_that_of_wcag() -> None:
    assert colours.contrast("#000000", "#ffffff") == pytest.approx(21)
    assert colours.contrast("#777777", "#ffffff") == pytest.approx(4.478, abs=0.001)
    assert colours.contrast("#ffffff", "#777777") == colours.contrast("#777777", "#ffffff")


@pytest.mark.parametrize("grey", range(0x70, 0x90))
def test_a_colour_nothing_can_be_read_on_is_refused_with_one_that_would_do(grey: int) -> None:
    colour = f"#{grey:02x}{grey:02x}{grey:02x}"
    if colours.contrast(colours.text_on(colour), colour) >= 4.5:
        assert colours.checked("primary", colour) == colour
        return

    with pytest.raises(Invalid) as refusal:
        colours.checked("primary", colour)

    suggested = re.search(r"#[0-9a-f]{6}", refusal.value.fields["primary"])
    assert suggested is not None
    assert colours.checked("primary", suggested.group()) == suggested.group()


@pytest.mark.parametrize(
    "text", ["red", "#fff", "#12345g", "red;}body{display:none}", "#2456d6;", "", "#2456d6\n#2456d6"]
)
def test_what_is_no_colour_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        colours.checked("primary", text)


@pytest.mark.parametrize("primary", ["#000000", "#ffffff", "#f2b01e", "#ff0000", "#00ff00", "#0000ff", "#7a00cc"])
def test_links_are_readable_in_every_brand(primary: str) -> None:
    assert colours.contrast(colours.ink(primary), "#ffffff") >= 4.5
    assert colours.contrast(colours.ink_dark(primary), colours.DARK_SURFACE) >= 4.5
