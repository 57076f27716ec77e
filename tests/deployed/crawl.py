"""Follow every link of the portal, and every path that an answer names."""

import json
import re
from collections import deque
from collections.abc import Iterator
from html import unescape
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests

from tests.portal.site import Visitor

_LINK = re.compile(r"""\b(?:href|src|action|formaction|data-[a-z-]*(?:url|path|src))="([^"]*)\"""")
_CSS = re.compile(r"""url\(["']?([^"')]+)""")
_LEAVES = ("/leave", "/sign-out")
_NO_LINKS = {"source", "type"}
"""Fields that look like paths: who sent an event, and the kind of a problem."""
_INCOMPLETE = 422
"""The answer to a form's address alone, without what the form would send."""
MOST = 400


def links(answer: requests.Response) -> Iterator[str]:
    """Yield the addresses that a page, a stylesheet or a redirect leads to, as they are written."""
    kind = answer.headers.get("Content-Type", "")
    if location := answer.headers.get("Location"):
        yield location
    if kind.startswith("text/html"):
        yield from (unescape(each) for each in _LINK.findall(answer.text))
    elif kind.startswith("text/css"):
        yield from _CSS.findall(answer.text)


def is_elsewhere(link: str, base: str) -> bool:
    """Tell whether a link leads to another server, to a place in the page, or to an address of another kind."""
    parts = urlsplit(link)
    host = urlsplit(base).netloc
    return (
        not link or link.startswith("#") or parts.scheme not in {"", "http", "https"} or parts.netloc not in {"", host}
    )


def crawl(visitor: Visitor, base: str, start: list[str]) -> tuple[list[str], list[str]]:
    """Visit every page that can be reached by links; return the addresses visited, and what is wrong with which link.

    Each link of this server has to be inside `base`, and to be answered.
    """
    waiting, seen, wrong = deque(start), set(start), []
    while waiting and len(seen) < MOST:
        address = waiting.popleft()
        answer = requests.get(address, headers={"Cookie": visitor.cookie}, allow_redirects=False, timeout=120)
        if answer.status_code >= 400 and answer.status_code != _INCOMPLETE:
            wrong.append(f"{address} is answered with {answer.status_code}")
        for link in links(answer):
            if is_elsewhere(link, base):
                continue
            target = urljoin(address, link).partition("#")[0]
            if not target.startswith(f"{base}/"):
                wrong.append(f"{link} on {address} leaves {base}")
            elif target not in seen and not target.partition("?")[0].endswith(_LEAVES):
                seen.add(target)
                waiting.append(target)
    return sorted(seen), wrong


def paths(body: Any, place: str = "") -> Iterator[tuple[str, str]]:
    """Yield every value of a JSON answer that is a path or an address, with its place."""
    if isinstance(body, dict):
        for name, value in body.items():
            if name not in _NO_LINKS:
                yield from paths(value, f"{place}.{name}")
    elif isinstance(body, list):
        for value in body:
            yield from paths(value, f"{place}[]")
    elif isinstance(body, str) and re.match(r"/[a-z]|https?://", body):
        yield place, body


def wrong_paths(body: str, base: str) -> list[str]:
    """Return the paths in a JSON answer that do not lead into `base`; addresses of other servers are none of them."""
    stage, host = urlsplit(base).path, urlsplit(base).netloc
    found = []
    for place, value in paths(json.loads(body)):
        parts = urlsplit(value)
        if parts.netloc in {"", host} and not parts.path.startswith(f"{stage}/"):
            found.append(f"{place}: {value}")
    return found
