"""Documents, payments and accounts with usual values, for tests and measurements that change what they are about."""

from itertools import count
from typing import Any

from msgspec.structs import replace

from chalicelib.accounts.account import Account, BillingDetails
from chalicelib.invoices.invoice import Invoice, Line, PaidWith, Party, Period, TaxLine, one_line
from chalicelib.money import MICROS
from chalicelib.payments.payment import DAY_MS, Payment
from chalicelib.reversals.refund import Refund

AT_MS = 1_790_000_000_000
"""21 September 2026, 14:13:20 UTC."""

SELLER = Party(
    name="Example Platform, Inc.",
    address=("500 Market Street, Suite 1200", "San Francisco, CA 94105"),
    country="US",
    email="billing@example.com",
)
BUYER = Party(
    name="Acme Agency LLC",
    address=("12 Harbour Road", "Portland, OR 97201"),
    country="US",
    tax_id="98-7654321",
    email="billing@acme.example",
)
PAID = PaidWith(
    at_ms=AT_MS,
    brand="visa",
    last_four="4242",
    payment_intent_id="pi_3Q2w3E4r5T6y7U8i9O0p1A2s",
    charge_id="ch_3Q2w3E4r5T6y7U8i9O0p1A2s",
)
_numbers = count(1)


def invoice(**changes: Any) -> Invoice:
    """Return a paid invoice of one line; the total is that of its lines and its tax."""
    lines = changes.pop("lines", (one_line("Wallet top-up", 25 * MICROS),))
    tax: TaxLine | None = changes.get("tax")
    added = tax.amount_micros if tax and not tax.inclusive else 0
    fields: dict[str, Any] = {
        "account_id": "acme",
        "sequence": 42,
        "number": "ACME-000042",
        "kind": "invoice",
        "cause": "pay_01a0c3b1f80000112233445566778899",
        "payment_id": "pay_01a0c3b1f80000112233445566778899",
        "issued_at_ms": AT_MS + 60_000,
        "currency": "usd",
        "locale": "en-US",
        "seller": SELLER,
        "buyer": BUYER,
        "lines": lines,
        "total_micros": sum(line.amount_micros for line in lines) + added,
        "paid": PAID,
    }
    return Invoice(**{**fields, **changes})


def many_lines(number: int) -> tuple[Line, ...]:
    """Return the lines of a month with many phone numbers."""
    month = Period(AT_MS, AT_MS + 30 * DAY_MS)
    return tuple(
        Line(
            description=f"Phone number +1 555 {each:04d}, voice features and call recording",
            quantity_micros=(each % 4 + 1) * MICROS,
            unit_price_micros=1_150_000,
            amount_micros=(each % 4 + 1) * 1_150_000,
            period=month,
        )
        for each in range(number)
    )


def arabic() -> Invoice:
    """Return an invoice to a buyer in Riyadh, in dinars, which have three places."""
    buyer = Party(
        name="شركة الأفق للاتصالات (Horizon) ذ.م.م",
        address=("شارع الملك فهد 123، الطابق 4", "الرياض 12345"),
        country="SA",
        tax_id="300012345600003",
        email="accounts@horizon.example",
    )
    return invoice(
        buyer=buyer,
        currency="kwd",
        locale="ar",
        lines=(one_line("Wallet top-up", 12_340_000),),
        number="HORIZON-000007",
    )


def yen() -> Invoice:
    """Return a Japanese invoice with the tax in its price."""
    buyer = Party(
        name="株式会社サンプル商事",
        address=("東京都千代田区丸の内1-2-3", "サンプルビル 5階"),
        country="JP",
        email="keiri@sample.example",
    )
    return invoice(
        buyer=buyer,
        seller=replace(SELLER, color="#a3232b"),
        currency="jpy",
        locale="ja",
        lines=(one_line("残高チャージ", 35_000 * MICROS),),
        tax=TaxLine("消費税", 100_000, inclusive=True, amount_micros=3_182 * MICROS),
        number="SAMPLE-000003",
    )


def note() -> Invoice:
    """Return a German credit note to a buyer with a long name."""
    buyer = Party(
        name="Donaudampfschifffahrtsgesellschaft Niederösterreich & Söhne Verwaltungs- und Beteiligungs-GmbH",
        address=("Uferstraße 12a", "1020 Wien"),
        country="AT",
        tax_id="ATU12345678",
        email="buchhaltung@donau.example",
    )
    return invoice(
        kind="credit_note",
        number="DONAU-CN-000043",
        credits="DONAU-000042",
        reason="Doppelt aufgeladen",
        buyer=buyer,
        currency="eur",
        locale="de-AT",
        cause="re_3Q2w3E4r5T6y7U8i9O0p1A2s",
        lines=(one_line("Erstattung zu Rechnung DONAU-000042", 10 * MICROS),),
        tax=TaxLine("USt.", 200_000, inclusive=True, amount_micros=1_670_000),
        paid=replace(PAID, refund_id="re_3Q2w3E4r5T6y7U8i9O0p1A2s"),
    )


def payment(account_id: str, **changes: Any) -> Payment:
    """Return a top-up that has succeeded."""
    fields: dict[str, Any] = {
        "account_id": account_id,
        "payment_id": f"pay_{AT_MS:012x}{next(_numbers):020x}",
        "kind": "top_up",
        "amount_micros": 25 * MICROS,
        "currency": "usd",
        "created_at_ms": AT_MS,
        "updated_at_ms": AT_MS,
        "state_at_ms": AT_MS,
        "customer_id": "cus_1",
        "payment_method_id": "pm_1",
        "card_brand": "visa",
        "card_last_four": "4242",
        "actor": "owner",
        "description": "Added balance",
        "state": "succeeded",
        "payment_intent_id": "pi_1",
        "charge_id": "ch_1",
    }
    return Payment(**{**fields, **changes})


def refund(paid: Payment, amount_micros: int, **changes: Any) -> Refund:
    """Return a refund that Stripe has made."""
    number = next(_numbers)
    fields: dict[str, Any] = {
        "account_id": paid.account_id,
        "payment_id": paid.payment_id,
        "refund_id": f"ref_{number:032x}",
        "amount_micros": amount_micros,
        "currency": paid.currency,
        "created_at_ms": AT_MS + DAY_MS,
        "updated_at_ms": AT_MS + DAY_MS,
        "reason": "Charged twice",
        "actor": "operator",
        "moves_wallet": True,
        "state": "succeeded",
        "stripe_refund_id": f"re_{number}",
        "refunded_at_ms": AT_MS + DAY_MS,
    }
    return Refund(**{**fields, **changes})


def account(**changes: Any) -> Account:
    """Return a workspace with billing details."""
    fields: dict[str, Any] = {
        "account_id": f"buyer-{next(_numbers)}",
        "kind": "workspace",
        "workspace_id": None,
        "name": "Acme",
        "email": "billing@acme.example",
        "currency": "usd",
        "locale": "en-US",
        "country": "US",
        "billing_details": BillingDetails("Acme Agency LLC", ["12 Harbour Road", "Portland"], "98-7654321"),
        "created_at_ms": AT_MS,
    }
    return Account(**{**fields, **changes})
