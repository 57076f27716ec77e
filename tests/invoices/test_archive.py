"""The bucket: what is kept stays, and links end."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
import requests

from chalicelib import buckets
from chalicelib.accounts.account import Account
from chalicelib.catalog.catalog import catalog
from chalicelib.invoices import archive, brand
from chalicelib.invoices.brand import BrandRequest, LogoInvalid
from chalicelib.invoices.download import download_link
from chalicelib.invoices.issue import issue
from chalicelib.payments.payment import Payment
from chalicelib.settings import settings
from local.resources import Deployment
from tests.invoices.logos import png
from tests.wait import wait_for

NewAccount = Callable[..., Account]
NewPayment = Callable[..., Payment]
THREADS = 8


class Cut(BaseException):
    """The process ends here."""


@contextmanager
def cut(event: str, at: int) -> Iterator[list[int]]:
    """Cut the process off at one of its calls to S3: `before-send` it leaves, or `after-call` it is done."""
    calls = [0]

    def count(**_: Any) -> None:
        calls[0] += 1
        if calls[0] == at:
            raise Cut

    events = buckets.client().meta.events
    events.register(f"{event}.s3", count)
    try:
        yield calls
    finally:
        events.unregister(f"{event}.s3", count)


def test_what_was_kept_first_stays(stack: Deployment) -> None:
    archive.keep("acme", "ACME-000001", b"%PDF first")
    archive.keep("acme", "ACME-000001", b"%PDF second")
    assert requests.get(archive.link("acme", "ACME-000001"), timeout=30).content == b"%PDF first"
    versions = buckets.client().list_object_versions(Bucket=settings().invoices_bucket, Prefix="documents/acme/")
    assert len(versions["Versions"]) == 1


def test_a_link_opens_the_document_in_the_browser_under_its_number(stack: Deployment) -> None:
    archive.keep("acme", "ACME-000002", b"%PDF")
    url = archive.link("acme", "ACME-000002")
    assert "X-Amz-Algorithm=AWS4-HMAC-SHA256" in url
    assert f"X-Amz-Expires={archive.LINK_SECONDS}" in url
    answer = requests.get(url, timeout=30)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/pdf")
    assert answer.headers["Content-Disposition"] == 'inline; filename="ACME-000002.pdf"'


def test_a_link_ends_and_cannot_be_changed(stack: Deployment) -> None:
    archive.keep("acme", "ACME-000003", b"%PDF")
    archive.keep("acme", "ACME-000004", b"%PDF another")
    short = archive.link("acme", "ACME-000003", seconds=3)
    assert requests.get(short, timeout=30).status_code == 200
    assert requests.get(short.replace("000003", "000004"), timeout=30).status_code == 403
    wait_for(lambda: requests.get(short, timeout=30).status_code == 403)


def test_a_document_is_drawn_once_and_then_only_linked(account: Account, new_payment: NewPayment) -> None:
    made = issue(new_payment(account), catalog())
    with cut("before-send", at=0) as calls:
        first = requests.get(download_link(made), timeout=30).content
    assert calls == [2]
    with cut("before-send", at=0) as calls:
        assert requests.get(download_link(made), timeout=30).content == first
    assert calls == [1]
    assert first.startswith(b"%PDF-")


def test_all_who_ask_at_once_get_the_same_document(account: Account, new_payment: NewPayment) -> None:
    made = issue(new_payment(account), catalog())
    with ThreadPoolExecutor(THREADS) as pool:
        links = list(pool.map(lambda _: download_link(made), range(THREADS)))
    assert len({requests.get(link, timeout=30).content for link in links}) == 1


@pytest.mark.parametrize("event", ["before-send", "after-call"])
def test_drawing_cut_off_anywhere_is_finished_by_its_repeat(
    new_account: NewAccount, new_payment: NewPayment, event: str
) -> None:
    workspace = new_account()
    brand.put_brand(workspace, BrandRequest(logo=png(40, 20)))
    client = new_account(kind="client", workspace_id=workspace.account_id)
    for at in (1, 2, 3):
        made = issue(new_payment(client), catalog())
        with cut(event, at), pytest.raises(Cut):
            download_link(made)
        assert requests.get(download_link(made), timeout=30).content.startswith(b"%PDF-")


def test_a_logo_is_kept_once_by_a_process(stack: Deployment) -> None:
    logo = brand.read_logo(png(50, 20))
    with cut("before-send", at=0) as calls:
        assert archive.keep_logo(logo) == archive.keep_logo(logo)
    assert calls == [1]


def test_the_logo_is_that_of_the_time_of_issue(new_account: NewAccount, new_payment: NewPayment) -> None:
    workspace = new_account()
    client = new_account(kind="client", workspace_id=workspace.account_id)
    brand.put_brand(workspace, BrandRequest(logo=png(40, 20)))
    before = issue(new_payment(client), catalog())
    brand.put_brand(workspace, BrandRequest(logo=png(60, 20)))
    after = issue(new_payment(client), catalog())
    assert before.seller.logo
    assert after.seller.logo
    assert before.seller.logo != after.seller.logo
    assert archive.logo(before.seller.logo) == brand.read_logo(png(40, 20))
    brand.put_brand(workspace, BrandRequest(color=None, logo=None))
    assert issue(new_payment(client), catalog()).seller.logo is None


@pytest.mark.parametrize(
    "logo",
    ["", "not base64!", "aGVsbG8=", png(2_001, 1), png(40, 20)[:40], png(40, 20, kind="JPEG")],
    ids=["empty", "no base64", "no picture", "too large", "cut off", "a JPEG"],
)
def test_what_is_no_logo_is_refused_before_it_spoils_a_document(logo: str) -> None:
    with pytest.raises(LogoInvalid):
        brand.read_logo(logo)
