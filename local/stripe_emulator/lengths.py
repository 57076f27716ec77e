"""The maximum lengths of a call's texts, as Stripe publishes them (`maxLength` in https://github.com/stripe/openapi).

Metadata and idempotency keys have limits of their own, in `validation` and `idempotency`.
"""

from __future__ import annotations

from local.stripe_emulator.errors import Json, malformed

CUSTOMER = {
    "name": 256, "email": 512, "phone": 20, "description": 5000, "business_name": 150, "individual_name": 150,
    "invoice_prefix": 12,
}  # fmt: skip
PAYMENT = {"description": 1000, "statement_descriptor": 22, "statement_descriptor_suffix": 22}
LENGTHS: dict[str, dict[str, int]] = {
    "CustomerCreateParams": CUSTOMER,
    "CustomerUpdateParams": CUSTOMER,
    "PaymentIntentCreateParams": PAYMENT,
    "PaymentIntentUpdateParams": PAYMENT,
    "PaymentIntentConfirmParams": PAYMENT,
    "SetupIntentCreateParams": {"description": 1000},
    "SetupIntentUpdateParams": {"description": 1000},
}
"""By the name of a call's type in `stripe.params`. Texts that are not listed may have 5,000 characters."""


def check_lengths(type_name: str, params: Json) -> None:
    """Refuse a text that is too long."""
    for name, longest in LENGTHS.get(type_name, {}).items():
        value = params.get(name)
        if isinstance(value, str) and len(value) > longest:
            raise too_long(value, name, longest)


def too_long(value: str, param: str, longest: int) -> Exception:
    """Return the refusal of a text that is too long. It has no code."""
    return malformed(f"Invalid string: {value[:20]}...; must be at most {longest} characters", param=param)
