"""Readers of types, made by threads that meet each type at the same time."""

import subprocess
import sys

import pytest

from local.processes import ROOT

AT_ONCE = """
import sys
from threading import Barrier
from concurrent.futures import ThreadPoolExecutor
from msgspec import Meta, defstruct
from typing import Annotated
from chalicelib.typed import convert, json_decoder, msgpack_decoder, read_toml

sys.setswitchinterval(1e-6)
with ThreadPoolExecutor(8) as pool:
    for turn in range(100):
        inner = defstruct("Inner", [("name", Annotated[str, Meta(pattern=f"^{turn}$")] | None, None)])
        outer = defstruct("Outer", [(f"field_{number}", inner | None, None) for number in range(12)])
        together = Barrier(8)

        def read(number):
            together.wait()
            readers = [
                lambda: convert({"field_0": {}}, outer),
                lambda: json_decoder(outer).decode('{"field_0": {}}'),
                lambda: msgpack_decoder(outer).decode(b"\\x81\\xa7field_0\\x80"),
                lambda: read_toml("[field_0]", outer),
            ]
            return readers[number % len(readers)]()

        assert list(pool.map(read, range(8))) == [outer(field_0=inner())] * 8
"""


@pytest.mark.usefixtures("processes")
def test_threads_that_are_the_first_to_read_a_type_do_not_crash_the_process() -> None:
    # A process of its own: what this is about is a segmentation fault, which would end the tests.
    ended = subprocess.run(
        [sys.executable, "-X", "faulthandler", "-c", AT_ONCE], check=False, cwd=ROOT, capture_output=True, text=True
    )
    assert ended.returncode == 0, ended.stderr
