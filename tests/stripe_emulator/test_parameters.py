"""Parameters: what Stripe does not have is refused, and so is what the emulator does not do."""

from typing import Any

import pytest
import stripe

from local.stripe_emulator.client import Emulator
from tests.stripe_emulator.conftest import CARD_ONLY, pay


@pytest.mark.parametrize(
    ("change", "code", "param"),
    [
        ({"nonsense": 1}, "parameter_unknown", "nonsense"),
        ({"transfer_data": {"destination": "acct_1", "nonsense": 1}}, "parameter_unknown", "transfer_data[nonsense]"),
        ({"payment_method_types": ["card"]}, "payment_method_types_no_longer_supported", "payment_method_types"),
        ({"amount": "12.5"}, "parameter_invalid_integer", "amount"),
        ({"amount": ""}, "parameter_invalid_empty", "amount"),
        ({"amount": -1}, "parameter_invalid_integer", "amount"),
        ({"amount": 49}, "amount_too_small", "amount"),
        ({"amount": 100_000_000}, "amount_too_large", "amount"),
        ({"currency": "xxx"}, None, "currency"),
        ({"amount": 12345, "currency": "kwd"}, "parameter_invalid_integer", "amount"),
        ({"amount": 150, "currency": "isk"}, "parameter_invalid_integer", "amount"),
        ({"setup_future_usage": "some_day"}, None, "setup_future_usage"),
        ({"receipt_email": "nobody"}, "email_invalid", "receipt_email"),
        ({"return_url": "example.com"}, "url_invalid", "return_url"),
        ({"customer": "cus_missing"}, "resource_missing", "customer"),
        ({"statement_descriptor_suffix": "no * stars"}, None, "statement_descriptor_suffix"),
        ({"capture_method": "manual"}, "emulator_unsupported", "capture_method"),
        ({"radar_options": {"session": "rse_1"}}, "emulator_unsupported", "radar_options"),
    ],
)
def test_wrong_parameters_are_refused(
    emulator: Emulator, client: Any, change: dict[str, Any], code: str | None, param: str
) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        pay(client, **change)
    assert (refused.value.http_status, refused.value.code, refused.value.param) == (400, code, param)
    assert emulator.objects("payment_intent") == []


@pytest.mark.parametrize(("amount", "currency"), [(50, "jpy"), (12340, "kwd"), (10000, "isk"), (2500, "USD")])
def test_amounts_in_every_kind_of_currency_are_taken(client: Any, amount: int, currency: str) -> None:
    intent = pay(client, amount=amount, currency=currency)
    assert (intent.amount_received, intent.currency) == (amount, currency.lower())


def test_missing_parameters_are_named(client: Any) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.payment_intents.create({"currency": "usd"})
    assert (refused.value.code, refused.value.param) == ("parameter_missing", "amount")


@pytest.mark.parametrize("name", ["off_session", "error_on_requires_action", "return_url"])
def test_what_only_goes_with_confirm_is_refused_without(client: Any, name: str) -> None:
    value = "https://example.com" if name == "return_url" else True
    with pytest.raises(stripe.InvalidRequestError, match="confirm"):
        client.v1.payment_intents.create({"amount": 2500, "currency": "usd", name: value})


def test_methods_that_redirect_need_a_return_url(client: Any) -> None:
    params = {"amount": 2500, "currency": "usd", "payment_method": "pm_card_visa", "confirm": True}
    with pytest.raises(stripe.InvalidRequestError, match="return_url"):
        client.v1.payment_intents.create(params)
    never = {"automatic_payment_methods": {"enabled": True, "allow_redirects": "never"}}
    assert client.v1.payment_intents.create(params | never).status == "succeeded"
    assert client.v1.payment_intents.create(params | {"return_url": "https://example.com"}).status == "succeeded"


def test_metadata_is_merged_and_removed_by_emptiness(client: Any) -> None:
    intent = client.v1.payment_intents.create({"amount": 2500, "currency": "usd", "metadata": {"a": "1", "b": "2"}})
    changed = client.v1.payment_intents.update(intent.id, {"metadata": {"a": "", "c": "3"}})
    assert changed.metadata.to_dict() == {"b": "2", "c": "3"}
    for wrong in ({"k" * 41: "v"}, {"k": "v" * 501}, {f"k{n}": "v" for n in range(51)}):
        with pytest.raises(stripe.InvalidRequestError):
            client.v1.payment_intents.update(intent.id, {"metadata": wrong})


