"""Identifiers that look like Stripe's, and texts that are hashes of their source."""

from __future__ import annotations

import hashlib
import secrets

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

KIND_BY_PREFIX = {
    "acct": "account",
    "ch": "charge",
    "cus": "customer",
    "du": "dispute",
    "evt": "event",
    "fee": "application_fee",
    "fr": "fee_refund",
    "issfr": "radar.early_fraud_warning",
    "pi": "payment_intent",
    "pm": "payment_method",
    "pmd": "payment_method_domain",
    "re": "refund",
    "seti": "setup_intent",
    "setatt": "setup_attempt",
    "txn": "balance_transaction",
    "we": "webhook_endpoint",
}


def new_id(prefix: str, length: int = 24) -> str:
    """Return a new random identifier, `prefix_...`."""
    return f"{prefix}_{''.join(secrets.choice(ALPHABET) for _ in range(length))}"


def kind_of(identifier: str) -> str | None:
    """Return the kind of object that an identifier names, by its prefix."""
    return KIND_BY_PREFIX.get(identifier.partition("_")[0])


def stable_text(source: str, length: int) -> str:
    """Return `length` letters and digits that are always the same for the same source."""
    number = int.from_bytes(hashlib.sha256(source.encode()).digest(), "big")
    letters = []
    for _ in range(length):
        number, remainder = divmod(number, len(ALPHABET))
        letters.append(ALPHABET[remainder])
    return "".join(letters)
