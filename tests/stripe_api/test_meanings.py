"""The table of what Stripe's errors mean: all published codes are in it, once, and each row says what it should."""

from typing import Any, get_args

import pytest
import stripe

from chalicelib.stripe_api.errors import (
    AccessGone,
    CardRefused,
    CustomerGone,
    DetailsRefused,
    NotAtStripe,
    PaymentsUnavailable,
    StripeUnavailable,
    UnexpectedState,
    exception_for,
)
from chalicelib.stripe_api.meanings import (
    BY_CALL,
    BY_PARAMETER,
    BY_WORDS,
    CODES,
    NOT_CONNECTED,
    Call,
    StripeError,
    meaning_of,
)

CALLS: tuple[Call, ...] = get_args(Call)
ROWS = [(code, meaning) for meaning, codes in CODES.items() for code in codes.split()]
RAISES: dict[str, type[Exception]] = {
    "card": CardRefused,
    "customer": CustomerGone,
    "typed": DetailsRefused,
    "missing": NotAtStripe,
    "moved": UnexpectedState,
    "us": PaymentsUnavailable,
    "account": PaymentsUnavailable,
    "unknown": PaymentsUnavailable,
}


def published() -> set[str]:
    """Return the codes that Stripe's own library lists."""
    annotation = stripe.PaymentIntent.LastPaymentError.__annotations__["code"]
    return {code for literal in flat(annotation) for code in get_args(literal) if isinstance(code, str)}


def flat(annotation: Any) -> list[Any]:
    inner = get_args(annotation)
    return (
        [annotation]
        if all(isinstance(each, str) for each in inner)
        else [found for each in inner for found in flat(each)]
    )


def refusal(code: str | None, status: int = 400, **about: Any) -> StripeError:
    return StripeError(status, code=code, **{"type": "invalid_request_error", **about})


def raised(call: Call, error: StripeError) -> Exception:
    return exception_for(meaning_of(call, error), error, {}, replayed=False)


def test_every_published_code_has_one_meaning() -> None:
    assert len(published()) > 200
    assert sorted(code for code, _ in ROWS) == sorted(published())


def test_every_row_by_call_is_of_a_published_code_and_says_something_else() -> None:
    meanings = dict(ROWS)
    for call, rows in BY_CALL.items():
        assert call in CALLS
        for code, meaning in rows.items():
            assert meanings[code] != meaning
            assert meaning_of(call, refusal(code)) == meaning


@pytest.mark.parametrize(("code", "meaning"), ROWS, ids=[code for code, _ in ROWS])
def test_a_code_means_in_every_call_what_its_row_says_and_raises_what_that_is(code: str, meaning: str) -> None:
    for call in CALLS:
        wanted = BY_CALL.get(call, {}).get(code, meaning)
        assert meaning_of(call, refusal(code)) == wanted
        assert type(raised(call, refusal(code))) is RAISES[wanted]