def test_states_are_guarded(client: Any) -> None:
    paid = pay(client)
    for act in (client.v1.payment_intents.confirm, client.v1.payment_intents.cancel):
        with pytest.raises(stripe.InvalidRequestError) as refused:
            act(paid.id)
        assert refused.value.code == "payment_intent_unexpected_state"
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.payment_intents.update(paid.id, {"amount": 3000})
    unpaid = client.v1.payment_intents.create({"amount": 2500, "currency": "usd"})
    assert client.v1.payment_intents.cancel(unpaid.id).status == "canceled"
    with pytest.raises(stripe.InvalidRequestError, match="canceled"):
        client.v1.payment_intents.confirm(unpaid.id, {"payment_method": "pm_card_visa"})


def test_keys_are_checked(emulator: Emulator) -> None:
    for key in ("sk_live_1", "nonsense"):
        with pytest.raises(stripe.AuthenticationError):
            emulator.stripe_client(key).v1.customers.list()
    with pytest.raises(stripe.PermissionError, match="publishable"):
        emulator.stripe_client("pk_test_1").v1.customers.list()


def test_unknown_paths_and_objects_are_404(emulator: Emulator, client: Any) -> None:
    with pytest.raises(stripe.InvalidRequestError) as missing:
        client.v1.customers.retrieve("cus_missing")
    assert (missing.value.http_status, missing.value.code) == (404, "resource_missing")
    with pytest.raises(stripe.InvalidRequestError) as unknown:
        client.v1.invoices.list()
    assert unknown.value.http_status == 404


@pytest.mark.parametrize(
    ("list_name", "filters"),
    [
        ("balance_transactions", {"payout": "po_1"}),
        ("customers", {"test_clock": "clock_1"}),
        ("events", {"delivery_success": True}),
    ],
)
def test_a_filter_that_is_not_emulated_is_refused_and_not_ignored(
    client: Any, list_name: str, filters: dict[str, Any]
) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        getattr(client.v1, list_name).list(filters)
    assert refused.value.code == "emulator_unsupported"


def test_a_browser_is_refused_what_is_not_emulated_too(emulator: Emulator, client: Any) -> None:
    intent = client.v1.setup_intents.create({})
    browser: Any = emulator.stripe_client("pk_test_1")
    params = {"client_secret": intent.client_secret, "mandate_data": ""}
    with pytest.raises(stripe.InvalidRequestError) as refused:
        browser.v1.setup_intents.confirm(intent.id, params)
    assert refused.value.code == "emulator_unsupported"


def test_the_methods_allowed_at_confirmation_count(client: Any) -> None:
    intent = client.v1.payment_intents.create({"amount": 2500, "currency": "usd", "payment_method": "pm_card_visa"})
    with pytest.raises(stripe.InvalidRequestError, match="return_url"):
        client.v1.payment_intents.confirm(intent.id)
    confirmed = client.v1.payment_intents.confirm(intent.id, CARD_ONLY)
    assert (confirmed.status, confirmed.allowed_payment_method_types) == ("succeeded", ["card"])


def test_the_capture_method_is_kept(client: Any) -> None:
    assert pay(client, capture_method="automatic").capture_method == "automatic"


@pytest.mark.parametrize(
    ("name", "longest"), [("name", 256), ("email", 512), ("phone", 20), ("description", 5000), ("business_name", 150)]
)
def test_texts_of_a_customer_are_as_long_as_stripe_publishes(client: Any, name: str, longest: int) -> None:
    def text(length: int) -> str:
        return "a" * (length - 4) + "@b.c" if name == "email" else "a" * length

    assert client.v1.customers.create({name: text(longest)}).id
    with pytest.raises(stripe.InvalidRequestError, match=f"at most {longest} characters") as refused:
        client.v1.customers.create({name: text(longest + 1)})
    assert (refused.value.http_status, refused.value.code, refused.value.param) == (400, None, name)


@pytest.mark.parametrize(("name", "longest"), [("description", 1000), ("statement_descriptor_suffix", 22)])
def test_texts_of_a_payment_are_as_long_as_stripe_publishes(client: Any, name: str, longest: int) -> None:
    assert pay(client, **{name: "a" * longest}).status == "succeeded"
    with pytest.raises(stripe.InvalidRequestError, match=f"at most {longest} characters"):
        pay(client, **{name: "a" * (longest + 1)})


@pytest.mark.parametrize(
    "metadata", [{f"key-{n}": "a" for n in range(51)}, {"a" * 41: "a"}, {"a": "a" * 501}], ids=["50", "40", "500"]
)
def test_metadata_has_at_most_50_keys_of_40_and_values_of_500_characters(client: Any, metadata: dict[str, str]) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="Metadata"):
        client.v1.customers.create({"metadata": metadata})
