"""Run all measurements against a fresh emulator of AWS; print a table, and write `latest.json` and the README's."""

import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks import readme
from local.aws import Aws, start_aws

LATEST = Path(__file__).with_name("latest.json")
VERSIONS = (
    "boto3",
    "botocore",
    "chalice",
    "ministack",
    "msgspec",
    "pynamodb",
    "aws-lambda-powertools",
    "reportlab",
    "uharfbuzz",
    "fpdf2",
    "weasyprint",
)


def run(module: str, environment: dict[str, str]) -> dict[str, Any]:
    """Run a measurement as a process and return its figures."""
    done = subprocess.run(
        [sys.executable, "-m", module], env=environment, stdout=subprocess.PIPE, text=True, check=True
    )
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return figures


def machine() -> dict[str, Any]:
    """Describe the machine and the versions of the libraries."""
    return {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        "versions": {name: version(name) for name in VERSIONS},
    }


def measure(aws: Aws) -> dict[str, Any]:
    """Take all measurements."""
    environment = {**os.environ, **aws.environment}
    figures = {**run("benchmarks.imports", environment), **run("benchmarks.ledger", environment)}
    figures |= run("benchmarks.postings", environment)
    figures |= run("benchmarks.clients", environment)
    figures |= run("benchmarks.contention", environment)
    figures |= run("benchmarks.renewals", environment)
    figures |= run("benchmarks.invoices", environment)
    figures |= run("benchmarks.portal", environment)
    return {**figures, **run("benchmarks.auto_pay", environment)}


def main() -> None:
    """Measure, print, write."""
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as directory, start_aws(Path(directory)) as aws:
        figures = measure(aws)
    figures = {**figures, "seconds_taken": round(time.monotonic() - start), **machine()}
    LATEST.write_text(json.dumps(figures, indent=2) + "\n")
    readme.update(figures)
    table = Table("figure", "value")
    for name, value in figures.items():
        table.add_row(name, json.dumps(value))
    Console().print(table)


if __name__ == "__main__":
    main()
