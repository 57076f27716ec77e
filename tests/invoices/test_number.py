import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.invoices.invoice import Kind
from chalicelib.invoices.number import number_of, prefix_of, sequence_of

account_ids = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}", fullmatch=True)


@pytest.mark.parametrize(
    ("account_id", "kind", "number"),
    [
        ("acme", "invoice", "ACME-000042"),
        ("acme", "credit_note", "ACME-CN-000042"),
        ("acme-east-2", "invoice", "ACME-EAST-2-000042"),
    ],
)
def test_a_number_is_the_accounts_id_and_six_digits(account_id: str, kind: Kind, number: str) -> None:
    assert number_of(account_id, 42, kind) == number


def test_the_millionth_document_has_seven_digits() -> None:
    assert number_of("acme", 1_000_000, "invoice") == "ACME-1000000"


@given(account_ids, st.integers(1, 10**9), st.sampled_from(["invoice", "credit_note"]))
def test_a_number_leads_back_to_its_place_and_is_safe_everywhere(account_id: str, sequence: int, kind: Kind) -> None:
    number = number_of(account_id, sequence, kind)
    assert sequence_of(number) == sequence
    assert len(number) <= 45
    assert number == number.upper()
    assert number.replace("-", "").isascii()
    assert number.replace("-", "").isalnum()


@given(account_ids, account_ids)
def test_accounts_never_share_a_prefix(one: str, other: str) -> None:
    assert one == other or prefix_of(one) != prefix_of(other)


@pytest.mark.parametrize(
    "pair", [("acme", "ACME"), ("a.b", "a-b"), ("a_b", "a.b"), ("x" * 21, "x" * 22), ("a", "a-cn")]
)
def test_ids_that_look_alike_get_a_mark(pair: tuple[str, str]) -> None:
    one, other = pair
    numbers = {number_of(each, 7, kind) for each in pair for kind in ("invoice", "credit_note")}
    assert len(numbers) == 4, (one, other)


@pytest.mark.parametrize("text", ["", "ACME", "ACME-42", "ACME-00004x", "acme-000042", "../ACME-000042", "-000042"])
def test_other_texts_are_no_numbers(text: str) -> None:
    assert sequence_of(text) is None
