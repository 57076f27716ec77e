"""The environment of this process: the tables, queues and keys that its settings name."""

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

from chalicelib import buckets, queues
from chalicelib.invoices import archive
from chalicelib.notices import bus, mailbox
from chalicelib.settings import settings
from chalicelib.tables import connection


@contextmanager
def use(environment: Mapping[str, str], *, without: Iterable[str] = ()) -> Iterator[None]:
    """Set these environment variables inside the block, and unset those in `without`."""
    before = {name: os.environ.get(name) for name in (*environment, *without)}
    os.environ.update(environment)
    for name in without:
        os.environ.pop(name, None)
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
    doors = (queues.client, buckets.client, archive.keep_logo, bus.client, mailbox.client)
    for made in (settings, connection, *doors):
        made.cache_clear()
