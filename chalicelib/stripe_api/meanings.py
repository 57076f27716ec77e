"""What a Stripe error means, by its code and the call that it answers. Pure.

Only `card`, `customer` and `typed` concern the customer. Everything else is for the operator: it does not suspend
auto-pay or count as an attempt, and is retried. Sources: docs.stripe.com/error-codes, docs.stripe.com/api/errors.
"""

from typing import Final, Literal

import msgspec

Call = Literal[
    "charge",
    "retrieve",
    "find",
    "cancel",
    "refund",
    "refunds_of",
    "find_intent",
    "find_dispute",
    "create_customer",
    "create_card_setup",
    "find_card_setup",
    "find_card",
    "account_of_customer",
    "find_customer",
    "mark_customer",
    "delete_customer",
    "detach",
    "reconcile",
    "set_up",
    "exchange_code",
    "deauthorize",
    "create_account",
    "create_account_link",
    "find_account",
]
Meaning = Literal["card", "customer", "typed", "missing", "moved", "us", "account", "access", "unknown"]
"""
card      the customer's card was declined, or its bank wants the customer to authenticate
customer  the customer or the saved card is not at Stripe any more, or cannot be used: it must be saved again
typed     an input of the customer or the platform is refused: an address, an amount
missing   Stripe does not have the object that was asked for
moved     the object is in another state than the request expects; reading it tells which
us        our bug or our settings: a key, a parameter
account   this Stripe account cannot be reached, or may not do this
access    the platform has no access, or no longer, to this connected account
unknown   a code that is not in the table, or an error of Stripe's own
"""

