"""The door to S3: one client per process, for all buckets."""

from functools import cache
from typing import Any


@cache
def client() -> Any:
    """Return the client of S3, made on first use. Links are signed with version 4, which every region accepts."""
    # Imported here: functions that answer without a document should not pay for the import.
    import boto3  # noqa: PLC0415
    from botocore.config import Config  # noqa: PLC0415

    return boto3.Session().client(
        "s3",
        config=Config(
            signature_version="s3v4",
            connect_timeout=2,
            read_timeout=10,
            retries={"mode": "standard", "total_max_attempts": 3},
            # With this, links name the region's own host; the global one redirects for new buckets elsewhere.
            s3={"addressing_style": "virtual"},
        ),
    )
