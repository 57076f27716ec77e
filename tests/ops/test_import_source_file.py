"""Rows of files as other systems write them: each by itself, with its line."""

from pathlib import Path

import pytest

from ops.importing.record import (
    AccountRecord,
    BadRecord,
    BalanceRecord,
    CustomerRecord,
    Record,
    TransactionRecord,
    record_of,
)
from ops.importing.source_file import LONGEST_LINE, SourceRow, UnreadableFile, read_rows

NOW_MS = 1_790_000_000_000
BALANCE = {"account_id": "acme", "currency": "usd", "balance": "1.50"}


def rows(tmp_path: Path, content: bytes) -> list[SourceRow]:
    path = tmp_path / "file"
    path.write_bytes(content)
    return list(read_rows(path))


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
@pytest.mark.parametrize("delimiter", [b",", b";"])
def test_csv_is_read_with_any_line_end_mark_and_delimiter(
    tmp_path: Path, mark: bytes, end: bytes, delimiter: bytes
) -> None:
    lines = [b"account_id;currency;balance", b"acme;usd;1.50", b"", b'"b b";eur;']
    content = mark + end.join(lines).replace(b";", delimiter)
    assert rows(tmp_path, content) == [
        SourceRow(2, BALANCE),
        SourceRow(4, {"account_id": "b b", "currency": "eur"}),
    ]


def test_json_lines_are_read_and_null_is_a_field_left_out(tmp_path: Path) -> None:
    content = b'{"account_id": "acme", "locale": null}\n[1]\n{"a": \n{"account_id": "other"}'
    first, listed, cut, last = rows(tmp_path, content)
    assert (first, last) == (SourceRow(1, {"account_id": "acme"}), SourceRow(4, {"account_id": "other"}))
    assert listed.problem == "is not a JSON object"
    assert (cut.problem or "").startswith("is not JSON")


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (b"acme,usd", "has 2 cells, and there are 3 columns"),
        (b'"acme,usd,1', "is not CSV: unexpected end of data"),
        (b"acme,\xff\xfe,1", "is not UTF-8"),
        (b"acme,u\x00d,1", "has a byte of zero"),
        (b"a" * (3 * LONGEST_LINE), "is not UTF-8, or has more than"),
    ],
)
def test_a_row_that_cannot_be_read_is_named_and_loses_no_other(tmp_path: Path, line: bytes, problem: str) -> None:
    good, bad, again = rows(tmp_path, b"account_id,currency,balance\nacme,usd,1.50\n" + line + b"\nacme,usd,1.50\n")
    assert (good, again) == (SourceRow(2, BALANCE), SourceRow(4, BALANCE))
    assert bad.line == 3
    assert (bad.problem or "").startswith(problem)


@pytest.mark.parametrize("line", ['{"a": "1", "a": "2"}', '{"a": 1, "a": null}', '{"a": [], "\\u0061": []}'])
def test_a_json_row_that_names_a_field_twice_is_refused_for_nobody_knows_which_is_right(
    tmp_path: Path, line: str
) -> None:
    bad, good = rows(tmp_path, f'{line}\n{{"a": {{"b": 1}}, "b": 2}}'.encode())
    assert (bad.problem, good.problem) == ("names a field twice", None)


