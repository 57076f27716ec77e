"""First calls and memory, from the package: `python -m tests.deployed.libraries.measure`, after `make package`.

Each kind of work is done three times in a fresh process between the emulators. Printed are the processor milliseconds
of the import, of the first and of the best later call, and the process's memory at its highest.
"""

import json
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from infrastructure.package import ARCHIVES, BUILD, Package, libraries_in
from local.aws import start_aws
from local.stripe_emulator.client import Emulator
from tests.deployed.libraries.conftest import World
from tests.deployed.libraries.packaged import API, Packaged, PackagedClient
from tests.functions import ENTRY_POINTS
from tests.infrastructure.guarded import emulator_keys, event
from tests.invoices import documents
from tests.invoices.logos import png
from tests.invoices.names import NAMES

TIMES = 3
DRAW = """
import base64, msgspec
from chalicelib.invoices.invoice import Invoice
from chalicelib.invoices.pdf.document import draw
for invoice in msgspec.json.decode({invoices!r}, type=list[Invoice]): draw(invoice, base64.b64decode({logo!r}))
"""
PEAK = "result = int(open('/proc/self/status').read().partition('VmHWM:')[2].split()[0]) / 1024"
"""The kernel's own figure: that of getrusage begins with what the parent had."""

PROCESSOR = "import time; result = time.process_time() * 1000"
WORKSPACE = {"kind": "workspace", "name": "Acme", "email": "billing@acme.example", "currency": "usd"}


def works(client: PackagedClient) -> dict[str, tuple[str, Callable[[Packaged], object]]]:
    """Return what is measured: the module to import first, and what is done."""
    path = urlsplit(client.ask("POST", "/v1/portal-sessions", {"account_id": "acme"}, expect=201)["url"]).path
    cookies = client.packaged.request("POST", path)["multiValueHeaders"]["Set-Cookie"]
    cookie = {"cookie": "; ".join(each.partition(";")[0] for each in cookies)}
    bearer = {"authorization": f"Bearer {client.token}"}
    usage = [event(str(number)) for number in range(100)]
    messages = [
        {"messageId": str(n), "body": json.dumps({**each, "id": f"{n}-{time.monotonic_ns()}"})}
        for n, each in enumerate(usage)
    ]
    invoices = msgspec.json.encode(
        [documents.invoice(buyer=documents.BUYER.__class__(name=name, address=(), country="US")) for name in NAMES]
    )
    module = API.rpartition(".")[0]
    return {
        "API: /health": (module, lambda it: it.request("GET", "/health")),
        "API: an account": (module, lambda it: it.request("GET", "/v1/accounts/acme", headers=bearer)),
        "API: a portal page": (module, lambda it: it.request("GET", "/portal/accounts/acme", headers=cookie)),
        "API: a call to Stripe": (
            module,
            lambda it: it.request("POST", "/v1/accounts/acme/card-setups", headers=bearer),
        ),
        "19 documents in 19 scripts": (
            "chalicelib.invoices.handlers",
            lambda it: it.run(DRAW.format(invoices=invoices, logo=png(40, 20))),
        ),
        "usage: 100 messages": (
            "chalicelib.usage.handlers",
            lambda it: it.call(ENTRY_POINTS["record_usage"], {"Records": messages}),
        ),
    }


def milliseconds(process: Packaged, do: Callable[[Packaged], object]) -> float:
    """Return the processor time that the process takes for it: the machine may have more to do."""
    start: float = process.run(PROCESSOR)
    do(process)
    end: float = process.run(PROCESSOR)
    return end - start


def main() -> int:
    """Measure and print; return the exit status."""
    package = Package(BUILD / "package")
    with tempfile.TemporaryDirectory() as temporary, Emulator() as stripe:
        root = Path(temporary)
        for name, mount in ARCHIVES.items():
            with zipfile.ZipFile(package.directory / name) as archive:
                archive.extractall(root / mount.lstrip("/"))
        task, libraries = root / "var/task", libraries_in(root / "opt")
        with start_aws(root / "world", keys=emulator_keys()) as aws:
            world = World(aws, stripe, aws.deploy("measured"))
            token = aws.keys.token("operator", "operator")
            with Packaged(task, libraries, world.environment, root / "log") as first:
                client = PackagedClient(first, token)
                client.ask("PUT", "/v1/accounts/acme", WORKSPACE, expect=201)
                kinds = works(client)
            print(f"{'import':>7} {'first':>7} {'later':>7} {'peak MB':>8}")
            for name, (module, do) in kinds.items():
                with Packaged(task, libraries, world.environment, root / "log") as process:
                    imported = milliseconds(process, partial(Packaged.run, program=f"import {module}"))
                    first_ms, *later = [milliseconds(process, do) for _ in range(TIMES)]
                    peak = process.run(PEAK)
                print(f"{imported:7.0f} {first_ms:7.0f} {min(later):7.0f} {peak:8.0f}  {name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
