"""What every answer forbids the browser, and what it may keep."""

import re

import requests

from tests.portal.site import PAGES, Site

INLINE = re.compile(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=|javascript:", re.IGNORECASE)


def test_every_page_has_a_strict_policy_and_nothing_inline(site: Site, account: str) -> None:
    visitor = site.enter(account)
    for path in PAGES:
        answer = visitor.get(path)
        assert answer.status_code == 200, path
        assert not INLINE.search(answer.text), path
        policy = dict(part.partition(" ")[::2] for part in answer.headers["Content-Security-Policy"].split("; "))
        has_card_fields = path == "/card"
        stripe = f" {site.system.stripe_url}" if has_card_fields else ""
        assert policy["default-src"] == "'none'", path
        assert policy["script-src"] == f"'self'{stripe}", path
        assert policy["style-src"] == "'self'", path
        popups = "same-origin-allow-popups" if has_card_fields else "same-origin"
        assert answer.headers["Cross-Origin-Opener-Policy"] == popups, path
        assert ("frame-src" in policy) == has_card_fields, path
        assert policy["form-action"] == "'self'", path
        assert policy["base-uri"] == policy["frame-ancestors"] == "'none'", path
        assert answer.headers["Referrer-Policy"] == "same-origin", path
        assert answer.headers["Cache-Control"] == "no-store", path
        assert answer.headers["X-Frame-Options"] == "DENY", path
        assert answer.headers["X-Content-Type-Options"] == "nosniff", path


def test_links_to_elsewhere_take_nothing_along(site: Site, account: str) -> None:
    text = site.enter(account).get().text
    for tag in re.findall(r"<a [^>]*href=\"http[^>]*>", text):
        assert 'rel="noreferrer"' in tag or 'rel="noopener noreferrer"' in tag


def test_files_have_names_that_may_be_kept_for_ever(site: Site, account: str) -> None:
    text = site.enter(account).get().text
    names = re.findall(r'(?:href|src)="(/portal/(?:static|brand)/[^"]+)"', text)
    stems = [re.sub(r"(-[0-9a-f]{12})?\.", ".", name.rpartition("/")[2]) for name in names]
    assert len(names) == len(set(names))
    assert {"portal.css", "portal.js", "overview.css"} < set(stems)
    assert not {"card.js", "csv.js", "paying.js", "poll.js"} & set(stems)
    for name in names:
        answer = requests.get(site.url + name, timeout=30)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["Cache-Control"]
    other = re.sub(r"-[0-9a-f]{12}\.css", "-000000000000.css", next(name for name in names if "static/portal-" in name))
    assert requests.get(site.url + other, timeout=30).headers["Cache-Control"] == "no-store"
    assert requests.get(f"{site.url}/portal/static/../session.py", timeout=30).status_code in {403, 404}
    assert requests.get(f"{site.url}/portal/brand/zzz.css", timeout=30).status_code == 404
    assert requests.get(f"{site.url}/portal/logo/{'0' * 64}.svg", timeout=30).status_code == 404
