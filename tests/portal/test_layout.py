"""No text of any page is cut, overlapped or outside the view, on phones and desks, in every language of the portal."""

import pytest
from playwright.sync_api import Error, Page, expect

from tests.portal.crowded import Crowded, make_crowded
from tests.portal.measure import faults, faults_now
from tests.portal.people import NARROW, People
from tests.portal.site import Site, today

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


def test_a_note_is_one_text_whatever_is_in_it(people: People, site: Site) -> None:
    account = site.account(balance="9")
    site.use(account, today())
    page = people.open(account, "/budgets", script=False)
    page.get_by_label("Limit", exact=True).fill("0.10")
    page.get_by_label("Close access at 100%").check()
    page.get_by_role("button", name="Save budget").click()
    note = page.get_by_role("alert")
    expect(note).to_contain_text("so this closes access right away, until")
    assert note.evaluate(ONE_TEXT)


ONE_TEXT = """(note) => {
  const range = document.createRange(), date = note.querySelector("time");
  range.selectNode(date.nextSibling);
  const after = range.getClientRects()[0], before = date.getBoundingClientRect();
  return after.left - before.right < 8 && Math.abs(after.top - before.top) < 8;
}"""


@pytest.mark.parametrize(("locale", "meter", "fits"), [("de-DE", "knowledge_lookup", False), ("ar-EG", "sms", True)])
def test_a_small_phone_has_a_name_in_one_piece_beside_its_amount_if_both_fit(
    people: People, site: Site, locale: str, meter: str, fits: bool
) -> None:
    account = site.account(balance="9")
    for each in ("email", meter):
        site.use(account, today(), meter=each)
    page = people.open(account, "/history", script=False, width=NARROW, locale=locale)
    row = page.locator(f"[id$='.{meter}']")
    name, chevron, amount = (row.locator(each).bounding_box() for each in (".what > a", ".chevron", ".amount bdi"))
    assert name is not None
    assert chevron is not None
    assert amount is not None
    assert name["height"] < 30
    assert name["y"] < chevron["y"] < name["y"] + name["height"]
    assert (amount["y"] < name["y"] + name["height"]) == fits


SMALL = "white-space: nowrap; width: 60px"

FAULTS = {
    "cut": f"<div style='{SMALL}; overflow: hidden'>This text is too long</div>",
    "cut option": "<form><select style='width: 60px'><option>This text is too long</option></select></form>",
    "cut placeholder": "<form><input style='width: 60px' placeholder='This text is too long'></form>",
    "markup": "<p>&lt;time datetime=&quot;2026-11-30&quot;&gt;Nov 30&lt;/time&gt;</p>",
    "outside": "<div style='position: absolute; left: -40px'>This begins outside</div>",
    "overlap": "<div>Below</div><div style='margin-top: -20px'>Above</div>",
    "broken number": "<bdi style='display: block; width: 40px; word-break: break-all'>1234567890</bdi>",
    "scrolls": f"<div style='{SMALL}; overflow-x: auto'>This has to be scrolled</div>",
    "page": "<div style='width: 2000px'>Wide</div>",
}


@pytest.mark.parametrize("fault", FAULTS)
def test_the_measurement_finds_a_planted_fault(people: People, fault: str) -> None:
    page = people.context(width=NARROW).new_page()
    page.set_content(
        "<p>A paragraph with <b>bold</b> words and an <i>end</i>, over several lines of a phone.</p>"
        "<form><select><option>Short</option></select><input placeholder='Short'></form>"
    )
    assert faults_now(page) == []
    page.set_content(FAULTS[fault])
    assert any(each.startswith(fault) for each in faults_now(page))
