"""The door to the bucket `invoices`: drawn documents and logos, each written once and never changed; and what is lent.

A document's key is `documents/ACCOUNT/NUMBER.pdf`; a logo's is `logos/HASH.png`, with the SHA-256 of its bytes. The
content of a key never changes. What is made anew whenever somebody asks for it, such as a statement, is below `lent/`,
with the SHA-256 of its bytes in its key, too; the bucket's lifecycle removes it after some days.
"""

from functools import lru_cache
from hashlib import sha256
from typing import BinaryIO, Final

from chalicelib.backoff import attempts
from chalicelib.buckets import client
from chalicelib.invoices.bundle import Bundle
from chalicelib.settings import settings

LINK_SECONDS: Final = 300
"""How long a link is valid: long enough to open it, too short to share it."""

ATTEMPTS: Final = 5
"""How many times an object is tried: S3 refuses a conditional write while another is in progress, whatever its outcome.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
"""

LENT: Final = "lent/"
"""Where things are that may be made again: the lifecycle in `infrastructure/base.json` removes them."""

KEPT_LOGOS: Final = 16
"""How many stored logos a process remembers."""


def has(account_id: str, number: str) -> bool:
    """Tell whether a document was drawn before."""
    return _is_stored(_key(account_id, number))


def _is_stored(key: str) -> bool:
    errors = client().exceptions
    try:
        client().head_object(Bucket=settings().invoices_bucket, Key=key)
    except errors.ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
            return False
        raise
    return True


def read(account_id: str, number: str) -> bytes:
    """Return a stored document."""
    pdf: bytes = client().get_object(Bucket=settings().invoices_bucket, Key=_key(account_id, number))["Body"].read()
    return pdf


def keep(account_id: str, number: str, pdf: bytes) -> None:
    """Store a drawn document unless it exists: a document that was handed out never changes."""
    _put(_key(account_id, number), pdf, "application/pdf")


def link(account_id: str, number: str, *, seconds: int = LINK_SECONDS) -> str:
    """Return a link to a stored document; it is valid for `seconds`."""
    return _link(_key(account_id, number), f'inline; filename="{number}.pdf"', "application/pdf", seconds)


def keep_statement(account_id: str, month: str, pdf: bytes) -> str:
    """Store a drawn statement for some days, and return a link to it."""
    key = f"{LENT}{account_id}/statement-{month}-{sha256(pdf).hexdigest()}.pdf"
    client().put_object(Bucket=settings().invoices_bucket, Key=key, Body=pdf, ContentType="application/pdf")
    return _link(key, f'inline; filename="statement-{account_id}-{month}.pdf"', "application/pdf", LINK_SECONDS)


@lru_cache(maxsize=KEPT_LOGOS)
def keep_logo(png: bytes) -> str:
    """Store a logo and return its name. A stored logo is never deleted, so the result is cached."""
    name = sha256(png).hexdigest()
    _put(_logo_key(name), png, "image/png")
    return name


def logo(name: str) -> bytes:
    """Return a stored logo."""
    answer = client().get_object(Bucket=settings().invoices_bucket, Key=_logo_key(name))
    png: bytes = answer["Body"].read()
    return png


def has_bundle(bundle: Bundle) -> bool:
    """Tell whether a bundle is stored."""
    return _is_stored(_bundle_key(bundle))


def keep_bundle(bundle: Bundle, file: BinaryIO) -> None:
    """Store a bundle for some days: in parts if it is large, and whole or not at all."""
    from boto3.s3.transfer import TransferConfig  # noqa: PLC0415 - only bundles need it

    client().upload_fileobj(
        file,
        settings().invoices_bucket,
        _bundle_key(bundle),
        ExtraArgs={"ContentType": "application/zip"},
        Config=TransferConfig(use_threads=False),
    )


def link_to_bundle(bundle: Bundle) -> str:
    """Return a link to a stored bundle."""
    name = f'attachment; filename="invoices-{bundle.account_id}-{bundle.year}.zip"'
    return _link(_bundle_key(bundle), name, "application/zip", LINK_SECONDS)


def _bundle_key(bundle: Bundle) -> str:
    return f"{LENT}{bundle.account_id}/invoices-{bundle.year}-{bundle.index_hash}.zip"


def _link(key: str, disposition: str, content_type: str, seconds: int) -> str:
    url: str = client().generate_presigned_url(
        "get_object",
        Params={
            "Bucket": settings().invoices_bucket,
            "Key": key,
            "ResponseContentDisposition": disposition,
            "ResponseContentType": content_type,
        },
        ExpiresIn=seconds,
    )
    return url


def _put(key: str, content: bytes, content_type: str) -> None:
    """Write an object unless it exists."""
    errors = client().exceptions
    for attempt in attempts(ATTEMPTS):
        try:
            client().put_object(
                Bucket=settings().invoices_bucket, Key=key, Body=content, ContentType=content_type, IfNoneMatch="*"
            )
        except errors.ClientError as error:
            code = error.response["Error"]["Code"]
            if code == "PreconditionFailed":
                return
            if code != "ConditionalRequestConflict" or attempt == ATTEMPTS - 1:
                raise
        else:
            return


def _key(account_id: str, number: str) -> str:
    return f"documents/{account_id}/{number}.pdf"


def _logo_key(name: str) -> str:
    return f"logos/{name}.png"
