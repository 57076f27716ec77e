"""A browser that connects a Stripe account over HTTP: it keeps cookies, follows nothing by itself, and sends forms."""

import html
import re
from urllib.parse import urljoin, urlsplit

import requests


class Browser:
    """A person's browser, which at first holds nothing of ours."""

    def __init__(self) -> None:
        self.session = requests.Session()
        self.session.headers["Accept-Language"] = "en"

    def open(self, url: str) -> requests.Response:
        """Open an address."""
        return self.session.get(url, timeout=30, allow_redirects=False)

    def send(self, url: str, *, origin: str | None = None) -> requests.Response:
        """Send the form of a page, from the page's own site or from another."""
        parts = urlsplit(url)
        headers = {"Origin": origin or f"{parts.scheme}://{parts.netloc}"}
        return self.session.post(url, timeout=30, allow_redirects=False, headers=headers)

    def go_to_stripe(self, url: str, *, origin: str | None = None) -> str:
        """Open the address that the API returned, go on, and return the link to Stripe."""
        form = re.search(r'<form method="post" action="([^"]+)"', self.open(url).text)
        assert form, "there is no form"
        page = self.send(urljoin(url, html.unescape(form[1])), origin=origin)
        link = re.search(r'class="button main" href="([^"]+)"', page.text)
        assert link, page.text
        return html.unescape(link[1])
