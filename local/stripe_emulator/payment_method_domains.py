"""Domains whose pages may show wallets (https://docs.stripe.com/api/payment_method_domains)."""

from __future__ import annotations

import re

from local.stripe_emulator.errors import Json, invalid
from local.stripe_emulator.ids import new_id
from local.stripe_emulator.listing import listed
from local.stripe_emulator.work import Work

KIND = "payment_method_domain"
WALLETS = ("amazon_pay", "apple_pay", "google_pay", "klarna", "link", "paypal")
NAME = re.compile(r"([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}", re.IGNORECASE)


def create(work: Work, params: Json) -> Json:
    """Register a domain. One that is registered is returned as it is."""
    name = params["domain_name"]
    if not NAME.fullmatch(name):
        raise invalid(f"Invalid domain name: {name}", param="domain_name")
    known = next(work.all(KIND, lambda domain: domain["domain_name"] == name), None)
    if known is not None:
        return known
    domain: Json = {
        "id": new_id("pmd"),
        "object": KIND,
        "created": work.now,
        "domain_name": name,
        "enabled": params.get("enabled", True),
        "livemode": False,
    }
    return work.save(domain | {wallet: {"status": "active"} for wallet in WALLETS})


def retrieve(work: Work, _params: Json, identifier: str) -> Json:
    """Return a domain."""
    return work.need(KIND, identifier)


def list_all(work: Work, params: Json) -> Json:
    """List the domains, optionally of one name."""
    return listed(work, KIND, params, "/v1/payment_method_domains", "domain_name", "enabled")


def update(work: Work, params: Json, identifier: str) -> Json:
    """Switch a domain on or off."""
    domain = work.need(KIND, identifier)
    return work.save(domain | {"enabled": params.get("enabled", domain["enabled"])})
