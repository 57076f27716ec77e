"""The frame of the emulator's own HTML pages: no inline script or style, and a policy that forbids both."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

from markupsafe import escape
from werkzeug.wrappers import Response


def page(
    title: str,
    body: str,
    *,
    form_targets: Iterable[str] = (),
    scripts: Iterable[str] = (),
    framed: bool = False,
    kind: str = "",
) -> Response:
    """Return a page. `form_targets` are URLs that a form may lead to; `framed` pages may be shown inside others."""
    head = "".join(f'<script src="/stripe_js/{name}" defer></script>' for name in scripts)
    html = (
        f'<!doctype html><html lang="en" class="{kind}"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<link rel="stylesheet" href="/stripe_js/page.css">{head}</head><body><main>{body}</main></body></html>\n'
    )
    origins = {f" {parts.scheme}://{parts.netloc}" for parts in map(urlsplit, form_targets) if parts.netloc}
    policy = [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "connect-src 'self'",
        f"form-action 'self'{''.join(sorted(origins))}",
        "frame-ancestors *" if framed else "frame-ancestors 'none'",
        "base-uri 'none'",
    ]
    headers = {"Content-Security-Policy": "; ".join(policy), "Cache-Control": "no-store"}
    return Response(html, headers=headers, content_type="text/html; charset=utf-8")
