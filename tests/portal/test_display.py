"""Language and theme as a person wants them, and times as they read them: pure, over HTTP, and in a browser."""

import re
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from playwright.sync_api import expect

from chalicelib.i18n.language import languages
from chalicelib.portal.display import ALWAYS, NEVER, Display, read_display, themed
from chalicelib.portal.page_templates import TEMPLATES
from chalicelib.portal.render import STATIC
from chalicelib.portal.words import language_names
from infrastructure.words import name_of
from tests.portal.people import NARROW, People
from tests.portal.site import Site

SHEET = "a{color-scheme: light dark}@media (prefers-color-scheme: dark) and (width > 9px){b{}}"


def test_only_what_there_is_can_be_chosen() -> None:
    assert read_display("de", "dark") == Display("de", "dark")
    for language, theme in ((None, None), ("xx", "pink"), ("../de", ""), ("DE", "AUTO")):
        assert read_display(language, theme) == Display()


def test_a_chosen_language_comes_first_in_the_readers_own_variety() -> None:
    assert Display().locales(None, "en-GB", "de-AT") == ["en-GB", "de-AT"]
    assert Display("en").locales("de-DE", "fr", "en-GB", None, "en-US")[0] == "en-GB"
    assert Display("de").locales("en-GB", None)[0] == "de"


def test_every_language_of_the_portal_is_named_in_itself() -> None:
    names = dict(language_names())
    assert names == {code: name_of(code) for code in languages("portal")}, "run make words"
    for code, name in (("en", "English"), ("de", "Deutsch"), ("fr", "Français"), ("pt_BR", "Português (Brasil)")):
        assert names[code] == name


def test_a_theme_is_what_the_device_would_have_answered() -> None:
    assert themed(SHEET, "auto") == SHEET
    assert themed(SHEET, "dark") == f"a{{color-scheme:dark}}@media {ALWAYS} and (width > 9px){{b{{}}}}"
    assert themed(SHEET, "light") == f"a{{color-scheme:light}}@media {NEVER} and (width > 9px){{b{{}}}}"
    assert "prefers-color-scheme" not in themed((STATIC / "portal.css").read_text(), "light")


def test_templates_write_no_moment_into_an_attribute_and_no_element_around_one() -> None:
    for path in TEMPLATES.glob("*.html"):
        text = path.read_text()
        assert not re.search(r'="[^"]*{{[^}"]*words\.(moment|time)\(', text), path.name
        assert not re.search(r"<time[^>]*>{{ *words\.(moment|time)\(", text), path.name


def test_a_stylesheet_that_asks_for_the_theme_is_loaded_for_the_chosen_one() -> None:
    asking = {path.stem for path in STATIC.glob("*.css") if "prefers-color-scheme" in path.read_text()}
    templates = "".join(path.read_text() for path in TEMPLATES.glob("*.html"))
    assert asking == {"portal", "chart"}
    for stem in asking:
        assert f"static('{stem}' ~ display.suffix ~ '.css')" in templates
        assert f"static('{stem}.css')" not in templates


def change(browser: requests.Session, site: Site, referer: str, **headers: str) -> requests.Response:
    data = {"language": "de", "theme": "dark"}
    return browser.post(
        f"{site.url}/portal/display",
        data=data,
        headers={"Referer": referer, **headers},
        allow_redirects=False,
        timeout=30,
    )


def test_the_choice_leads_back_to_the_portals_page_and_nowhere_else(site: Site) -> None:
    browser = requests.Session()
    page = f"{site.url}/portal/accounts/acme/history?type=credit"
    assert change(browser, site, page).headers["Location"] == "/portal/accounts/acme/history?type=credit"
    strangers = ("https://evil.example/portal/x", f"{site.url}.evil.example/portal/", f"{site.url}/v1/x", "", "//evil")
    for referer in (*strangers, f"{site.url}/portal/display"):
        assert change(browser, site, referer).headers["Location"] == "/portal"
    assert change(requests.Session(), site, page, Origin="https://evil.example").status_code == 403
    assert requests.get(f"{site.url}/portal/display", timeout=30).ok


def test_the_cookies_are_the_portals_alone_and_an_automatic_choice_removes_them(site: Site) -> None:
    answer = change(requests.Session(), site, "")
    language, theme = answer.headers["Set-Cookie"].split(", ")
    assert language == "portal_language=de; Path=/portal; HttpOnly; SameSite=Lax; Max-Age=31536000"
    assert theme == "portal_theme=dark; Path=/portal; HttpOnly; SameSite=Lax; Max-Age=31536000"
    chosen: dict[str, Any] = {"language": "", "theme": "auto"}
    gone = requests.post(f"{site.url}/portal/display", data=chosen, allow_redirects=False, timeout=30)
    assert gone.headers["Set-Cookie"].count("Max-Age=0") == 2


DARK, LIGHT = "rgb(18, 22, 28)", "rgb(245, 246, 248)"


@pytest.mark.browser
@pytest.mark.parametrize("script", [True, False])
def test_a_person_chooses_language_and_theme_with_and_without_script(people: People, site: Site, script: bool) -> None:
    account = site.account()
    page = people.open(account, "/details", script=script, width=NARROW)
    expect(page.locator("body")).to_have_css("background-color", LIGHT)
    page.get_by_label("Theme").select_option("Dark")
    page.get_by_label("Language").select_option("Deutsch")
    page.get_by_role("button", name="Apply").click()
    expect(page.locator("html")).to_have_attribute("lang", "de")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    assert urlsplit(page.url).path.endswith("/details")
    expect(page.locator("body")).to_have_css("background-color", DARK)
    accent = "getComputedStyle(document.querySelector('.main')).backgroundColor"
    dark_accent = page.evaluate(accent)
    page.emulate_media(color_scheme="dark")
    page.get_by_label("Darstellung").select_option("Hell")
    page.get_by_role("button", name="Übernehmen").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "light")
    expect(page.locator("body")).to_have_css("background-color", LIGHT)
    assert page.evaluate(accent) != dark_accent
    page.get_by_role("button", name="Abmelden").click()
    expect(page.locator("html")).to_have_attribute("lang", "de")
    assert people.complaints == []


@pytest.mark.browser
def test_the_readers_own_time_stands_after_utc(people: People, site: Site) -> None:
    account = site.account(balance="5")
    visitor = site.enter(account)
    for zone, locale, said in (
        ("Asia/Tokyo", "en-US", r"UTC .*\d+:\d\d [AP]M your time$"),
        ("Asia/Tokyo", "de-DE", r"UTC .*\d+:\d\d Ihrer Zeit$"),
        ("UTC", "en-US", r"UTC$"),
    ):
        context = people.browser.new_context(timezone_id=zone, locale=locale)
        people.contexts.append(context)
        context.add_cookies([visitor.browser_cookie()])
        page = context.new_page()
        page.goto(f"{visitor.home}/history?type=credit")
        page.locator("a[href*='/transactions/']").first.click()
        expect(page.locator("time[datetime*='T']").first).to_have_text(re.compile(said))
        foot = page.locator("footer")
        expect(foot).to_contain_text(
            re.compile("time zone|Zeitzone" if zone != "UTC" else "Days and times are in UTC.")
        )
    plain = people.open(account, "/history?type=credit", script=False)
    expect(plain.locator("time").first).not_to_contain_text("your time")
