"""No text of any page is cut, overlapped or outside the view, on phones and desks, in every language of the portal."""

import pytest
from playwright.sync_api import Error, Page

from tests.portal.crowded import Crowded, make_crowded
from tests.portal.measure import faults, faults_now
from tests.portal.people import NARROW, People
from tests.portal.site import Site

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def crowded(site: Site) -> Crowded:
    return make_crowded(site)


@pytest.mark.parametrize("locale", ["en-US", "de-DE", "ar-EG"])
def test_no_text_is_cut_overlapped_or_outside_the_view(people: People, crowded: Crowded, locale: str) -> None:
    found = []
    for account_id, addresses in crowded.addresses().items():
        page = people.open(account_id, locale=locale, script=False)
        home = page.url
        found += [f"{address} {fault}" for address in addresses for fault in _faults_of(page, home + address)]
    assert found == []


def _faults_of(page: Page, url: str) -> list[str]:
    try:
        answer = page.goto(url)
    except Error as error:
        if "Download is starting" in error.message or "ERR_ABORTED" in error.message:
            return []  # a document
        raise
    assert answer is not None
    assert answer.status < 500
    return list(faults(page))


SMALL = "white-space: nowrap; width: 60px"

FAULTS = {
    "cut": f"<div style='{SMALL}; overflow: hidden'>This text is too long</div>",
    "outside": "<div style='position: absolute; left: -40px'>This begins outside</div>",
    "overlap": "<div>Below</div><div style='margin-top: -20px'>Above</div>",
    "broken number": "<bdi style='display: block; width: 40px; word-break: break-all'>1234567890</bdi>",
    "scrolls": f"<div style='{SMALL}; overflow-x: auto'>This has to be scrolled</div>",
    "page": "<div style='width: 2000px'>Wide</div>",
}


@pytest.mark.parametrize("fault", FAULTS)
def test_the_measurement_finds_a_planted_fault(people: People, fault: str) -> None:
    page = people.context(width=NARROW).new_page()
    page.set_content("<p>A paragraph with <b>bold</b> words and an <i>end</i>, over several lines of a phone.</p>")
    assert faults_now(page) == []
    page.set_content(FAULTS[fault])
    assert any(each.startswith(fault) for each in faults_now(page))
