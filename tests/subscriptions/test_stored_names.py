"""A field may be renamed in code; the attributes of rows that were written before keep their names."""

from chalicelib.subscriptions.table import row_of
from tests.subscriptions.build import pending, subscription


def test_renamed_fields_are_stored_under_their_first_names() -> None:
    stored = row_of(subscription(expired_pending=pending(subscription()), never_made_attempts=2)).serialize()
    assert stored["untaken"] == {"N": "2"}
    assert '"payment_id": "pay_1"' in stored["lapsed"]["S"]
    assert not {"expired_pending", "never_made_attempts"} & stored.keys()
