"""Axe, for the tests of pages."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

AXE = Axe()
TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
# It describes the elements of violations alone, not all that it looked at, which takes longer than looking.
RULES = {"runOnly": {"type": "tag", "values": TAGS}, "resultTypes": ["violations"]}
CONTRAST = {"runOnly": {"type": "rule", "values": ["color-contrast"]}, "resultTypes": ["violations"]}


def assert_accessible(page: Page) -> None:
    """Check a page in light with all rules, and in dark with the only rule to which colours matter."""
    for scheme, options in (("light", RULES), ("dark", CONTRAST)):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
        found = AXE.run(page, options=options)
        assert found.violations_count == 0, f"{page.url} in {scheme}\n{found.generate_report()}"
