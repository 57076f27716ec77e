"""A brand's colour, made legible: it has the contrast that WCAG 2.2 requires, whatever colour was chosen. Pure.

https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio
"""

from colorsys import hls_to_rgb, rgb_to_hls
from typing import Final

Rgb = tuple[int, int, int]

TEXT_CONTRAST: Final = 4.5
"""Of text to its background (1.4.3); everything that is drawn in the brand's colour has it, including lines."""

WHITE: Final[Rgb] = (255, 255, 255)
BLACK: Final[Rgb] = (0, 0, 0)
LIGHT_BEHIND: Final[Rgb] = (241, 243, 246)
DARK_BEHIND: Final[Rgb] = (38, 44, 54)
"""The darkest surface of the light theme and the lightest of the dark one, as in portal.css."""

LIGHT_SURFACE: Final[Rgb] = (255, 255, 255)
DARK_SURFACE: Final[Rgb] = (27, 33, 41)
"""What charts are drawn on, `--surface` in portal.css."""

STEPS: Final = 50
MIDDLE: Final = 0.18
"""The luminance that has the same contrast to black as to white."""


def parse(color: str) -> Rgb:
    """Read `#24405f`."""
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)


def write(rgb: Rgb) -> str:
    """Write a colour as `parse` reads it."""
    return "#" + "".join(f"{part:02x}" for part in rgb)


def contrast(one: Rgb, other: Rgb) -> float:
    """Return the contrast ratio of two colours, from 1 to 21."""
    brighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


def luminance(rgb: Rgb) -> float:
    """Return the relative luminance of a colour."""
    red, green, blue = (_linear(part / 255) for part in rgb)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4


def legible(color: Rgb, behind: Rgb) -> Rgb:
    """Return the colour, made as much lighter or darker as text in it needs on `behind`; its hue is kept."""
    hue, lightness, saturation = rgb_to_hls(*(part / 255 for part in color))
    end = 0.0 if luminance(behind) > MIDDLE else 1.0
    for step in range(STEPS):
        tried = _rgb((hue, lightness + (end - lightness) * step / STEPS, saturation))
        if contrast(tried, behind) >= TEXT_CONTRAST:
            return tried
    return BLACK if end == 0 else WHITE


def text_on(color: Rgb) -> Rgb:
    """Return black or white, whichever has more contrast on a colour."""
    return max((WHITE, BLACK), key=lambda text: contrast(text, color))


def _rgb(hls: tuple[float, float, float]) -> Rgb:
    red, green, blue = (round(part * 255) for part in hls_to_rgb(*hls))
    return red, green, blue


def stylesheet(color: str) -> str:
    """Return the CSS rules that set a page's colour, for light and dark themes."""
    chosen = parse(color)
    light, dark = legible(chosen, LIGHT_BEHIND), legible(chosen, DARK_BEHIND)
    return (
        f":root{{--accent:{write(light)};--on-accent:{write(text_on(light))}}}"
        f"@media (prefers-color-scheme:dark){{:root{{--accent:{write(dark)};--on-accent:{write(text_on(dark))}}}}}\n"
    )


def icon(color: str) -> str:
    """Return the page's icon: a wallet in the brand's colour."""
    chosen = parse(color)
    ink = write(text_on(chosen))
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">'
        f'<rect width="32" height="32" rx="7" fill="{color}"/>'
        f'<path d="M7 11.5h16a2 2 0 0 1 2 2v9a2 2 0 0 1-2 2H9a2 2 0 0 1-2-2zm0 0a2 2 0 0 1 2-2h12" fill="none" '
        f'stroke="{ink}" stroke-width="2"/><circle cx="20.5" cy="18" r="1.6" fill="{ink}"/></svg>\n'
    )
