"""The door to the table `reversals`."""

from itertools import chain

import pytest
from msgspec.structs import replace

from chalicelib.clock import now_ms
from chalicelib.payments import table as payments
from chalicelib.payments.payment import DAY_MS, Payment, PaymentNotFound
from chalicelib.payments.table import PaymentBusy, PaymentRow
from chalicelib.reversals import table as reversal_table
from chalicelib.reversals.dispute import Dispute
from chalicelib.reversals.refund import Refund
from chalicelib.reversals.reversal import Reversals
from chalicelib.reversals.table import DueReversal
from tests.build import unique
from tests.filled import filled
from tests.payments.build import payment

pytestmark = pytest.mark.usefixtures("memory")


def paid() -> Payment:
    return payments.put_new(payment(account_id=unique("account"), payment_id=unique("pay"), state="succeeded"))[0]


def refund_of(paid: Payment, **changes: object) -> Refund:
    return filled(Refund, account_id=paid.account_id, payment_id=paid.payment_id, **changes)


def dispute_of(paid: Payment, **changes: object) -> Dispute:
    return filled(Dispute, account_id=paid.account_id, payment_id=paid.payment_id, **changes)


def with_refund(refund: Refund) -> reversal_table.Rule:
    return lambda seen: replace(seen, refunds=(*seen.refunds, refund))


def test_a_payment_of_which_nothing_went_back_has_no_reversals() -> None:
    made = paid()
    assert reversal_table.read(made) == Reversals(made)
    assert reversal_table.of_account(made.account_id) == ([], [])


def test_refunds_and_disputes_with_everything_come_back_as_they_were_written() -> None:
    made = paid()
    both = Reversals(made, (refund_of(made),), (dispute_of(made),))
    written = reversal_table.write(Reversals(made), both)
    assert written is not None
    assert reversal_table.read(written.payment) == written
    assert reversal_table.of_account(made.account_id) == ([*written.refunds], [*written.disputes])
    assert payments.get(made.account_id, made.payment_id) == written.payment


def test_a_refund_with_nothing_but_what_it_must_have_comes_back_as_it_was_written() -> None:
    made = paid()
    optional = {"stripe_refund_id": None, "refunded_at_ms": None, "failed_at_ms": None, "failure": None}
    plain = refund_of(made, state="created", spent_at_ms=None, stripe_account=None, **optional)
    written = reversal_table.change(made, with_refund(plain))
    assert reversal_table.read(made).refunds == written.refunds


def test_the_reversals_of_a_payment_are_not_those_of_one_whose_id_begins_alike() -> None:
    made = paid()
    alike = payments.put_new(replace(made, payment_id=f"{made.payment_id}0"))[0]
    reversal_table.change(alike, with_refund(refund_of(alike)))
    assert reversal_table.read(made).refunds == ()


def test_nothing_is_written_over_a_payment_that_has_changed_since() -> None:
    made = paid()
    payments.change(made, lambda each: replace(each, checks=1))
    assert reversal_table.write(Reversals(made), Reversals(made, (refund_of(made),))) is None
    assert reversal_table.read(made).refunds == ()


def test_a_rule_that_changes_nothing_writes_nothing() -> None:
    made = paid()
    assert reversal_table.change(made, lambda seen: seen) == Reversals(made)
    assert payments.get(made.account_id, made.payment_id).version == made.version


def test_a_payment_that_is_not_there_has_no_reversals_to_change() -> None:
    with pytest.raises(PaymentNotFound):
        reversal_table.change(payment(account_id=unique("account")), lambda seen: seen)


def test_a_payment_that_always_changes_under_the_writer_is_given_up_loudly() -> None:
    made = paid()

    def overtaken(seen: Reversals) -> Reversals:
        PaymentRow(made.account_id, made.payment_id).update([PaymentRow.version.add(1)])
        return with_refund(refund_of(made))(seen)

    with pytest.raises(PaymentBusy):
        reversal_table.change(made, overtaken)
    assert reversal_table.read(made).refunds == ()


def test_of_two_refunds_begun_over_the_same_count_one_is_written() -> None:
    first, second = paid(), paid()
    second = payments.put_new(replace(second, account_id=first.account_id))[0]
    assert reversal_table.begun(first.account_id) == 0
    for made, is_written in ((first, True), (second, False)):
        wanted = Reversals(made, (refund_of(made),))
        assert (reversal_table.write(Reversals(made), wanted, begun=0) is not None) is is_written
    assert reversal_table.begun(first.account_id) == 1
    assert len(reversal_table.of_account(first.account_id)[0]) == 1


def due(by_ms: int) -> list[tuple[str, str]]:
    return list(chain.from_iterable(reversal_table.due(by_ms, 100)))


def test_what_may_still_change_is_due_and_names_what_it_is_about() -> None:
    made = paid()
    reversal_table.change(made, with_refund(refund_of(made, refund_id="ref_1", state="pending", checks=0)))
    in_an_hour_ms = now_ms() + 3_600_000
    (key,) = [key for account_id, key in due(in_an_hour_ms) if account_id == made.account_id]
    assert reversal_table.parse_key(made.account_id, key) == DueReversal(
        made.account_id, made.payment_id, "refund", "ref_1"
    )
    assert made.account_id not in [account_id for account_id, _ in due(0)]


def test_what_is_over_is_due_no_more() -> None:
    made = paid()

    def is_due() -> bool:
        return made.account_id in [account_id for account_id, _ in due(now_ms() + 400 * DAY_MS)]

    def give_up(seen: Reversals) -> Reversals:
        return replace(seen, refunds=(replace(seen.refunds[0], state="failed", posted=2),))

    reversal_table.change(made, with_refund(refund_of(made, state="pending", checks=0)))
    assert is_due()
    reversal_table.change(made, give_up)
    assert not is_due()


def test_a_key_that_names_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="unpack"):
        reversal_table.parse_key("acme", "nonsense")
