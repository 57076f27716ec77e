"""The door to SES."""

from collections.abc import Sequence
from email.utils import formataddr, parseaddr
from functools import cache
from typing import Any, Final

import boto3
import msgspec
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

NOTICE_HEADER: Final = "X-Notice-Id"
"""The header that is the same in both copies of a mail that was sent twice, because the answer of SES was lost."""


class MailNotSent(Exception):
    """A mail was not sent: no address is deliverable, or SES refused it, or did not answer and may have accepted it."""


class Attachment(msgspec.Struct, frozen=True):
    """A file that goes with a mail."""

    name: str
    content_type: str
    content: bytes


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """A mail ready to be sent. `sender` is an address that is verified at SES, `name` the sender that is shown."""

    sender: str
    name: str
    reply_to: str | None
    to: Sequence[str]
    subject: str
    text: str
    html: str
    notice_id: str
    attachments: Sequence[Attachment] = ()


@cache
def client() -> Any:
    """Return the client of SES, made on first use. It never retries: SES would send the mail twice."""
    return boto3.Session().client(
        "sesv2", config=Config(connect_timeout=3, read_timeout=10, retries={"total_max_attempts": 1})
    )


def send(letter: Letter) -> str:
    """Send a mail, and return SES's message id. Raises MailNotSent."""
    body = {"Text": _content(letter.text), "Html": _content(letter.html)}
    headers = [{"Name": NOTICE_HEADER, "Value": letter.notice_id}]
    files = [
        {"FileName": each.name, "ContentType": each.content_type, "RawContent": each.content}
        for each in letter.attachments
    ]
    attached = {"Attachments": files} if files else {}
    try:
        answer = client().send_email(
            FromEmailAddress=formataddr((letter.name, letter.sender)),
            Destination={"ToAddresses": list(letter.to)},
            ReplyToAddresses=[letter.reply_to] if letter.reply_to else [],
            Content={"Simple": {"Subject": _content(letter.subject), "Body": body, "Headers": headers, **attached}},
        )
    except (BotoCoreError, ClientError) as error:
        raise MailNotSent(str(error)) from error
    return str(answer["MessageId"])


def sender_of(mail_from: str) -> tuple[str, str]:
    """Return the name and the address of `Example Billing <billing@example.com>`, or of an address alone."""
    name, address = parseaddr(mail_from)
    return name or address.rpartition("@")[2], address


def _content(text: str) -> dict[str, str]:
    return {"Data": text, "Charset": "UTF-8"}