@pytest.mark.parametrize("line", ["[" * 301 + "]" * 301, '{"a":' * 5_000 + "1" + "}" * 5_000, "[" * 60_000])
def test_a_json_row_that_is_nested_too_deep_loses_no_other(tmp_path: Path, line: str) -> None:
    first, bad, good = rows(tmp_path, f'{{"a": 1}}\n{line}\n{{"a": 1}}'.encode())
    assert (first.problem, good.problem) == (None, None)
    assert bad.problem == "nests more than 300 levels deep"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n\r\n \n",
        b"a,,c\n1,2,3",
        b"a,a\n1,2",
        b'"a,b\n1,2',
        "a,währung\n1,2".encode("latin-1"),
        "a,b\n1,2".encode("utf-16"),
        b"a" * (2 * LONGEST_LINE),
        b'[{"a": "1"}, {"a": "2"}]',
        b'[\n{"a": "1"}\n]',
    ],
)
def test_a_file_without_rows_or_columns_is_refused_as_a_whole(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(UnreadableFile):
        rows(tmp_path, content)


TRANSACTION = {
    "account_id": "acme",
    "event_id": "e1",
    "occurred_at": "2026-01-31T10:00:00Z",
    "type": "debit",
    "amount": "3",
    "currency": "jpy",
}
ACCOUNT = {"account_id": "acme", "kind": "workspace", "name": "Acme", "email": "a@acme.example", "currency": "usd"}


@pytest.mark.parametrize(
    ("kind", "good", "changes", "names"),
    [
        (BalanceRecord, BALANCE, {"balance": "1,50"}, "balance"),
        (BalanceRecord, BALANCE, {"balance": "1.2345678"}, "balance"),
        (BalanceRecord, BALANCE, {"balance": "1e3"}, "balance"),
        (BalanceRecord, BALANCE, {"balance": "+1"}, "balance"),
        (BalanceRecord, BALANCE, {"balance": "1234567890123"}, "balance"),
        (BalanceRecord, BALANCE, {"balance": 1.5}, "balance"),
        (BalanceRecord, BALANCE, {"currency": "USD"}, "currency"),
        (BalanceRecord, BALANCE, {"account_id": "a b"}, "account_id"),
        (BalanceRecord, BALANCE, {"amount": "2"}, "unknown field `amount`"),
        (TransactionRecord, TRANSACTION, {"occurred_at": "2026-02-30T10:00:00Z"}, "time"),
        (TransactionRecord, TRANSACTION, {"occurred_at": "2026-01-31 10:00"}, "occurred_at"),
        (TransactionRecord, TRANSACTION, {"occurred_at": "2036-01-31T10:00:00Z"}, "occurred_at"),
        (TransactionRecord, TRANSACTION, {"amount": "-3"}, "amount"),
        (TransactionRecord, TRANSACTION, {"type": "refund"}, "type"),
        (TransactionRecord, TRANSACTION, {"event_id": "a b"}, "event_id"),
        (TransactionRecord, TRANSACTION, {"description": "a\nb"}, "description"),
        (AccountRecord, ACCOUNT, {"email": "nobody"}, "email"),
        (AccountRecord, ACCOUNT, {"country": "Germany"}, "country"),
        (AccountRecord, ACCOUNT, {"kind": "person"}, "kind"),
        (AccountRecord, ACCOUNT, {"created_at": "1969-12-31T23:59:59Z"}, "created_at"),
        (CustomerRecord, {"account_id": "acme", "stripe_customer_id": "cus_1"}, {"stripe_customer_id": "1"}, "stripe"),
    ],
)
def test_a_wrong_field_is_named(
    kind: type[Record], good: dict[str, str], changes: dict[str, object], names: str
) -> None:
    assert record_of(good, kind, NOW_MS).account_id == "acme"
    with pytest.raises(BadRecord, match=names):
        record_of({**good, **changes}, kind, NOW_MS)


@pytest.mark.parametrize("missing", ["account_id", "currency", "balance"])
def test_a_field_that_is_missing_is_named(missing: str) -> None:
    with pytest.raises(BadRecord, match=missing):
        record_of({name: value for name, value in BALANCE.items() if name != missing}, BalanceRecord, NOW_MS)


@pytest.mark.parametrize("balance", ["0", "-0.000001", "1500", "12.345", "999999999999.999999"])
def test_balances_of_any_decimals_and_signs_are_read(balance: str) -> None:
    record = record_of({**BALANCE, "balance": balance}, BalanceRecord, NOW_MS)
    assert isinstance(record, BalanceRecord)
    assert record.balance == balance
