"""The deployed system: the package, by the project's own command, in the emulator of AWS, behind its stage's path.

Nothing of it runs in this process or from this tree: the functions are those of the archives, each with the libraries
of the layer alone, and with the environment that the template gives it. What they find beside it are the addresses of
the emulators, as on AWS they find those of AWS and Stripe.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any

from infrastructure.interpreters import find_interpreter
from infrastructure.package import Package
from local.aws import Aws, start_aws
from local.mailbox import open_mailbox
from local.ports import HOST, free_port
from local.processes import ROOT
from local.resources import CREDENTIALS, REGION
from local.system import System
from tests.deployed.gateway import STAGE, Gateway

STAGE_NAME = "dev"
STACK = "billing-portal-dev"
PARAMETERS = {
    "UsageVisibilityTimeout": "20",
    "UsageMaxReceiveCount": "2",
    "UsageBatchWindow": "1",
    "MailDelay": "0",
    "MailFrom": "billing@example.com",
    "MailIdentity": "example.com",
    "StripeConnectClientId": "ca_emulator",
    "StripeConnectOnboarding": "on",
}


class DeployedSystem(System):
    """The deployed system, which tests use as they use that of `make run`."""

    def __init__(self, directory: Path, package: Package) -> None:
        super().__init__(directory)
        self.package = package
        self.gateway_port = free_port()
        self.url = f"http://{HOST}:{self.gateway_port}{STAGE}"
        self.deploy_output = ""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.gateway.__exit__()
        super().__exit__(kind, error, trace)

    @property
    def aws_endpoint(self) -> str:
        return self.aws.endpoint

    @property
    def environment(self) -> Mapping[str, str]:
        """Return what the API's function has, and the addresses of the emulators, which it finds beside that."""
        given = self.configuration("APIHandler")["Environment"]["Variables"]
        return {**given, **self.beside, **CREDENTIALS, "AWS_ENDPOINT_URL": self.aws.endpoint}

    @property
    def beside(self) -> Mapping[str, str]:
        return {"STRIPE_API_BASE": self.stripe_url, "AWS_DEFAULT_REGION": REGION, "AWS_REGION": REGION}

    @cached_property
    def outputs(self) -> Mapping[str, str]:
        stack = self.aws.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"][0]
        return {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}

    @cached_property
    def resources(self) -> Mapping[str, str]:
        """Return the physical id of each resource of the stack."""
        pages = self.aws.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=STACK)
        return {
            each["LogicalResourceId"]: each["PhysicalResourceId"]
            for page in pages
            for each in page["StackResourceSummaries"]
        }

    @property
    def usage_queue_url(self) -> str:
        return self.outputs["UsageQueueUrl"]

    def configuration(self, function: str) -> Any:
        """Return the configuration of the version of a function that is live."""
        return self.aws.client("lambda").get_function_configuration(
            FunctionName=self.resources[function], Qualifier="live"
        )

    def command(self, *arguments: str) -> str:
        """Run a command of the project's deployment and return what it prints."""
        done = subprocess.run(
            [sys.executable, "-m", "infrastructure.deploy", *arguments],
            cwd=ROOT,
            env={**os.environ, **CREDENTIALS, **self.beside, "AWS_ENDPOINT_URL": self.aws.endpoint},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def deploy(self, **parameters: str) -> str:
        """Deploy as a person does."""
        settings = [f"--set={name}={value}" for name, value in parameters.items()]
        return self.command("deploy", STAGE_NAME, "--yes", f"--template={self.package.template}", *settings)

    def _start(self) -> None:
        functions = {"FUNCTIONS_PYTHON": str(find_interpreter()[0]), "STRIPE_API_BASE": self.stripe_url}
        self.aws: Aws = start_aws(
            self.directory, port=self.ports.aws, processes=self.processes, keys=self.keys, environment=functions
        )
        open_mailbox(self.aws.endpoint)
        secret = json.dumps(dict(self.keys.secret))
        self.aws.client("secretsmanager").create_secret(Name=STACK, SecretString=secret)
        self._start_stripe()
        self.gateway = Gateway(HOST, self.gateway_port, self.aws.endpoint).__enter__()
        self.deploy_output = self.deploy(PortalBaseUrl=self.url, **PARAMETERS)
        self.gateway.api_id = self.outputs["RestAPIId"]
