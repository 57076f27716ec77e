"""Compare a batch of what one Stripe account has with our rows and the ledger, in both directions.

What Stripe lists names its payment, and only such rows are read; of our own rows of the same time, what Stripe did not
list is asked for by its id. A workspace may write on its own Stripe account whatever it likes, also the ids of another
one's payment: what names a payment that was made elsewhere is left out.
"""

from collections.abc import Collection, Iterable
from typing import Final

import msgspec

from chalicelib.batches import each
from chalicelib.checks.at_stripe import Body, add_up, is_of_ours, place_of, record_of, retrieve
from chalicelib.checks.compare import Key, Kind, LedgerEntry, Row, Sides, StripeRecord, differences
from chalicelib.checks.finding import Finding, account_at, finding_id, payment_finding
from chalicelib.checks.own_side import Own, ledger_entry_of, own_key, row_of
from chalicelib.payments.day_index import read_payments
from chalicelib.payments.payment import Payment
from chalicelib.reversals import table as reversals
from chalicelib.stripe_api.stripe_account import StripeAccount
from chalicelib.stripe_api.stripe_day import Key as PaymentKey

UNREAD: Final = "it could not be reconciled"
END_MS: Final = 2**63
NOWHERE: Final[PaymentKey] = ("", "")
"""Stands for the payment of an object that names none of ours."""


class Batch(msgspec.Struct, frozen=True):
    """What to compare: objects at Stripe, and our rows of the payments with one of the `payment_keys`.

    Of these rows, those that Stripe made in the span, its end not included, and those with one of the `object_ids`.
    """

    kind: Kind
    stripe_account: StripeAccount
    bodies: list[Body]
    payment_keys: Collection[PaymentKey]
    from_ms: int = 0
    until_ms: int = 0
    object_ids: Collection[str] = ()


class Compared(msgspec.Struct):
    """The result: what differs, what agrees (by account and id of the finding that it would be), what is unread."""

    findings: list[Finding]
    agreed: list[tuple[str, str]]
    unread: list[str]


class _Case(msgspec.Struct):
    """One payment, refund or dispute: what Stripe has of it, the payment that it belongs to, and our row."""

    key: Key
    bodies: list[Body] = []
    payment: Payment | None = None
    own: Own | None = None


def compare_batch(batch: Batch, now_ms: int) -> Compared:
    """Compare a batch. What cannot be read stops nothing else. Raises StripeUnavailable."""
    named: list[tuple[Body, PaymentKey]] = []

    def name(body: Body) -> None:
        if is_of_ours(body, batch.stripe_account):
            place = place_of(body)
            named.append((body, (place.account_id, place.payment_id) if place.is_named else NOWHERE))

    unread = [failure.item["id"] for failure in each(batch.bodies, name, message=UNREAD, about=_about_body)]
    keys = {key for _, key in named if key != NOWHERE}
    payments, failures = read_payments(keys | set(batch.payment_keys))
    unreadable = {failure.item for failure in failures}
    cases: dict[Key, _Case] = {}
    for body, key in named:
        payment = payments.get(key)
        if key not in unreadable and (payment is None or payment.stripe_account == batch.stripe_account.id):
            case = _case_of(cases, batch.kind, body)
            case.bodies.append(body)
            case.payment = case.payment or payment
    unread += [payment_id for _, payment_id in unreadable] + _add_own_rows(cases, batch, payments.values())
    for case in cases.values():
        _add_own_object(case, batch)
    result = Compared([], [], unread)
    failed = each(cases.values(), lambda case: _compare(case, batch, result, now_ms), message=UNREAD, about=_about)
    result.unread += [failure.item.key[1] for failure in failed]
    return result


def _case_of(cases: dict[Key, _Case], kind: Kind, body: Body) -> _Case:
    key: Key = (kind, place_of(body).payment_id if kind == "payment" else body["id"])
    return cases.setdefault(key, _Case(key))


def _add_own_rows(cases: dict[Key, _Case], batch: Batch, payments: Iterable[Payment]) -> list[str]:
    """Add our rows to the cases, and cases of those that Stripe did not list; return what cannot be read."""

    def add(payment: Payment) -> None:
        for own in _rows_of(batch.kind, payment):
            key = own_key(own)
            if key in cases or _is_wanted(own, batch):
                case = cases.setdefault(key, _Case(key))
                case.payment, case.own = payment, own

    here = [payment for payment in payments if payment.stripe_account == batch.stripe_account.id]
    return [
        failure.item.payment_id
        for failure in each(here, add, message=UNREAD, about=lambda payment: {"payment_id": payment.payment_id})
    ]


def _rows_of(kind: Kind, payment: Payment) -> list[Own]:
    if kind == "payment":
        return [payment]
    found = reversals.read(payment)
    return [*found.refunds] if kind == "refund" else [*found.disputes]


def _is_wanted(own: Own, batch: Batch) -> bool:
    row = row_of(own)
    in_span = row is not None and batch.from_ms <= row.fact.at_ms < batch.until_ms
    return in_span or own_key(own)[1] in batch.object_ids


def _add_own_object(case: _Case, batch: Batch) -> None:
    """Add the object at Stripe that our row names, if it was not listed. Raises StripeUnavailable."""
    if case.own is None or row_of(case.own) is None:
        return
    identifier = case.own.payment_intent_id if isinstance(case.own, Payment) else case.key[1]
    if identifier and identifier not in {body["id"] for body in case.bodies}:
        body = retrieve(batch.kind, batch.stripe_account, identifier)
        case.bodies += [] if body is None else [body]


def _compare(case: _Case, batch: Batch, result: Compared, now_ms: int) -> None:
    account_id = case.payment.account_id if case.payment else account_at(batch.stripe_account)
    found = differences(_sides_of(case, batch.kind), 0, END_MS)
    if not found:
        result.agreed.append((account_id, finding_id(*case.key)))
    for difference in found:
        stripe_ids = tuple(body["id"] for body in case.bodies)
        result.findings.append(
            payment_finding(
                difference,
                account_id=account_id,
                stripe_account=batch.stripe_account,
                stripe_ids=stripe_ids,
                now_ms=now_ms,
            )
        )


def _sides_of(case: _Case, kind: Kind) -> Sides:
    stripe: dict[Key, StripeRecord] = {}
    for body in case.bodies:
        record = record_of(kind, body)
        if record:
            stripe[case.key] = add_up(stripe[case.key], record) if case.key in stripe else record
    row: Row | None = row_of(case.own) if case.own else None
    entry: LedgerEntry | None = ledger_entry_of(case.own) if case.own else None
    return Sides(stripe, {case.key: row} if row else {}, {case.key: entry} if entry else {})


def _about(case: _Case) -> dict[str, object]:
    kind, identifier = case.key
    return {"kind": kind, "id": identifier}


def _about_body(body: Body) -> dict[str, object]:
    return {"id": body.get("id")}
