"""The door to SES."""

from collections.abc import Iterator
from email import message_from_bytes, policy
from typing import Any

import boto3
import pytest
from msgspec.structs import replace

from chalicelib.notices import mailbox
from chalicelib.notices.mailbox import Letter, MailNotSent, sender_of

pytestmark = pytest.mark.usefixtures("memory")

LETTER = Letter(
    sender="billing@example.com",
    name="Müller & Söhne, 株式会社 <GmbH>",
    reply_to="help@acme.example",
    to=["kim@acme.example", "jo@acme.example"],
    subject="Ihr Guthaben ist aufgebraucht 👩\u200d🌾",
    text="Ein Text\nmit Zeilen.",
    html="<p>שלום</p>",
    notice_id="wallet.low:acme:417",
)


@pytest.fixture(autouse=True)
def identity(memory: object) -> None:
    boto3.client("sesv2").create_email_identity(EmailIdentity="example.com")


@pytest.fixture
def requests() -> Iterator[list[dict[str, Any]]]:
    """Note what goes to SES."""
    sent: list[dict[str, Any]] = []

    def note(params: dict[str, Any], **_: Any) -> None:
        sent.append(params)

    events = mailbox.client().meta.events
    events.register("provide-client-params.sesv2.SendEmail", note)
    yield sent
    events.unregister("provide-client-params.sesv2.SendEmail", note)


def test_a_letter_goes_out_whole_and_comes_back_with_its_id(requests: list[dict[str, Any]]) -> None:
    assert mailbox.send(LETTER)
    (sent,) = requests
    header = f"From: {sent['FromEmailAddress']}\n\n".encode()
    (address,) = message_from_bytes(header, policy=policy.default)["From"].addresses
    assert (address.display_name, address.addr_spec) == (LETTER.name, "billing@example.com")
    assert sent["Destination"] == {"ToAddresses": ["kim@acme.example", "jo@acme.example"]}
    assert sent["ReplyToAddresses"] == ["help@acme.example"]
    simple = sent["Content"]["Simple"]
    contents = [simple["Subject"], simple["Body"]["Text"], simple["Body"]["Html"]]
    assert [content["Data"] for content in contents] == [LETTER.subject, LETTER.text, LETTER.html]
    assert {content["Charset"] for content in contents} == {"UTF-8"}
    assert simple["Headers"] == [{"Name": "X-Notice-Id", "Value": "wallet.low:acme:417"}]


def test_a_letter_that_nobody_answers_to_says_so(requests: list[dict[str, Any]]) -> None:
    mailbox.send(replace(LETTER, reply_to=None))
    assert requests[0]["ReplyToAddresses"] == []


@pytest.mark.parametrize("changes", [{"sender": "billing@unknown.example"}, {"to": ["k@a.example"] * 51}])
def test_a_letter_that_ses_refuses_is_told_and_was_tried_once(
    requests: list[dict[str, Any]], changes: dict[str, Any]
) -> None:
    with pytest.raises(MailNotSent):
        mailbox.send(replace(LETTER, **changes))
    assert len(requests) == 1


@pytest.mark.parametrize(
    ("mail_from", "sender"),
    [
        ("Example Billing <billing@example.com>", ("Example Billing", "billing@example.com")),
        ('"Müller, Söhne" <b@example.com>', ("Müller, Söhne", "b@example.com")),
        ("billing@example.com", ("example.com", "billing@example.com")),
    ],
)
def test_a_sender_has_a_name_and_an_address(mail_from: str, sender: tuple[str, str]) -> None:
    assert sender_of(mail_from) == sender
