"""Clients whose rebilling is on: what a test needs of it before it uses something."""

from chalicelib.pricing.rebilling import Dated, Rebilling
from chalicelib.pricing.table import row_of


def rebill(client_id: str, *, on: bool = True) -> str:
    """Let a client pay for its usage itself, from the beginning of time on; return its id."""
    row_of(client_id, Rebilling(switches=(Dated(0, on, 0, "tester"),), version=1)).save()
    return client_id