CODES: Final[dict[Meaning, str]] = {
    "card": """
        account_closed acss_debit_session_incomplete approval_required authentication_failure authentication_required
        bank_account_declined bank_account_restricted bank_account_unusable bank_account_unverified
        bank_account_verification_failed billing_invalid_mandate card_decline_rate_limit_exceeded card_declined
        cardholder_phone_number_required charge_exceeds_source_limit charge_exceeds_transaction_limit
        debit_not_authorized expired_card expired_payment_method incorrect_address incorrect_cvc incorrect_number
        incorrect_postal_code incorrect_zip india_recurring_payment_mandate_canceled insufficient_funds
        intent_verification_method_missing invalid_card_type invalid_cvc invalid_expiry_month invalid_expiry_year
        invalid_number invoice_payment_intent_requires_action no_account payment_intent_action_required
        payment_intent_authentication_failure payment_intent_konbini_rejected_confirmation_number
        payment_intent_mandate_invalid payment_intent_payment_attempt_expired payment_intent_payment_attempt_failed
        payment_method_bank_account_blocked payment_method_currency_mismatch payment_method_customer_decline
        payment_method_microdeposit_failed payment_method_microdeposit_verification_amounts_invalid
        payment_method_microdeposit_verification_amounts_mismatch
        payment_method_microdeposit_verification_attempts_exceeded
        payment_method_microdeposit_verification_descriptor_code_mismatch
        payment_method_microdeposit_verification_timeout payment_method_provider_decline payment_method_restricted
        processing_error refer_to_customer sepa_unsupported_account setup_attempt_failed
        setup_intent_authentication_failure setup_intent_mandate_invalid setup_intent_setup_attempt_expired
        three_d_secure_authentication_not_supported token_card_network_invalid
    """,
    "customer": """
        invalid_source_usage payment_intent_incompatible_payment_method payment_method_unexpected_state
    """,
    "typed": """
        account_number_invalid amount_too_large amount_too_small bank_account_bad_routing_numbers bank_account_exists
        clearing_code_unsupported country_code_invalid country_unsupported coupon_expired customer_tax_location_invalid
        email_invalid invalid_characters invalid_charge_amount invalid_tax_location
        payment_method_billing_details_address_missing postal_code_invalid routing_number_invalid
        shipping_address_invalid siret_invalid state_unsupported tax_id_invalid tax_id_prohibited
    """,
    "us": """
        account_country_invalid_address account_information_mismatch account_token_required_for_v2_account
        alipay_upgrade_required api_key_expired balance_invalid_parameter bitcoin_upgrade_required
        capture_charge_authorization_expired capture_unauthorized_payment charge_already_captured
        charge_already_refunded charge_disputed charge_expired_for_capture charge_invalid_parameter
        charge_not_refundable customer_max_payment_methods customer_max_subscriptions customer_session_expired
        dispute_evidence_page_limit_exceeded financial_connections_account_inactive
        financial_connections_account_pending_account_numbers
        financial_connections_account_unavailable_account_numbers financial_connections_consent_locale_invalid
        financial_connections_consent_locale_unsupported financial_connections_no_successful_transaction_refresh
        forwarding_api_invalid_parameter intent_invalid_state invalid_canceled_subscription_fields
        invalid_mandate_reference_prefix_format invoice_no_customer_line_items invoice_no_payment_method_types
        invoice_no_subscription_line_items invoice_not_editable invoice_on_behalf_of_not_editable
        invoice_upcoming_none livemode_mismatch missing out_of_inventory parameter_invalid_empty
        parameter_invalid_integer parameter_invalid_string_blank parameter_invalid_string_empty parameter_missing
        parameter_unknown parameters_exclusive payment_evaluation_on_api_version_not_supported
        payment_intent_invalid_parameter payment_intent_unexpected_state
        payment_method_bank_account_already_verified payment_method_configuration_failures
        payment_method_invalid_parameter payment_method_invalid_parameter_testmode payment_method_unsupported_type
        payout_reconciliation_not_ready platform_account_required platform_api_key_expired product_inactive
        refund_disputed_payment resource_already_exists resource_missing return_intent_already_processed
        secret_key_required service_period_coupon_with_metered_tiered_item_unsupported setup_intent_invalid_parameter
        setup_intent_mobile_wallet_unsupported setup_intent_unexpected_state sku_inactive status_transition_invalid
        subscription_update_trial_after_billing_cycle_anchor terminal_location_country_unsupported
        terminal_reader_invalid_location_for_activation terminal_reader_invalid_location_for_payment
        testmode_charges_only tls_version_unsupported token_already_used token_in_use
        transfer_source_balance_parameters_mismatch url_invalid
    """,
    "account": """
        account_error_country_change_requires_additional_steps account_invalid action_blocked
        anomalous_money_movement_request application_fees_not_allowed balance_insufficient capability_not_active
        financial_account_balance_does_not_support_currency financial_account_capability_not_enabled
        financial_account_capability_restricted forwarding_api_inactive instant_payouts_config_disabled
        instant_payouts_currency_disabled instant_payouts_limit_exceeded instant_payouts_unsupported
        not_allowed_on_standard_account ownership_declaration_not_allowed payment_method_not_available
        payment_method_unactivated payouts_limit_exceeded payouts_not_allowed progressive_onboarding_limit_exceeded
        request_blocked smart_disputes_not_available storer_capability_missing storer_capability_not_active
        stripe_tax_inactive transfers_not_allowed
    """,
    "unknown": """
        failed_tax_calculation forwarding_api_retryable_upstream_error forwarding_api_upstream_connection_error
        forwarding_api_upstream_connection_timeout forwarding_api_upstream_error idempotency_key_in_use lock_timeout
        payment_intent_rate_limit_exceeded payment_method_microdeposit_processing_error
        payment_method_provider_timeout rate_limit shipping_calculation_failed taxes_calculation_failed
        terminal_reader_busy terminal_reader_hardware_fault terminal_reader_offline terminal_reader_timeout
        three_d_secure_authentication_upstream_error
    """,
}
"""Every published code, with its meaning unless `BY_CALL` has another. Only cards are offered here; the codes of other
payment methods have the meaning that they would have for a card."""

