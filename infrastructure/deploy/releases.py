"""The releases of a stack: which versions of its functions were deployed together.

A version's number says nothing about the other functions, of which a deployment may have changed some only: rolled
back one version each, they would be of different deployments. So each deployment is written down, in the bucket for
code.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from infrastructure.deploy.account import Account
from infrastructure.deploy.versions import Versions, differing

KEPT: Final = 10
"""So many releases can be rolled back to."""


@dataclass(frozen=True)
class Release:
    """The versions that were deployed together; releases of a stack are numbered from 1."""

    number: int
    at: str
    versions: Versions


def list_releases(account: Account, bucket: str, stack_id: str) -> list[Release]:
    """Return the releases that are kept, the newest first."""
    pages = account.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=_prefix(stack_id))
    keys = [each["Key"] for page in pages for each in page.get("Contents", [])]
    newest = sorted(keys, reverse=True)[:KEPT]
    return [_read(account, bucket, key) for key in newest]


def record_release(account: Account, bucket: str, stack_id: str, versions: Versions) -> Release:
    """Write down what was deployed, unless the newest release says the same; forget those that are not kept."""
    known = list_releases(account, bucket, stack_id)
    if known and dict(known[0].versions) == dict(versions):
        return known[0]
    number = known[0].number + 1 if known else 1
    release = Release(number, datetime.now(UTC).isoformat(timespec="seconds"), versions)
    body = json.dumps({"at": release.at, "versions": dict(versions)})
    account.s3.put_object(Bucket=bucket, Key=_key(stack_id, number), Body=body.encode())
    if number > KEPT:
        account.s3.delete_object(Bucket=bucket, Key=_key(stack_id, number - KEPT))
    return release


def live_release(releases: Sequence[Release], live: Versions) -> Release | None:
    """Return the newest release whose versions are all live; None if what is live is a mixture."""
    return next((each for each in releases if dict(each.versions) == dict(live)), None)


def release_before(releases: Sequence[Release], live: Versions) -> Release | None:
    """Return the newest release before the live one that is another one; None if there is none.

    Where a mixture is live, a roll back was cut off, and goes on: it is the release before the newest that any function
    still runs. Where a function runs what no release has, a deployment was cut off, and it is the newest release.
    """
    current = live_release(releases, live) or _newest_part(releases, live)
    older = [each for each in releases if current is None or each.number < current.number]
    return next((each for each in older if differing(live, each.versions)), None)


def _newest_part(releases: Sequence[Release], live: Versions) -> Release | None:
    """Return the newest release of which something is live that the release before it lacks.

    None if something is live that is of no release.
    """
    known = {item for each in releases for item in each.versions.items()}
    if not live.items() <= known:
        return None
    before = [*(each.versions.items() for each in releases[1:]), set()]
    pairs = zip(releases, before, strict=True)
    return next((each for each, older in pairs if live.items() & (each.versions.items() - older)), None)


def _prefix(stack_id: str) -> str:
    # By the stack's own id: one that is deleted and created again begins with version 1 again.
    name, unique = stack_id.split("/")[1:3]
    return f"releases/{name}/{unique}/"


def _key(stack_id: str, number: int) -> str:
    return f"{_prefix(stack_id)}{number:06}.json"


def _read(account: Account, bucket: str, key: str) -> Release:
    content = json.loads(account.s3.get_object(Bucket=bucket, Key=key)["Body"].read())
    return Release(int(key.rsplit("/", 1)[-1].removesuffix(".json")), content["at"], content["versions"])
