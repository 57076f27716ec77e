"""The door to the bucket of documents and logos."""

from urllib.parse import parse_qs, urlsplit

import pytest

from chalicelib.buckets import client
from chalicelib.invoices import archive
from chalicelib.settings import settings
from tests.build import unique

pytestmark = pytest.mark.usefixtures("memory")

PDF = b"%PDF-1.7\x00\xff\n"


def kept(account_id: str, number: str) -> bytes:
    answer = client().get_object(Bucket=settings().invoices_bucket, Key=f"documents/{account_id}/{number}.pdf")
    content: bytes = answer["Body"].read()
    return content


def test_a_document_is_kept_byte_by_byte_and_known_from_then_on() -> None:
    account_id = unique("account")
    assert not archive.has(account_id, "ACME-000001")
    archive.keep(account_id, "ACME-000001", PDF)
    assert archive.has(account_id, "ACME-000001")
    assert not archive.has(account_id, "ACME-00000")
    assert kept(account_id, "ACME-000001") == PDF


def test_what_was_kept_once_stays_as_it_is() -> None:
    account_id = unique("account")
    archive.keep(account_id, "ACME-000001", PDF)
    archive.keep(account_id, "ACME-000001", b"another")
    assert kept(account_id, "ACME-000001") == PDF


def test_a_link_names_the_file_for_the_reader_and_lives_for_minutes() -> None:
    link = urlsplit(archive.link("acme", "ACME-000001"))
    query = {name: value for name, (value,) in parse_qs(link.query).items()}
    assert link.path == "/documents/acme/ACME-000001.pdf"
    assert query["response-content-disposition"] == 'inline; filename="ACME-000001.pdf"'
    assert (query["X-Amz-Expires"], query["X-Amz-Algorithm"]) == ("300", "AWS4-HMAC-SHA256")


def test_a_logo_is_kept_under_the_hash_of_its_bytes() -> None:
    png = b"\x89PNG\r\n\x1a\n\x00"
    name = archive.keep_logo(png)
    assert (len(name), archive.keep_logo(png), archive.logo(name)) == (64, name, png)
    assert archive.keep_logo(b"another") != name
