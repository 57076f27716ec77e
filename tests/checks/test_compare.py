from typing import Any

import pytest

from chalicelib.checks.compare import Difference, Key, LedgerEntry, Problem, Row, Sides, StripeRecord, differences

AT_MS = 1_790_000_000_000
SPAN = (AT_MS - 1000, AT_MS + 1000)
PAYMENT: Key = ("payment", "pay_1")
REFUND: Key = ("refund", "re_1")
DISPUTE: Key = ("dispute", "du_1")


def stripe(amount: int = 25, **changes: Any) -> StripeRecord:
    fields: dict[str, Any] = {
        "account_id": "acme",
        "payment_id": "pay_1",
        "at_ms": AT_MS,
        "moved_micros": amount,
        "currency": "usd",
    }
    return StripeRecord(**{**fields, **changes})


def row(amount: int = 25, wallet: int | None = None, **changes: Any) -> Row:
    return Row(stripe(amount, **changes), amount if wallet is None else wallet)


def posted(amount: int = 25, at_ms: int = AT_MS) -> LedgerEntry:
    return LedgerEntry("acme", "pay_1", at_ms, amount, "usd")


def compare(key: Key, theirs: StripeRecord | None, ours: Row | None, ledger: LedgerEntry | None) -> list[Difference]:
    sides = Sides(
        {key: theirs} if theirs else {}, {key: ours} if ours is not None else {}, {key: ledger} if ledger else {}
    )
    return differences(sides, *SPAN)


@pytest.mark.parametrize(
    ("key", "theirs", "ours", "ledger", "problem"),
    [
        # What agrees.
        (PAYMENT, stripe(), row(), posted(), None),
        (REFUND, stripe(10), row(10, -10), posted(-10), None),
        (DISPUTE, stripe(25), row(25, -25), posted(-25), None),
        # A dispute after a refund takes from the wallet what the refund has left.
        (DISPUTE, stripe(25), row(25, -15), posted(-15), None),
        # A refund that came back, a dispute that was won, an inquiry.
        (REFUND, stripe(0), row(0, 0), posted(0), None),
        (DISPUTE, stripe(0), row(0, 0), posted(0), None),
        (DISPUTE, stripe(0), row(0, 0), None, None),
        # A subscription's payment and what goes back of it are no business of the ledger.
        (PAYMENT, stripe(), row(25, 0), None, None),
        (REFUND, stripe(10), row(10, 0), None, None),
        # What Stripe has, and we do not.
        (PAYMENT, stripe(), None, None, "missed here"),
        (REFUND, stripe(10), None, None, "missed here"),
        (DISPUTE, stripe(), None, None, "missed here"),
        (PAYMENT, stripe(), row(), None, "not in the ledger"),
        (REFUND, stripe(10), row(10, -10), None, "not in the ledger"),
        (DISPUTE, stripe(), row(25, -25), None, "not in the ledger"),
        (PAYMENT, stripe(), None, posted(), "row missing"),
        (REFUND, stripe(10), None, posted(-10), "row missing"),
        # What we have, and Stripe does not.
        (PAYMENT, None, row(), posted(), "unknown to Stripe"),
        (PAYMENT, None, None, posted(), "unknown to Stripe"),
        (PAYMENT, None, row(), None, "unknown to Stripe"),
        (REFUND, None, None, posted(-10), "unknown to Stripe"),
        (DISPUTE, None, row(25, -25), posted(-25), "unknown to Stripe"),
        # Amounts.
        (PAYMENT, stripe(50), row(), posted(), "amount differs"),
        (PAYMENT, stripe(), row(), posted(24), "amount differs"),
        (PAYMENT, stripe(), row(), posted(50), "amount differs"),
        (PAYMENT, stripe(currency="eur"), row(), posted(), "amount differs"),
        (PAYMENT, stripe(), row(25, 0), posted(), "amount differs"),
        (REFUND, stripe(0), row(10, -10), posted(-10), "amount differs"),
        (REFUND, stripe(10), row(0, 0), posted(0), "amount differs"),
        (REFUND, stripe(10), row(10, -10), posted(10), "amount differs"),
        (DISPUTE, stripe(0), row(25, -25), posted(-25), "amount differs"),
        (DISPUTE, stripe(25), row(0, 0), None, "amount differs"),
    ],
)
def test_each_way_in_which_the_sides_may_part_has_a_name(
    key: Key, theirs: StripeRecord | None, ours: Row | None, ledger: LedgerEntry | None, problem: Problem | None
) -> None:
    found = compare(key, theirs, ours, ledger)
    assert [each.problem for each in found] == ([] if problem is None else [problem])
    for each in found:
        assert (each.kind, each.id) == key
        assert (each.account_id, each.payment_id, each.currency) == ("acme", "pay_1", (theirs or stripe()).currency)
        assert each.stripe_micros == (theirs.moved_micros if theirs else None)
        assert each.row_micros == (ours.fact.moved_micros if ours is not None else None)
        assert each.ledger_micros == (ledger.micros if ledger else None)


@pytest.mark.parametrize(
    ("at_ms", "told"), [(SPAN[0] - 1, False), (SPAN[0], True), (SPAN[1] - 1, True), (SPAN[1], False)]
)
def test_a_difference_belongs_to_the_span_in_which_it_was_made(at_ms: int, told: bool) -> None:
    assert bool(compare(PAYMENT, stripe(at_ms=at_ms), None, None)) is told
    assert bool(compare(PAYMENT, None, row(at_ms=at_ms), None)) is told
    assert bool(compare(PAYMENT, None, None, posted(at_ms=at_ms))) is told


def test_stripes_time_tells_where_a_thing_belongs() -> None:
    # Our row was written just before the span began, Stripe's payment made just after.
    early = row(at_ms=SPAN[0] - 500)
    assert len(compare(PAYMENT, stripe(50, at_ms=SPAN[0] + 500), early, posted())) == 1


def test_differences_come_in_the_order_of_time() -> None:
    later, sooner = stripe(at_ms=AT_MS + 5), stripe(at_ms=AT_MS - 5)
    found = differences(Sides({PAYMENT: later, REFUND: sooner, DISPUTE: later}, {}, {}), *SPAN)
    assert [each.kind for each in found] == ["refund", "dispute", "payment"]


def test_nothing_differs_from_nothing() -> None:
    assert differences(Sides({}, {}, {}), *SPAN) == []
