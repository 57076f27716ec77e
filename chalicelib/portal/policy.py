"""The headers of every page: what it may load, who may show it in a frame, and what it reveals to other sites."""

from typing import Final
from urllib.parse import urlsplit

from chalicelib.portal.navigation import frame_origins
from chalicelib.settings import settings
from chalicelib.stripe_api.client import API_VERSION

STRIPE_SOURCES: Final = {
    "script-src": "https://js.stripe.com https://*.js.stripe.com",
    "frame-src": "https://js.stripe.com https://*.js.stripe.com https://hooks.stripe.com",
    "connect-src": "https://api.stripe.com",
    "img-src": "https://*.stripe.com",
}
"""https://docs.stripe.com/security/guide#content-security-policy, for Stripe.js.

Wallets need no more: the Payment Element's frame shows Apple Pay, Google Pay and Link in frames and windows of its own.
"""

STRIPE_OPENER_POLICY: Final = "same-origin-allow-popups"
"""Google Pay and Link open windows from Stripe's frame, which `same-origin` would cut off from it.

https://html.spec.whatwg.org/multipage/browsers.html#cross-origin-opener-policies
"""

Headers = dict[str, str | list[str]]
"""Headers as Chalice takes them."""

PAGE_HEADERS: Final[Headers] = {
    "Content-Type": "text/html; charset=utf-8",
    # A page is for one person, now: neither a proxy nor the back button may show it to another person.
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    # Not `no-referrer`: with it browsers would send forms with `Origin: null`, and the origin could not be checked.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "X-Robots-Tag": "noindex",
}


def stripe_js() -> str:
    """Return the address of Stripe.js: at Stripe, in the release of the API version, or at the emulator."""
    path = f"{API_VERSION.partition('.')[2]}/stripe.js"
    return f"{settings().stripe_api_base or 'https://js.stripe.com'}/{path}"


def page_headers(*, with_stripe: bool) -> Headers:
    """Return the headers of a page; Stripe's sources are allowed only on pages that use Stripe.js."""
    frames = frame_origins()
    headers: Headers = {**PAGE_HEADERS, "Content-Security-Policy": content_policy(frames, with_stripe=with_stripe)}
    if with_stripe:
        headers["Cross-Origin-Opener-Policy"] = STRIPE_OPENER_POLICY
    if not frames:
        headers |= {"X-Frame-Options": "DENY", "Cross-Origin-Resource-Policy": "same-origin"}
    return headers


def content_policy(frames: list[str], *, with_stripe: bool) -> str:
    """Return the Content-Security-Policy: nothing inline, nothing from elsewhere."""
    sources = {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self'",
        "connect-src": "'self'",
        "frame-src": "",
        "form-action": "'self'",
        "base-uri": "'none'",
        "frame-ancestors": " ".join(frames) or "'none'",
    }
    if with_stripe:
        for name, more in _stripe_sources().items():
            sources[name] = f"{sources[name]} {more}".strip()
    return "; ".join(f"{name} {value}" for name, value in sources.items() if value)


def _stripe_sources() -> dict[str, str]:
    base = settings().stripe_api_base
    if not base:
        return STRIPE_SOURCES
    parts = urlsplit(base)
    return dict.fromkeys(STRIPE_SOURCES, f"{parts.scheme}://{parts.netloc}")
