"""The template as it is deployed: made once for the run by Chalice, with the resources merged in."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from infrastructure import aliases
from infrastructure.generator.files import STAGE
from infrastructure.lint_template import REGION, translate
from infrastructure.package import ROOT
from local.aws import start_aws
from local.ports import HOST, free_port
from local.processes import Processes, http_answers
from local.stripe_emulator.client import Emulator
from local.stripe_emulator.process import CONNECT_WEBHOOK_SECRET, WEBHOOK_SECRET
from tests.infrastructure.guarded import API_POLICY, Client, Guarded, emulator_keys

Template = dict[str, Any]
CHALICE = [sys.executable, "-c", "from chalice.cli import main; main()"]


@pytest.fixture(scope="session")
def template_file(processes: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Package the template. The libraries, which it says nothing about, are left out: they take a minute."""
    project = Path(tmp_path_factory.mktemp("project"))
    for name in ("chalicelib", ".chalice", "infrastructure"):
        shutil.copytree(ROOT / name, project / name, ignore=shutil.ignore_patterns("deployments", "__pycache__"))
    shutil.copy(ROOT / "app.py", project)
    (project / "requirements.txt").touch()
    command = [*CHALICE, "package", "--stage", STAGE, "--merge-template", "infrastructure/resources.json", "out"]
    environment = {**os.environ, "AWS_DEFAULT_REGION": REGION, "PYTHONDONTWRITEBYTECODE": "1"}
    subprocess.run(command, cwd=project, env=environment, check=True, capture_output=True)
    aliases.rewrite(project / "out" / "sam.json")
    return project / "out" / "sam.json"


@pytest.fixture(scope="session")
def template(template_file: Path) -> Template:
    """Return the packaged template."""
    read: Template = json.loads(template_file.read_text())
    return read


@pytest.fixture(scope="session")
def translated(template: Template) -> Template:
    """Return the template as CloudFormation sees it, after SAM's own translation."""
    return translate(template)


@pytest.fixture(scope="module")
def api_port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def guarded(processes: None, tmp_path_factory: pytest.TempPathFactory, api_port: int) -> Iterator[Guarded]:
    webhook_url = f"http://{HOST}:{api_port}/webhooks/stripe"
    with (
        start_aws(Path(tmp_path_factory.mktemp("guarded")), keys=emulator_keys(), guarded=True) as aws,
        Emulator(
            webhook_url=webhook_url,
            webhook_secret=WEBHOOK_SECRET,
            connect_webhook_url=f"{webhook_url}-connect",
            connect_webhook_secret=CONNECT_WEBHOOK_SECRET,
        ) as stripe,
    ):
        deployment = aws.deploy("guarded")
        # It only says "not without TLS", which nothing on this machine has.
        for bucket in ("INVOICES_BUCKET", "AUDIT_BUCKET"):
            aws.client("s3").delete_bucket_policy(Bucket=deployment.environment[bucket])
        yield Guarded(aws, deployment, stripe)


@pytest.fixture(scope="module")
def client(guarded: Guarded, api_port: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with Processes(Path(tmp_path_factory.mktemp("api"))) as processes:
        url = f"http://{HOST}:{api_port}"
        processes.start(
            "local.api",
            *("--port", str(api_port)),
            environment=guarded.environment(API_POLICY),
            answers=http_answers(f"{url}/health"),
        )
        yield Client(url, guarded.aws.keys.token("operator", "operator"))
        assert "AccessDenied" not in processes.children[0].log.read_text()


@pytest.fixture(scope="module")
def account(client: Client) -> str:
    workspace = {"kind": "workspace", "name": "Acme", "email": "billing@acme.example", "currency": "usd"}
    client.ask("PUT", "/v1/accounts/acme", workspace, expect=201)
    return "/v1/accounts/acme"
