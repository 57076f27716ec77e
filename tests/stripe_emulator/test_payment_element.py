"""The Payment Element in a browser: it takes the page's appearance and locale, and refuses what Stripe refuses."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import FrameLocator, Page, expect

from local.stripe_emulator.client import PUBLISHABLE_KEY, Emulator
from tests.browser import launched
from tests.stripe_emulator.conftest import CARD_ONLY

pytestmark = pytest.mark.browser

START = """([key, options, page]) => {
  window.events = [];
  window.stripe = Stripe(key, { locale: options.locale });
  window.elements = stripe.elements(options);
  window.element = elements.create("payment", page.element || {});
  for (const name of ["ready", "loaderror"]) element.on(name, (event) => events.push([name, event]));
  document.documentElement.style.colorScheme = page.scheme || "light";
  document.body.style.background = page.scheme === "dark" ? "rgb(1, 2, 3)" : "white";
  document.body.innerHTML = '<div id="fields"></div>';
  element.mount("#fields");
}"""
CONFIRM = """() => stripe.confirmSetup({ elements, redirect: "if_required" }).then(
  (answer) => answer.error ? [answer.error.code, answer.error.message] : [answer.setupIntent.status, ""]
)"""
HAPPENED = "(wanted) => window.events.some(([name]) => name === wanted)"


@pytest.fixture(scope="module")
def page(processes: None) -> Iterator[Page]:
    with launched() as browser:
        yield browser.new_page()


@pytest.fixture
def intent(client: Any) -> Any:
    customer = client.v1.customers.create().id
    return client.v1.setup_intents.create({"customer": customer} | CARD_ONLY)


def load(page: Page, emulator: Emulator) -> None:
    page.goto(f"{emulator.url}/nothing")
    page.add_script_tag(url=f"{emulator.url}/endive/stripe.js")


def show(page: Page, emulator: Emulator, secret: str, *, until: str = "ready", **options: Any) -> FrameLocator:
    """Mount the element, and wait for an event. `on_page` are the element's options and the page's scheme."""
    on_page = options.pop("on_page", {})
    load(page, emulator)
    page.evaluate(START, [PUBLISHABLE_KEY, {"clientSecret": secret, **options}, on_page])
    page.wait_for_function(HAPPENED, arg=until)
    return page.frame_locator("iframe")


def fill(fields: FrameLocator, number: str = "4242424242424242") -> None:
    for name, text in (("number", number), ("expiry", "12 / 40"), ("cvc", "123"), ("postal", "94107")):
        fields.locator(f"#{name}").fill(text)


def test_a_card_is_saved_with_its_country_and_postal_code(emulator: Emulator, page: Page, intent: Any) -> None:
    fill(show(page, emulator, intent.client_secret))
    assert page.evaluate(CONFIRM) == ["succeeded", ""]
    (method,) = emulator.objects("payment_method")
    address = method["billing_details"]["address"]
    assert (address["country"], address["postal_code"]) == ("US", "94107")


def test_it_is_dressed_as_the_page_says_and_changes_with_it(emulator: Emulator, page: Page, intent: Any) -> None:
    night = {
        "theme": "night",
        "variables": {"colorBackground": "rgb(27, 33, 41)", "colorText": "rgb(238, 241, 246)", "borderRadius": "9px"},
        "rules": {".Input": {"border": "1px solid rgb(133, 144, 162)"}},
    }
    fields = show(page, emulator, intent.client_secret, appearance=night)
    number = fields.locator("#number")
    expect(number).to_have_css("background-color", "rgb(27, 33, 41)")
    expect(number).to_have_css("color", "rgb(238, 241, 246)")
    expect(number).to_have_css("border-radius", "9px")
    expect(number).to_have_css("border-color", "rgb(133, 144, 162)")
    number.fill("4242")
    page.evaluate("() => elements.update({ appearance: { theme: 'stripe' } })")
    expect(number).to_have_css("background-color", "rgb(255, 255, 255)")
    expect(number).to_have_value("4242")


def test_its_words_and_errors_are_the_locales(emulator: Emulator, page: Page, intent: Any) -> None:
    fields = show(page, emulator, intent.client_secret, locale="de")
    expect(fields.get_by_label("Kartennummer")).to_be_visible()
    assert page.evaluate("async () => (await elements.submit()).error.code") == "incomplete_number"
    expect(fields.get_by_text("Ihre Kartennummer ist unvollständig.")).to_be_visible()
    fill(fields, "4000000000000002")
    assert page.evaluate(CONFIRM) == ["card_declined", "Ihre Karte wurde abgelehnt."]
    fill(fields)
    assert page.evaluate(CONFIRM) == ["succeeded", ""]


def test_what_is_known_of_the_holder_is_filled_in(emulator: Emulator, page: Page, intent: Any) -> None:
    known = {"defaultValues": {"billingDetails": {"address": {"country": "NO"}}}}
    fields = show(page, emulator, intent.client_secret, on_page={"element": known})
    expect(fields.get_by_label("Country")).to_have_value("NO")
    expect(fields.get_by_label("Postal code")).to_be_hidden()


@pytest.mark.parametrize("declares", [False, True], ids=["by style alone", "by a meta element, too"])
def test_on_a_dark_page_its_frame_is_transparent_unless_a_meta_element_declares_schemes(
    emulator: Emulator, page: Page, intent: Any, declares: bool
) -> None:
    page.emulate_media(color_scheme="dark")
    load(page, emulator)
    # Chromium shows a plain text with such an element.
    assert page.locator("meta[name=color-scheme]").count() == 1
    if not declares:
        page.evaluate("() => document.querySelector('meta[name=color-scheme]').remove()")
    page.evaluate(START, [PUBLISHABLE_KEY, {"clientSecret": intent.client_secret}, {"scheme": "dark"}])
    page.wait_for_function(HAPPENED, arg="ready")
    shot = page.locator("iframe").screenshot()
    page.emulate_media(color_scheme="light")
    assert _corner(page, shot) == ([255, 255, 255] if declares else [1, 2, 3])


def _corner(page: Page, shot: bytes) -> Any:
    """Return the color of a picture's upper left pixel."""
    return page.evaluate(
        """async (bytes) => {
          const picture = await createImageBitmap(new Blob([new Uint8Array(bytes)]));
          const canvas = new OffscreenCanvas(1, 1).getContext("2d");
          canvas.drawImage(picture, 0, 0);
          return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
        }""",
        list(shot),
    )


