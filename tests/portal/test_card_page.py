"""The card page with Stripe's fields: how they look, what they say, and what happens if something goes wrong."""

import re
from typing import Any

import pytest
import requests
from playwright.sync_api import Page, Route, expect

from chalicelib.cards.start_setup import start_setup
from chalicelib.cards.table import get_payer
from tests.portal.people import NARROW, People, press, type_card
from tests.portal.site import Site
from tests.wait import wait_for

CHALLENGE = "iframe[title='3-D Secure authentication']"
SURFACE = {"light": "rgb(255, 255, 255)", "dark": "rgb(27, 33, 41)"}


def save(page: Page) -> None:
    page.get_by_role("button", name="Save card").click()


def last_four(account: str) -> str | None:
    card = get_payer(account).card
    return card.last_four if card else None


def wait_for_card(account: str, wanted: str) -> None:
    wait_for(lambda: last_four(account) == wanted, pause=0.1)


def test_the_fields_follow_the_theme_of_the_page(people: People, site: Site) -> None:
    page = people.open(site.account(method=""), "/card", scheme="dark", width=NARROW)
    number = page.frame_locator("#card-fields iframe").locator("#number")
    expect(number).to_have_css("background-color", SURFACE["dark"])
    expect(number).to_have_css("color", "rgb(238, 241, 246)")
    assert pixel(page, page.locator("#card-fields iframe").screenshot()) == SURFACE["dark"]
    number.fill("4242")
    page.emulate_media(color_scheme="light")
    expect(number).to_have_css("background-color", SURFACE["light"])
    expect(number).to_have_value("4242")
    assert people.complaints == []


def pixel(page: Page, shot: bytes) -> str:
    """Return the color of a picture's upper left corner, which is beside the fields."""
    found: str = page.evaluate(
        """async (bytes) => {
          const picture = await createImageBitmap(new Blob([new Uint8Array(bytes)]));
          const canvas = new OffscreenCanvas(1, 1).getContext("2d");
          canvas.drawImage(picture, 0, 0);
          return `rgb(${[...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3).join(", ")})`;
        }""",
        list(shot),
    )
    return found


def test_a_theme_that_is_chosen_on_the_page_is_followed_too(people: People, site: Site) -> None:
    page = people.open(site.account(method=""), "/card")
    number = page.frame_locator("#card-fields iframe").locator("#number")
    expect(number).to_have_css("background-color", SURFACE["light"])
    page.evaluate("() => document.documentElement.style.setProperty('--surface', '#101010')")
    expect(number).to_have_css("background-color", "rgb(16, 16, 16)")


def test_the_fields_and_their_errors_are_in_the_language_of_the_page(people: People, site: Site) -> None:
    account = site.account(method="", country="DE")
    page = people.open(account, "/card", locale="de-DE")
    fields = page.frame_locator("#card-fields iframe")
    expect(fields.get_by_label("Kartennummer")).to_be_visible()
    expect(fields.get_by_label("Land")).to_have_value("DE")
    expect(fields.get_by_label("Postleitzahl")).to_be_hidden()
    type_card(page, "4000 0000 0000 9995")
    page.get_by_role("button", name="Karte speichern").click()
    expect(page.get_by_role("alert")).to_have_text("Ihre Karte ist nicht ausreichend gedeckt.")
    assert last_four(account) is None


def test_a_declined_card_is_told_and_another_one_is_saved_in_its_place(people: People, site: Site) -> None:
    account = site.account(method="")
    page = people.open(account, "/card")
    type_card(page, "4000 0000 0000 0002")
    save(page)
    expect(page.get_by_role("alert")).to_have_text("Your card was declined.")
    type_card(page, "5555 5555 5555 4444")
    expect(page.get_by_role("alert")).to_be_hidden()
    save(page)
    expect(page.get_by_role("status")).to_have_text("Your card is saved.")
    assert last_four(account) == "4444"


def test_a_bank_that_refuses_can_be_asked_again(people: People, site: Site) -> None:
    account = site.account(method="")
    page = people.open(account, "/card", width=NARROW)
    type_card(page, "4000 0027 6000 3184")
    save(page)
    page.frame_locator(CHALLENGE).get_by_role("button", name="Fail authentication").click()
    expect(page.get_by_role("alert")).to_contain_text("failed authentication")
    save(page)
    page.frame_locator(CHALLENGE).get_by_role("button", name="Complete authentication").click()
    expect(page.get_by_role("status")).to_have_text("Your card is saved.")
    assert last_four(account) == "3184"


def test_with_the_keyboard_alone(people: People, site: Site) -> None:
    account = site.account(method="")
    page = people.open(account, "/card")
    fields = page.frame_locator("#card-fields iframe")
    expect(fields.get_by_label("Card number")).to_be_visible()
    page.get_by_role("link", name="Details").focus()
    for text in ("4242424242424242", "1234", "123", None, "94107"):
        page.keyboard.press("Tab")
        if text:
            page.keyboard.type(text)
    expect(fields.get_by_label("Expiration date")).to_have_value("12 / 34")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_have_text("Your card is saved.")
    assert people.complaints == []


def test_a_lost_answer_to_the_confirmation_is_no_second_card(people: People, site: Site) -> None:
    account = site.account(method="")
    page = people.open(account, "/card")
    type_card(page)
    site.fault("cut_after_effect", method="POST", path="/v1/setup_intents/*/confirm")
    try:
        save(page)
        expect(page.get_by_role("status")).to_have_text("Your card is saved.")
    finally:
        site.clear_faults()
    assert last_four(account) == "4242"
    assert len(cards_at_stripe(site, account)) == 1


