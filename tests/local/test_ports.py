import socket
from collections.abc import Iterator

import pytest

from local.ports import HOST, PAGE_PORT, PortTaken, free_port, is_free, page_port, preferred_port


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as server:
        server.bind((HOST, 0))
        server.listen()
        yield server.getsockname()[1]


def test_a_port_that_something_listens_on_is_not_free(taken_port: int) -> None:
    assert not is_free(taken_port)
    assert is_free(free_port())


def test_a_taken_preference_gives_another_port(taken_port: int) -> None:
    assert preferred_port(taken_port) != taken_port
    free = free_port()
    assert preferred_port(free) == free


def test_the_page_is_on_the_port_that_is_asked_for() -> None:
    free = free_port()
    assert page_port({"PORT": str(free)}) == free


def test_a_port_that_is_asked_for_and_taken_is_an_error_and_not_another_port(taken_port: int) -> None:
    with pytest.raises(PortTaken, match=f"port {taken_port} is in use"):
        page_port({"PORT": str(taken_port)})


@pytest.mark.parametrize("port", ["0", "65536", "-1", "http", "80 80"])
def test_what_is_not_a_port_is_an_error(port: str) -> None:
    with pytest.raises(PortTaken, match="is not a port"):
        page_port({"PORT": port})


@pytest.mark.parametrize("environment", [{}, {"PORT": ""}, {"PORT": " "}])
def test_without_a_wish_the_page_is_on_its_usual_port_or_a_free_one(environment: dict[str, str]) -> None:
    port = page_port(environment)
    assert port == PAGE_PORT or not is_free(PAGE_PORT)
