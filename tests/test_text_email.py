"""E-mail addresses: taken as they are, or refused with the reason."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.text import Email, WrongText, ascii_email

LONG = "a" * 63


@pytest.mark.parametrize(
    "address",
    [
        "kim@acme.example",
        "kim+tag@mail.acme.co.uk",
        "o'neill_99@a-b.example",
        "KIM@ACME.EXAMPLE",
        f"{'k' * 64}@acme.example",
        f"k@{LONG}.{LONG}.example",
    ],
)
def test_an_address_that_mails_reach_is_taken_as_it_is(address: str) -> None:
    assert Email(address) == ascii_email(address) == address


@pytest.mark.parametrize(
    ("address", "sent_to"),
    [
        ("kim@bücher.example", "kim@xn--bcher-kva.example"),
        ("kim@例え.テスト", "kim@xn--r8jz45g.xn--zckzah"),
        ("kim@BÜCHER.example", "kim@xn--bcher-kva.example"),
        ("kim@xn--bcher-kva.example", "kim@xn--bcher-kva.example"),
    ],
)
def test_a_domain_of_other_letters_is_taken_and_written_as_punycode_where_mails_go(address: str, sent_to: str) -> None:
    assert (Email(address), ascii_email(address)) == (address, sent_to)


@pytest.mark.parametrize(
    "address",
    [
        *("kim", "kim@", "@acme.example", "kim@acme", "kim@localhost", "kim@@acme.example", "kim@a@acme.example"),
        *("kim@acme.example\u200b", "kim@exa\u00admple.example", "kim@\u2060acme.example", "kim@acme\u3000.example"),
        *("kim@acme..example", "kim@.acme.example", "kim@acme.example.", "kim@-acme.example", "kim@acme-.example"),
        *(".kim@acme.example", "kim.@acme.example", "kim..k@acme.example", "kim k@acme.example", " kim@acme.example"),
        *(
            "kim@acme.example ",
            "kim@acme.example\n",
            "kim\n@acme.example",
            "kim@acme\u200b.e",
            "kim\u200b@acme.example",
        ),
        *(
            "Kim <kim@acme.example>",
            "<kim@acme.example>",
            '"kim"@acme.example',
            "kim,k@acme.example",
            "kim;@acme.example",
        ),
        *(
            "kim@acme.example,jo@acme.example",
            "mailto:kim@acme.example",
            "kim@[127.0.0.1]",
            "kim@127.0.0.1",
            "kim@acme.c",
        ),
        *("kim@acme_x.example", "kim@acme!.example", "kim@xn--.example", "kim@☃.example", "kim@a\u202eb.example"),
        *(f"{'k' * 65}@acme.example", f"kim@{LONG}a.example", f"kim@{'.'.join([LONG] * 4)}.example"),
        f"kim@{'.'.join(['ü' * 50] * 5)}.example",
        *(
            "kïm@acme.example",
            "金@acme.example",
            "kim\x00@acme.example",
            "kim\ud800@acme.example",
            "kim@acme\ud800.example",
        ),
    ],
)
def test_an_address_that_no_mail_reaches_is_refused(address: str) -> None:
    with pytest.raises(WrongText, match="must be an e-mail address such as"):
        Email(address)


def test_letters_that_mails_are_not_delivered_to_are_refused_with_the_reason() -> None:
    with pytest.raises(WrongText, match="not delivered to other letters than a to z before the @") as refusal:
        Email("kïm@acme.example")
    assert refusal.value.reason == "local_part"


@given(st.text(max_size=300))
def test_whatever_is_written_is_an_address_that_servers_take_or_refused(written: str) -> None:
    for address in (written, f"{written}@acme.example", f"kim@{written}", f"kim@{written}.example"):
        try:
            sent_to = ascii_email(address)
        except WrongText:
            continue
        assert re.fullmatch(r"[!-~]{1,64}@[a-zA-Z0-9.-]{1,253}", sent_to)
        assert len(sent_to) <= 254
        assert ascii_email(sent_to) == sent_to
