import gzip
import http.client
import json
import socket
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from local.ports import HOST, free_port
from local.processes import Processes, http_answers

pytestmark = pytest.mark.usefixtures("processes")


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    port = free_port()
    with Processes(Path(tmp_path_factory.mktemp("api"))) as processes:
        processes.start(
            "local.api",
            *("--app", "tests.local.echo_app", "--port", str(port)),
            environment={},
            answers=http_answers(f"http://{HOST}:{port}/health"),
        )
        yield port


def ask(port: int, method: str, path: str, body: str = "", **headers: str) -> tuple[int, str, dict[str, object]]:
    connection = http.client.HTTPConnection(HOST, port, timeout=30)
    connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
    response = connection.getresponse()
    answer = response.status, response.headers["Content-Type"], json.loads(response.read())
    connection.close()
    return answer


def test_requests_at_the_same_time_do_not_see_each_other(port: int) -> None:
    def one(number: int) -> bool:
        name = f"name-{number}"
        _, _, answer = ask(port, "POST", f"/slow/{name}", name, x_name=name, Content_Type="application/json")
        return answer == {"name": name, "body": name, "header": name}

    with ThreadPoolExecutor(16) as pool:
        assert all(pool.map(one, range(100)))


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("GET", "/nowhere", {}),
        ("GET", "/nowhere", {"Authorization": "Bearer token"}),
        ("DELETE", "/health", {}),
    ],
)
def test_an_unknown_path_or_method_gets_the_gateways_answer(
    port: int, method: str, path: str, headers: dict[str, str]
) -> None:
    status, content_type, problem = ask(port, method, path, **headers)
    assert (status, content_type) == (404, "application/problem+json")
    assert len(str(problem.pop("request_id"))) == len(str(uuid.uuid4()))
    assert problem == {"type": "about:blank", "title": "Not Found", "status": 404, "detail": "No such path or method."}


def test_a_body_that_is_too_large_for_the_gateway_is_refused_unread(port: int) -> None:
    status, content_type, problem = ask(port, "POST", "/slow/a", Content_Length=str(11 * 1024 * 1024))
    assert (status, content_type, problem["title"]) == (413, "application/problem+json", "Content Too Large")


def test_an_answer_is_sent_in_one_piece(port: int) -> None:
    """A second piece would wait 40 ms on an open connection: Nagle's algorithm, until the first is acknowledged."""
    with socket.create_connection((HOST, port), timeout=30) as connection:
        for _ in range(20):
            connection.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
            head, _, body = connection.recv(65536).partition(b"\r\n\r\n")
            assert f"content-length: {len(body)}\r\n".encode() in head.lower()
            assert body


@pytest.mark.parametrize(
    ("bytes_sent", "accepted", "encoding"),
    [
        (1000, "gzip, deflate, br", "gzip"),
        (1000, "gzip;q=1.0", "gzip"),
        (1000, "br", None),
        (1000, "", None),
        (999, "gzip", None),
    ],
)
def test_a_long_answer_is_compressed_for_whoever_accepts_it(
    port: int, bytes_sent: int, accepted: str, encoding: str | None
) -> None:
    connection = http.client.HTTPConnection(HOST, port, timeout=30)
    connection.request("GET", f"/long/{bytes_sent}", headers={"Accept-Encoding": accepted})
    response = connection.getresponse()
    content = response.read()
    connection.close()
    assert (response.headers["Content-Encoding"], response.headers["Content-Type"]) == (encoding, "text/css")
    assert int(response.headers["Content-Length"]) == len(content)
    assert (gzip.decompress(content) if encoding else content) == b"x" * bytes_sent
