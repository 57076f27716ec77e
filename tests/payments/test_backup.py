"""Which declines let another card be tried."""

import pytest
from msgspec.structs import replace

from chalicelib.cards.card import Card
from chalicelib.payments.backup import is_refused_for_good, may_try_backup
from chalicelib.payments.lifecycle import with_intents_closed
from chalicelib.payments.payment import Failure, Payment
from tests.auto_pay.build import CARD, declined, payment

BACKUP = Card("pm_2", "mastercard", "4444", 12, 2030, "print-2", 1)


@pytest.mark.parametrize(
    ("code", "decline_code", "may"),
    [
        ("card_declined", "insufficient_funds", True),
        ("card_declined", "generic_decline", True),
        ("card_declined", "lost_card", True),
        ("expired_card", "expired_card", True),
        ("expired_card", None, True),
        ("processing_error", "processing_error", True),
        ("card_declined", "authentication_required", False),
        ("authentication_required", "authentication_required", False),
        ("card_declined", "fraudulent", False),
        ("card_declined", "stolen_card", False),
        ("card_declined", "pickup_card", False),
        ("card_declined", "do_not_try_again", False),
        ("card_declined", "stop_payment_order", False),
        ("card_declined", "revocation_of_all_authorizations", False),
        ("card_declined", "duplicate_transaction", False),
        ("card_declined", "a_code_of_tomorrow", False),
        ("card_declined", None, False),
        ("amount_too_large", None, False),
    ],
)
def test_another_card_is_tried_only_if_the_decline_is_about_this_one(
    code: str, decline_code: str | None, may: bool
) -> None:
    assert may_try_backup(declined(failure=Failure(code, decline_code)), BACKUP) is may


def test_a_card_is_not_its_own_backup() -> None:
    assert not may_try_backup(declined(), CARD)
    assert not may_try_backup(declined(payment_method_id="pm_other", card_fingerprint=BACKUP.fingerprint), BACKUP)


def test_nothing_is_tried_without_a_backup_or_without_an_answer_of_the_bank() -> None:
    assert not may_try_backup(declined(), None)
    assert not may_try_backup(declined(payment_intent_id=None), BACKUP)
    assert not may_try_backup(declined(state="canceled"), BACKUP)


def test_nothing_is_tried_while_a_payment_that_was_sent_with_two_keys_may_still_be_paid() -> None:
    sent_twice = declined(attempt=2, intent_open=True)
    assert not may_try_backup(sent_twice, BACKUP)
    assert may_try_backup(with_intents_closed(sent_twice), BACKUP)
    assert may_try_backup(declined(intent_open=True), BACKUP)


ASKED = declined(1, failure=Failure("authentication_required"), payment_method_id="pm_2", off_session=True)


@pytest.mark.parametrize(
    ("made", "is_refused"),
    [
        ([ASKED], True),
        ([replace(ASKED, failure=Failure("card_declined", "stolen_card"))], True),
        ([replace(ASKED, failure=Failure("card_declined", "insufficient_funds"))], False),
        ([ASKED, payment(2, payment_method_id="pm_2")], False),
        ([payment(0, payment_method_id="pm_2"), ASKED], True),
        ([ASKED, payment(2)], True),
        ([replace(ASKED, off_session=False)], False),
        ([replace(ASKED, payment_intent_id=None)], False),
        ([replace(ASKED, created_at_ms=0)], False),
        ([], False),
    ],
)
def test_a_card_that_its_bank_wants_no_more_charges_of_is_not_charged_by_itself(
    made: list[Payment], is_refused: bool
) -> None:
    assert is_refused_for_good(BACKUP, made) is is_refused
