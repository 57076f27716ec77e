"""Customers (https://docs.stripe.com/api/customers). A deleted one can be retrieved, and is refused everywhere else."""

from __future__ import annotations

import copy

from local.stripe_emulator import metadata, payment_methods
from local.stripe_emulator.errors import Json
from local.stripe_emulator.events import replaced
from local.stripe_emulator.ids import new_id, stable_text
from local.stripe_emulator.listing import listed
from local.stripe_emulator.lookups import card_of_customer, living_customer
from local.stripe_emulator.work import Work

PLAIN = ("address", "balance", "description", "email", "name", "phone", "preferred_locales", "shipping", "tax_exempt")
CREATE = (
    *PLAIN,
    "business_name",
    "individual_name",
    "invoice_settings",
    "metadata",
    "payment_method",
    "invoice_prefix",
)
UPDATE = (*PLAIN, "business_name", "individual_name", "invoice_settings", "metadata", "invoice_prefix")


def create(work: Work, params: Json) -> Json:
    """Create a customer; a `payment_method` given with it is attached at once."""
    identifier = new_id("cus", 14)
    customer = _blank(identifier, work.now)
    _apply(work, customer, params)
    work.save(customer)
    work.emit("customer.created", customer)
    if "payment_method" in params:
        payment_methods.attach(work, params["payment_method"], {"customer": identifier})
    return customer


def retrieve(work: Work, _params: Json, identifier: str) -> Json:
    """Return a customer; for a deleted one, only its id and that it is deleted."""
    customer = work.need("customer", identifier)
    if customer.get("_deleted"):
        return {"id": identifier, "object": "customer", "deleted": True}
    return customer


def update(work: Work, params: Json, identifier: str) -> Json:
    """Change a customer; the event states the replaced values."""
    customer = living_customer(work, identifier)
    before = copy.deepcopy(customer)
    _apply(work, customer, params)
    work.save(customer)
    work.emit("customer.updated", customer, replaced(before, customer))
    return customer


def delete(work: Work, _params: Json, identifier: str) -> Json:
    """Delete a customer permanently and detach its cards."""
    customer = living_customer(work, identifier)
    for method in list(work.all("payment_method", lambda method: method["customer"] == identifier)):
        payment_methods.detach(work, {}, method["id"])
    work.emit("customer.deleted", customer)
    customer["_deleted"] = True
    work.save(customer)
    return {"id": identifier, "object": "customer", "deleted": True}


def list_all(work: Work, params: Json) -> Json:
    """List the customers that are not deleted."""
    return listed(work, "customer", params | {"_deleted": False}, "/v1/customers", "email", "_deleted")


def _blank(identifier: str, now: int) -> Json:
    return {
        "id": identifier,
        "object": "customer",
        "address": None,
        "balance": 0,
        "created": now,
        "currency": None,
        "default_source": None,
        "delinquent": False,
        "description": None,
        "discount": None,
        "email": None,
        "invoice_prefix": stable_text(identifier, 8).upper(),
        "invoice_settings": {
            "custom_fields": None,
            "default_payment_method": None,
            "footer": None,
            "rendering_options": None,
        },
        "livemode": False,
        "metadata": {},
        "name": None,
        "next_invoice_sequence": 1,
        "phone": None,
        "preferred_locales": [],
        "shipping": None,
        "tax_exempt": "none",
        "test_clock": None,
        "_deleted": False,
    }


def _apply(work: Work, customer: Json, params: Json) -> None:
    metadata.check_email(params.get("email"), "email")
    for name in (*PLAIN, "business_name", "individual_name", "invoice_prefix"):
        if name in params:
            customer[name] = params[name] if params[name] != "" else None
    if "metadata" in params:
        customer["metadata"] = metadata.merged(customer["metadata"], params["metadata"])
    settings = params.get("invoice_settings", {})
    default = settings.get("default_payment_method")
    if default:
        card_of_customer(work, default, customer["id"], "invoice_settings[default_payment_method]")
    customer["invoice_settings"] |= {name: value or None for name, value in settings.items()}
