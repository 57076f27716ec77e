"""Find text of a page that is cut, overlapped or outside the view, by measuring it where the browser draws it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from playwright.sync_api import Page

from tests.portal.people import HEIGHT, Scheme

MEASURE: Final = Path(__file__).with_suffix(".js").read_text()
WIDTHS: Final[dict[int, Scheme]] = {320: "light", 390: "dark", 1280: "light"}
OPEN_ALL: Final = "document.querySelectorAll('details').forEach((each) => { each.open = true })"


def faults_now(page: Page, direction: str = "ltr") -> list[str]:
    """Return what is wrong with the page as it is drawn now, in a direction."""
    found: list[str] = page.evaluate(MEASURE, direction)
    return found


def faults(page: Page) -> Iterator[str]:
    """Measure a loaded page at all widths, in light and dark, in its own direction, with everything unfolded."""
    direction = page.evaluate("document.documentElement.dir")
    page.evaluate(OPEN_ALL)
    for width, scheme in WIDTHS.items():
        page.set_viewport_size({"width": width, "height": HEIGHT})
        page.emulate_media(color_scheme=scheme)
        for fault in faults_now(page, direction):
            yield f"{width}: {fault}"
