"""The door to the bucket `invoices`: drawn documents and logos, each written once and never changed.

A document is under `documents/ACCOUNT/NUMBER.pdf`, a logo under `logos/` and the SHA-256 of its bytes: nothing ever
stands under one name with other content.
"""

from functools import lru_cache
from hashlib import sha256
from typing import Final

from chalicelib.buckets import client
from chalicelib.settings import settings

LINK_SECONDS: Final = 300
"""How long a link lives: enough to open it, too short to pass around."""

WRITERS: Final = 5
"""Writers of one object at once: S3 refuses a conditional write while another one is under way, whatever becomes of it.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
"""

KEPT_LOGOS: Final = 16
"""Logos that a process remembers to have kept."""


def has(account_id: str, number: str) -> bool:
    """Tell whether a document was drawn before."""
    errors = client().exceptions
    try:
        client().head_object(Bucket=settings().invoices_bucket, Key=_key(account_id, number))
    except errors.ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
            return False
        raise
    return True


def keep(account_id: str, number: str, pdf: bytes) -> None:
    """Keep a drawn document, unless it is there: what was handed out once stays as it is."""
    _put(_key(account_id, number), pdf, "application/pdf")


def link(account_id: str, number: str, *, seconds: int = LINK_SECONDS) -> str:
    """Return a link to a document that is kept; it lives for so many seconds."""
    url: str = client().generate_presigned_url(
        "get_object",
        Params={
            "Bucket": settings().invoices_bucket,
            "Key": _key(account_id, number),
            "ResponseContentDisposition": f'inline; filename="{number}.pdf"',
            "ResponseContentType": "application/pdf",
        },
        ExpiresIn=seconds,
    )
    return url


@lru_cache(maxsize=KEPT_LOGOS)
def keep_logo(png: bytes) -> str:
    """Keep a logo and return its name: it is there for ever, so a process that has kept it once need not ask again."""
    name = sha256(png).hexdigest()
    _put(_logo_key(name), png, "image/png")
    return name


def logo(name: str) -> bytes:
    """Return a logo that is kept."""
    answer = client().get_object(Bucket=settings().invoices_bucket, Key=_logo_key(name))
    png: bytes = answer["Body"].read()
    return png


def _put(key: str, content: bytes, content_type: str) -> None:
    """Write an object unless it is there."""
    errors = client().exceptions
    for attempt in range(1, WRITERS + 1):
        try:
            client().put_object(
                Bucket=settings().invoices_bucket, Key=key, Body=content, ContentType=content_type, IfNoneMatch="*"
            )
        except errors.ClientError as error:
            code = error.response["Error"]["Code"]
            if code == "PreconditionFailed":
                return
            if code != "ConditionalRequestConflict" or attempt == WRITERS:
                raise
        else:
            return


def _key(account_id: str, number: str) -> str:
    return f"documents/{account_id}/{number}.pdf"


def _logo_key(name: str) -> str:
    return f"logos/{name}.png"
