"""Render templates as HTML. Everything is escaped unless a template says otherwise, and none does."""

from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from chalice.app import Request, Response

from chalicelib.base_url import public_base_url
from chalicelib.errors import Refusal
from chalicelib.portal.brand import NO_BRAND
from chalicelib.portal.cookie import display_of
from chalicelib.portal.display import THEMES, read_display, themed
from chalicelib.portal.minify import minified
from chalicelib.portal.names import Names
from chalicelib.portal.page_templates import environment
from chalicelib.portal.page_words import PageWords
from chalicelib.portal.policy import page_headers, stripe_js
from chalicelib.portal.refusals import TEXTS, explain, title_of
from chalicelib.portal.request import PortalRequest, words_of
from chalicelib.portal.session import PageNotFound
from chalicelib.portal.words import Words, language_names

STATIC: Final = Path(__file__).with_name("static")
TYPES: Final = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8"}
NAME_CHARACTERS: Final = 12
FOR_EVER: Final = "public, max-age=31536000, immutable"


@cache
def static_names() -> dict[str, str]:
    """Return the public names of static files, with a hash of what is served; a stylesheet has one for each theme."""
    return {
        f"{stem}{path.suffix}": f"{stem}-{_hash(_served(path))}{path.suffix}"
        for path in STATIC.iterdir()
        if path.suffix in TYPES
        for stem in (path.stem, *(f"{path.stem}.{each}" for each in THEMES if path.suffix == ".css" and each != "auto"))
    }


@cache
def _served(path: Path) -> str:
    return minified(path.read_text(), path.suffix)


def _hash(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:NAME_CHARACTERS]


def static_file(name: str) -> tuple[str, str, str]:
    """Return a static file's text, its type and how long it may be kept. Raises PageNotFound.

    A name with another hash is of an older or newer version, which happens during a deployment: the answer is the file
    as it is here, which must not be cached.
    """
    stem, _, rest = name.rpartition("-")
    file = f"{stem}{Path(rest).suffix}"
    if file not in static_names():
        raise PageNotFound("there is no such file")
    keep = FOR_EVER if static_names()[file] == name else "no-store"
    base, _, theme = stem.partition(".")
    path = STATIC / f"{base}{Path(rest).suffix}"
    return themed(_served(path), read_display(None, theme).theme), TYPES[path.suffix], keep


def page(
    request: PortalRequest, template: str, *, status: int = 200, with_stripe: bool = False, **shown: Any
) -> Response:
    """Answer with a page of an account."""
    model = {
        **_frame_values(request.http, request.words),
        "request": request,
        "brand": request.brand,
        "names": Names(request.words, request.catalog, request.session),
        "done": request.query.get("done"),
        "stripe_js": stripe_js() if with_stripe else None,
        "errors": {},
        **shown,
    }
    return _answer(request.words, template, model, status, with_stripe=with_stripe)


def plain_page(
    http_request: Request, template: str, *, status: int = 200, preferred: tuple[str | None, ...] = (), **shown: Any
) -> Response:
    """Answer with a page that belongs to no session, without a brand unless a `brand` is given.

    Its reader may be a client, which must not learn the operator's name.
    """
    words = words_of(http_request, *preferred)
    model = {**_frame_values(http_request, words), "request": None, "brand": NO_BRAND, **shown}
    return _answer(words, template, {"done": None, "stripe_js": None, **model}, status, with_stripe=False)


def refusal_page(
    http_request: Request,
    request: PortalRequest | None,
    refusal: Refusal,
    preferred: tuple[str | None, ...] = (),
    **more: Any,
) -> Response:
    """Answer with the page of a refusal, with the account's header and menu if there is a session."""
    words = request.words if request else words_of(http_request, *preferred)
    text = explain(refusal, words, request.currency if request else "usd")
    shown: dict[str, Any] = {"heading": title_of(refusal, words), "text": text, "kind": refusal.type, **more}
    if request:
        return page(request, "refused.html", status=refusal.status, **shown)
    return plain_page(http_request, "refused.html", status=refusal.status, preferred=preferred, **shown)


def error_page(http_request: Request) -> Response:
    """Answer with the page of an unexpected error."""
    words = words_of(http_request)
    text = TEXTS["internal-error"]
    shown: dict[str, Any] = {"heading": words.say("Something went wrong"), "text": words.say(text)}
    return plain_page(http_request, "refused.html", status=500, kind="internal-error", **shown)


def _frame_values(http_request: Request, words: Words) -> dict[str, Any]:
    base_url, page_words = public_base_url(), PageWords(words.locale_name)
    return {
        "display": display_of(http_request),
        "languages": language_names(),
        "words": page_words,
        "count": page_words.count,
        "base_url": base_url,
        "static": lambda name: base_url.path("static", static_names()[name]),
    }


def _answer(words: Words, template: str, model: dict[str, Any], status: int, *, with_stripe: bool) -> Response:
    html = environment(words.language).get_template(template).render(model)
    return Response(html, page_headers(with_stripe=with_stripe), status)