def test_a_challenge_that_fails_can_be_tried_again(emulator: Emulator, page: Page, intent: Any) -> None:
    fields = show(page, emulator, intent.client_secret)
    fill(fields, "4000002760003184")
    challenge = page.frame_locator("iframe[title='3-D Secure authentication']")
    for button, code in (("Fail", "setup_intent_authentication_failure"), ("Complete", "succeeded")):
        page.evaluate(f"() => {{ window.saved = ({CONFIRM})(); }}")
        challenge.get_by_text(button).click()
        assert page.evaluate("async () => (await window.saved)[0]") == code


@pytest.mark.parametrize("ended", ["succeeded", "unknown"])
def test_it_does_not_load_for_an_intent_that_cannot_be_confirmed(
    emulator: Emulator, page: Page, client: Any, intent: Any, ended: str
) -> None:
    secret = intent.client_secret
    if ended == "succeeded":
        client.v1.setup_intents.confirm(intent.id, {"payment_method": "pm_card_visa"})
    else:
        secret = "seti_1_secret_2"
    show(page, emulator, secret, until="loaderror")
    code = page.evaluate("() => events.find(([name]) => name === 'loaderror')[1].error.code")
    assert code == {"succeeded": "setup_intent_unexpected_state", "unknown": "resource_missing"}[ended]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("stripe.elements({ mode: 'setup' })", "Unrecognized elements() parameter: mode"),
        ("stripe.elements({ locale: 'xx' })", "locale should be one of"),
        ("stripe.elements({ appearance: { theme: 'dark' } })", "theme should be one of"),
        ("stripe.elements({ appearance: { variables: { colour: 'red' } } })", "colour"),
        ("stripe.elements({ appearance: { rules: { '#number': {} } } })", "Invalid selector"),
        ("stripe.elements().create('payment')", "you must pass a clientSecret"),
        ("elements.create('payment')", "Can only create one Element"),
        ("elements.update({ clientSecret: 'x' })", "Unrecognized elements.update() parameter: clientSecret"),
        ("element.update({ style: {} })", "Unrecognized element.update() parameter: style"),
        ("stripe.confirmSetup({ elements })", "return_url"),
        ("element.unmount(); stripe.confirmSetup({ elements, redirect: 'if_required' })", "mounted Payment Element"),
    ],
)
def test_what_stripe_refuses_is_refused(emulator: Emulator, page: Page, intent: Any, call: str, message: str) -> None:
    show(page, emulator, intent.client_secret)
    refused = page.evaluate(
        f"async () => {{ try {{ await (async () => {{ {call.replace('stripe.confirm', 'await stripe.confirm')} }})(); "
        "return null; } catch (error) { return [error.name, error.message]; } }"
    )
    assert refused is not None
    assert refused[0] == "IntegrationError"
    assert message in refused[1]
