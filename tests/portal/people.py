"""People in front of a browser."""

from typing import Any, Literal

from playwright.sync_api import Browser, BrowserContext, Page

from tests.portal.site import Site
from tests.wait import SECONDS

Scheme = Literal["light", "dark"]
WIDE, NARROW = 1280, 320
HEIGHT = 900

NOT_OURS = "Blocked autofocusing"
"""The emulator's challenge wants the focus in its own frame, as a bank's page does."""


class People:
    """Opens the portal for accounts; each context is a browser with cookies of its own."""

    def __init__(self, site: Site, browser: Browser) -> None:
        self.site, self.browser = site, browser
        self.contexts: list[BrowserContext] = []
        self.complaints: list[str] = []

    def context(
        self, *, script: bool = True, width: int = WIDE, scheme: Scheme = "light", locale: str = "en-US"
    ) -> BrowserContext:
        made = self.browser.new_context(
            java_script_enabled=script, viewport={"width": width, "height": HEIGHT}, color_scheme=scheme, locale=locale
        )
        made.set_default_timeout(SECONDS * 1000)
        self.contexts.append(made)
        return made

    def open(self, account_id: str, path: str = "", *, session: dict[str, Any] | None = None, **options: Any) -> Page:
        """Open a page of an account, signed in; what the console says of it ends in `complaints`."""
        visitor = self.site.enter(account_id, **(session or {}))
        context = self.context(**options)
        context.add_cookies([visitor.browser_cookie()])
        page = context.new_page()
        page.on("console", lambda message: self._heard(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.goto(visitor.home + path)
        return page

    def _heard(self, text: str) -> None:
        if not text.startswith(NOT_OURS):
            self.complaints.append(text)

    def leave(self) -> None:
        for context in self.contexts:
            context.close()


def press(page: Page, name: str) -> None:
    """Press a button or follow a link with the keyboard."""
    page.get_by_role("button", name=name).or_(page.get_by_role("link", name=name)).first.focus()
    page.keyboard.press("Enter")


def type_card(page: Page, number: str = "4242 4242 4242 4242") -> None:
    """Type a card, with a postal code should its country ask for one."""
    fields = page.frame_locator("#card-fields iframe")
    for name, text in (("number", number), ("expiry", "12 / 34"), ("cvc", "123")):
        fields.locator(f"#{name}").fill(text)
    fields.locator("#postal").fill("94107", force=True)