def cards_at_stripe(site: Site, account: str) -> list[Any]:
    customer = get_payer(account).customer_id
    found = requests.get(f"{site.system.stripe_url}/_control/objects/payment_method", timeout=30).json()
    listed = found["data"] if isinstance(found, dict) else found
    return [each for each in listed if each["customer"] == customer]


def test_a_card_whose_form_never_arrives_is_put_on_file_by_stripes_event(people: People, site: Site) -> None:
    account = site.account(method="")
    page = people.open(account, "/card")

    def cut(route: Route) -> None:
        if route.request.method == "POST":
            route.abort()
        else:
            route.continue_()

    page.route(re.compile("/card$"), cut)
    type_card(page)
    with page.expect_event("requestfailed"):
        save(page)
    wait_for_card(account, "4242")


def test_fields_that_do_not_load_say_so_and_are_tried_again(people: People, site: Site) -> None:
    account = site.account(method="")
    site.fault("status", status=500, method="POST", path="/v1/setup_intents", times=3)
    page = people.open(account, "/card")
    expect(page.get_by_role("alert")).to_be_visible()
    site.clear_faults()
    save(page)
    expect(page.get_by_role("alert")).to_contain_text("incomplete")
    type_card(page)
    save(page)
    expect(page.get_by_role("status")).to_have_text("Your card is saved.")


def confirmed_elsewhere(site: Site, account: str, method: str, *, back_to: str) -> tuple[str, dict[str, str]]:
    """Confirm a setup as Stripe.js does for a bank with a page of its own; return that page and the way back."""
    setup = start_setup(get_payer(account))
    answer = requests.post(
        f"{site.system.stripe_url}/v1/setup_intents/{setup.setup_intent_id}/confirm",
        data={"payment_method": method, "client_secret": setup.client_secret, "return_url": back_to},
        auth=(site.system.keys.stripe_publishable_key, ""),
        timeout=30,
    ).json()
    action = answer["next_action"]
    way_back = {"setup_intent": setup.setup_intent_id, "setup_intent_client_secret": setup.client_secret}
    return action["redirect_to_url"]["url"] if action else "", way_back


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_a_person_who_comes_back_from_the_banks_own_page_has_a_card(people: People, site: Site, script: bool) -> None:
    account = site.account(method="")
    page = people.open(account, "/card", script=script)
    bank, _ = confirmed_elsewhere(
        site, account, "pm_card_authenticationRequired", back_to=page.url + "?then=add-balance&amount=100.00"
    )
    page.goto(bank)
    page.get_by_role("button", name="Complete authentication").click()
    if not script:
        save(page)
    expect(page.get_by_role("status")).to_contain_text("Your card is saved.")
    assert "/add-balance" in page.url
    assert last_four(account) == "3184"


def test_a_person_whom_the_bank_refused_is_told_on_the_way_back(people: People, site: Site) -> None:
    account = site.account(method="")
    page = people.open(account, "/card")
    bank, _ = confirmed_elsewhere(site, account, "pm_card_authenticationRequired", back_to=page.url)
    page.goto(bank)
    page.get_by_role("button", name="Fail authentication").click()
    expect(page.get_by_text("The card wasn't confirmed. Please try again.")).to_be_visible()
    type_card(page)
    save(page)
    expect(page.get_by_role("status")).to_have_text("Your card is saved.")


@pytest.mark.parametrize("wrong", ["account", "secret"])
def test_a_way_back_that_is_not_this_accounts_saves_nothing(people: People, site: Site, wrong: str) -> None:
    mine, other = site.account(method=""), site.account(method="")
    page = people.open(mine, "/card")
    start_setup(get_payer(mine))
    maker = other if wrong == "account" else mine
    site.fault("webhook_drop", event="setup_intent.succeeded", times=0)
    try:
        _, way_back = confirmed_elsewhere(site, maker, "pm_card_visa", back_to=page.url)
        if wrong == "secret":
            way_back["setup_intent_client_secret"] += "x"
        page.goto(page.url + "?" + "&".join(f"{name}={value}" for name, value in way_back.items()))
        expect(page.get_by_text("We couldn't save the card. Please try again.")).to_be_visible()
    finally:
        site.clear_faults()
    assert last_four(mine) is None


@pytest.mark.parametrize(
    ("method", "name"),
    [
        ("pm_emulator_applePay", "Visa ending in 0034 (Apple Pay)"),
        ("pm_emulator_googlePay", "Mastercard ending in 0040 (Google Pay)"),
        ("pm_emulator_link", "Visa ending in 0059 (Link)"),
    ],
)
def test_a_card_in_a_wallet_is_called_by_both_names(people: People, site: Site, method: str, name: str) -> None:
    account = site.account(method=method)
    page = people.open(account)
    expect(page.get_by_text(name)).to_be_visible()
    page.goto(page.url + "/card")
    expect(page.get_by_text(name, exact=True)).to_be_visible()


def test_a_clients_card_is_saved_on_its_workspaces_stripe_account(people: People, site: Site) -> None:
    workspace = site.account(method="")
    site.connect(workspace)
    client = site.client(workspace)
    page = people.open(client, "/card")
    type_card(page)
    press(page, "Save card")
    expect(page.get_by_role("status")).to_have_text("Your card is saved.")
    payer = get_payer(client)
    assert payer.stripe_account is not None
    assert payer.stripe_account.id is not None
    assert last_four(client) == "4242"


@pytest.mark.parametrize("width", [NARROW, 390, 1280])
def test_nothing_is_wider_than_the_page(people: People, site: Site, width: int) -> None:
    page = people.open(site.account(), "/card", width=width, locale="de-DE")
    fields = page.frame_locator("#card-fields iframe")
    expect(fields.get_by_label("Kartennummer")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    frame = page.frames[-1]
    assert frame.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert frame.evaluate("document.documentElement.offsetHeight <= window.innerHeight")