BY_CALL: Final[dict[Call, dict[str, Meaning]]] = {
    "charge": {"resource_missing": "customer", "payment_intent_unexpected_state": "unknown"},
    "retrieve": {"resource_missing": "missing"},
    "find": {"resource_missing": "missing"},
    "find_intent": {"resource_missing": "missing"},
    "find_dispute": {"resource_missing": "missing"},
    "find_card_setup": {"resource_missing": "missing"},
    "find_card": {"resource_missing": "missing"},
    "account_of_customer": {"resource_missing": "missing"},
    "find_customer": {"resource_missing": "missing"},
    "mark_customer": {"resource_missing": "missing"},
    "delete_customer": {"resource_missing": "missing"},
    "detach": {"resource_missing": "missing", "payment_method_unexpected_state": "missing"},
    "create_card_setup": {"resource_missing": "customer"},
    "find_account": {"resource_missing": "missing"},
    "cancel": {"payment_intent_unexpected_state": "moved", "intent_invalid_state": "moved"},
    "refund": {
        "capture_unauthorized_payment": "moved",
        "charge_already_refunded": "moved",
        "charge_disputed": "moved",
        "charge_not_refundable": "moved",
        "refund_disputed_payment": "moved",
        "insufficient_funds": "account",
    },
}
"""The codes that have another meaning in one call."""

BY_PARAMETER: Final[dict[Call, dict[str, Meaning]]] = {
    "charge": {"payment_method": "customer", "customer": "customer"},
    "create_card_setup": {"customer": "customer"},
    "create_customer": {"name": "typed", "email": "typed"},
    "refund": {"amount": "typed", "payment_intent": "moved"},
    "create_account": {"email": "typed", "country": "typed"},
}
"""The meaning of an error without a code, by the parameter that it names."""

BY_OAUTH: Final[dict[Call, dict[str, Meaning]]] = {
    "exchange_code": {"invalid_grant": "missing"},
    "deauthorize": {"invalid_client": "missing"},
    "set_up": {"invalid_client": "missing"},
}
"""The meaning of OAuth's own codes (docs.stripe.com/connect/oauth-reference): the code is used, expired or invented;
the platform is not connected to the account."""

NOT_CONNECTED: Final = "is not connected to stripe account"
"""What tells, of `invalid_client`, that it is about the account and not about our own id."""

BY_WORDS: Final[dict[str, Meaning]] = {
    "cannot currently make live charges": "account",
    "was previously used with a PaymentIntent": "customer",
}
"""The meaning of an error with neither code nor parameter, by its message."""

_MEANINGS: Final[dict[str, Meaning]] = {code: meaning for meaning, codes in CODES.items() for code in codes.split()}

REFUSED: Final = frozenset({400, 401, 402, 403, 404})
"""Statuses of a definite refusal: nothing was done. With any other, or without an answer, something may have been."""


class StripeError(msgspec.Struct, frozen=True):
    """An error that Stripe answered with. `status` is None where there was no answer."""

    status: int | None
    type: str | None = None
    code: str | None = None
    param: str | None = None
    message: str = ""

    @property
    def is_definite(self) -> bool:
        """Tell whether it is certain that nothing was done."""
        return self.status in REFUSED


def meaning_of(call: Call, error: StripeError, *, connected: bool = False) -> Meaning:
    """Return what an error means in answer to a call, on the platform's own Stripe account or a `connected` one."""
    if not error.is_definite:
        return "unknown"
    if connected and error.status == 403 and error.code == "account_invalid":
        return "access"
    by_oauth = _by_oauth(call, error)
    if by_oauth:
        return by_oauth
    if error.status == 401 or error.type == "idempotency_error":
        return "us"
    found = _by_code(call, error) if error.code else _without_code(call, error)
    if error.status == 403:
        return "us" if found == "us" and error.code else "account"
    return found


def _by_oauth(call: Call, error: StripeError) -> Meaning | None:
    is_about_account = error.code != "invalid_client" or NOT_CONNECTED in error.message
    return BY_OAUTH.get(call, {}).get(error.code or "") if is_about_account else None


def _by_code(call: Call, error: StripeError) -> Meaning:
    code = str(error.code)
    found = BY_CALL.get(call, {}).get(code) or _MEANINGS.get(code, "unknown")
    # A decline may have a code that is newer than this table.
    return "card" if found == "unknown" and code not in _MEANINGS and error.type == "card_error" else found


def _without_code(call: Call, error: StripeError) -> Meaning:
    by_parameter = BY_PARAMETER.get(call, {}).get(error.param or "")
    by_words = next((meaning for words, meaning in BY_WORDS.items() if words in error.message), None)
    return by_parameter or by_words or ("card" if error.type == "card_error" else "unknown")
