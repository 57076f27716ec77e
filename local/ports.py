"""Ports on the loopback interface."""

import socket
from collections.abc import Mapping

HOST = "127.0.0.1"
PAGE_PORT = 8000


class PortTaken(Exception):
    """The port that was asked for is in use by another program."""


def is_free(port: int) -> bool:
    """Tell whether a server could listen on a port now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except (OSError, OverflowError):
            return False
    return True


def free_port() -> int:
    """Return a port that nothing listens on. It is not reserved: start the server at once."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
    return port


def preferred_port(port: int | None) -> int:
    """Return `port` if it is free, else one that is."""
    return port if port is not None and is_free(port) else free_port()


def page_port(environment: Mapping[str, str]) -> int:
    """Return the port for the page and the API: `PORT` if it is set, else 8000 or a free one.

    Raises PortTaken if `PORT` is not a port or is in use: a port that is set is never replaced by another.
    """
    wanted = environment.get("PORT", "").strip()
    if not wanted:
        return preferred_port(PAGE_PORT)
    if not wanted.isdecimal() or not 0 < int(wanted) < 2**16:
        raise PortTaken(f"PORT={wanted} is not a port")
    if not is_free(int(wanted)):
        raise PortTaken(f"port {wanted} is in use by another program; choose another with PORT=...")
    return int(wanted)