@pytest.mark.parametrize(
    ("call", "error", "meaning"),
    [
        # The customer's card.
        ("charge", refusal("card_declined", 402, type="card_error"), "card"),
        ("charge", refusal("expired_card", 402, type="card_error"), "card"),
        ("charge", refusal("authentication_required", 402, type="card_error"), "card"),
        ("charge", refusal("a_code_of_next_year", 402, type="card_error"), "card"),
        ("create_card_setup", refusal("card_declined", 402, type="card_error"), "card"),
        ("refund", refusal("card_declined", 402, type="card_error"), "card"),
        ("create_customer", refusal(None, 402, type="card_error"), "card"),
        # The customer or the saved card is not there any more.
        ("charge", refusal("resource_missing", param="payment_method"), "customer"),
        ("charge", refusal("resource_missing", param="customer"), "customer"),
        ("charge", refusal("payment_method_unexpected_state", param="payment_method"), "customer"),
        ("charge", refusal(None, param="payment_method"), "customer"),
        ("charge", refusal(None, message="It was previously used with a PaymentIntent without"), "customer"),
        ("create_card_setup", refusal("resource_missing", param="customer"), "customer"),
        # What was typed.
        ("create_customer", refusal("email_invalid", param="email"), "typed"),
        ("create_customer", refusal(None, param="name"), "typed"),
        ("charge", refusal("amount_too_small", param="amount"), "typed"),
        ("charge", refusal("amount_too_large", param="amount"), "typed"),
        ("create_customer", refusal("tax_id_invalid"), "typed"),
        ("create_customer", refusal("postal_code_invalid"), "typed"),
        # The same code in other calls.
        ("retrieve", refusal("resource_missing", 404), "missing"),
        ("find", refusal("resource_missing"), "missing"),
        ("find_card_setup", refusal("resource_missing", 404), "missing"),
        ("refund", refusal("resource_missing", param="payment_intent"), "us"),
        ("refunds_of", refusal("resource_missing", 404), "us"),
        ("cancel", refusal("payment_intent_unexpected_state"), "moved"),
        ("refund", refusal("charge_already_refunded"), "moved"),
        ("refund", refusal("charge_disputed"), "moved"),
        ("refund", refusal("insufficient_funds"), "account"),
        # Us.
        ("charge", refusal("parameter_unknown", param="nonsense"), "us"),
        ("charge", refusal("api_key_expired", 401), "us"),
        ("charge", refusal(None, 401), "us"),
        ("charge", refusal("testmode_charges_only"), "us"),
        ("charge", refusal("livemode_mismatch", 404), "us"),
        ("charge", refusal("platform_api_key_expired", 403), "us"),
        ("charge", refusal("secret_key_required"), "us"),
        ("charge", refusal(None, type="idempotency_error"), "us"),
        # This Stripe account.
        ("charge", refusal("account_invalid", 403), "account"),
        ("charge", refusal(None, 403), "account"),
        ("create_customer", refusal("a_code_of_next_year", 403), "account"),
        ("charge", refusal("capability_not_active"), "account"),
        ("charge", refusal(None, message="Your account cannot currently make live charges. If you"), "account"),
        ("refund", refusal("balance_insufficient"), "account"),
        # Nothing that is known.
        ("charge", refusal("a_code_of_next_year"), "unknown"),
        ("charge", refusal(None), "unknown"),
        ("charge", refusal("rate_limit", 429), "unknown"),
        ("charge", refusal("card_declined", 500, type="card_error"), "unknown"),
        ("charge", refusal("idempotency_key_in_use", 409, type="idempotency_error"), "unknown"),
        ("charge", StripeError(None), "unknown"),
    ],
)  # fmt: skip
def test_an_error_means(call: Call, error: StripeError, meaning: str) -> None:
    assert meaning_of(call, error) == meaning


def test_rows_without_a_code_are_of_known_calls() -> None:
    assert set(BY_PARAMETER) <= set(CALLS)
    for words, meaning in BY_WORDS.items():
        assert meaning_of("charge", refusal(None, message=f"Sorry: {words}.")) == meaning


def test_access_that_is_gone_is_a_connected_accounts_matter_and_not_ours() -> None:
    gone = refusal("account_invalid", 403)
    for call in CALLS:
        assert meaning_of(call, gone, connected=True) == "access"
        assert meaning_of(call, gone) != "access"
    assert meaning_of("charge", refusal("account_invalid", 500), connected=True) == "unknown"
    assert type(exception_for("access", gone, {}, replayed=False)) is AccessGone


@pytest.mark.parametrize(
    ("call", "error", "meaning"),
    [
        ("exchange_code", refusal("invalid_grant"), "missing"),
        ("exchange_code", refusal("invalid_client", 401), "us"),
        ("exchange_code", refusal("invalid_scope"), "unknown"),
        ("exchange_code", StripeError(500, code="invalid_grant"), "unknown"),
        ("deauthorize", refusal("invalid_client", 401, message=f"This application {NOT_CONNECTED} acct_1"), "missing"),
        ("deauthorize", refusal("invalid_client", 401, message="No such application"), "us"),
    ],
)
def test_an_error_of_oauth_means(call: Call, error: StripeError, meaning: str) -> None:
    assert meaning_of(call, error) == meaning


@pytest.mark.parametrize("status", [None, 409, 429, 500, 502, 503, 504, 599])
def test_what_may_have_been_done_is_never_a_no(status: int | None) -> None:
    for call in CALLS:
        for code in (None, "card_declined", "resource_missing", "amount_too_small", "api_key_expired"):
            error = StripeError(status, code=code, type="card_error")
            assert type(raised(call, error)) is StripeUnavailable


def test_a_key_that_was_used_for_something_else_is_spent_and_its_first_effect_waited_for() -> None:
    error = raised("charge", refusal(None, type="idempotency_error"))
    assert type(error) is StripeUnavailable
    assert error.replayed
    in_use = raised("charge", refusal("idempotency_key_in_use", 409, type="idempotency_error"))
    assert isinstance(in_use, StripeUnavailable)
    assert not in_use.replayed
