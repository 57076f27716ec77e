"""The environment of this process: the tables, queues and keys that its settings name."""

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from typing import Any

from chalicelib import buckets, queues, secrets
from chalicelib.invoices import archive
from chalicelib.notices import bus, mailbox
from chalicelib.settings import settings
from chalicelib.tables import connection
from ops import secret_store

_numbers = count(1)


@contextmanager
def use(
    environment: Mapping[str, str], *, without: Iterable[str] = (), secrets: Mapping[str, Any] | None = None
) -> Iterator[None]:
    """Set these environment variables inside the block, and unset those in `without`.

    `secrets` are values of the secret that differ inside the block: they are those of a secret of its own.
    """
    before = {name: os.environ.get(name) for name in (*environment, *without, "SECRET_ID")}
    os.environ.update(environment)
    for name in without:
        os.environ.pop(name, None)
    forget()
    if secrets:
        os.environ["SECRET_ID"] = _secret_like(settings().secret_id, secrets)
        forget()
    try:
        yield
    finally:
        for name in before:
            os.environ.pop(name, None)
        os.environ.update({name: value for name, value in before.items() if value is not None})
        forget()


def forget() -> None:
    """Clear the caches of everything that was made for another environment."""
    doors = (queues.client, buckets.client, archive.keep_logo, bus.client, mailbox.client, secret_store.client)
    for made in (settings, connection, *doors):
        made.cache_clear()
    secrets.forget()


def _secret_like(secret_id: str, changes: Mapping[str, Any]) -> str:
    """Create a secret with the values of another, but for these changes; return its name."""
    values = json.loads(secrets.client().get_secret_value(SecretId=secret_id)["SecretString"])
    name = f"secret-like-{secret_id}-{next(_numbers)}"
    secrets.client().create_secret(Name=name, SecretString=json.dumps({**values, **changes}))
    return name
