"""The packaged code between emulators, with its own libraries alone: the functions run in a process of its Python."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from local.aws import Aws, start_aws
from local.ports import HOST
from local.resources import Deployment
from local.stripe_emulator.client import Emulator
from tests.deployed.conftest import Unpacked
from tests.deployed.libraries.packaged import Packaged, PackagedClient
from tests.infrastructure.guarded import emulator_keys


@dataclass(frozen=True)
class World:
    """An emulator of AWS with the project's resources, and one of Stripe, around the packaged code."""

    aws: Aws
    stripe: Emulator
    deployment: Deployment

    @property
    def environment(self) -> Mapping[str, str]:
        """Return the environment of the code."""
        return {
            **os.environ,
            **self.deployment.environment,
            "STRIPE_API_BASE": self.stripe.url,
            "PORTAL_BASE_URL": f"http://{HOST}",
            "MAIL_FROM": "billing@example.com",
            "STRIPE_CONNECT_ONBOARDING": "on",
        }


@pytest.fixture(scope="session")
def world(processes: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with start_aws(Path(tmp_path_factory.mktemp("world")), keys=emulator_keys()) as aws, Emulator() as stripe:
        yield World(aws, stripe, aws.deploy("packaged"))


@pytest.fixture(scope="session")
def packaged(unpacked: Unpacked, world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Packaged]:
    """Run the package's code, with nothing else to import."""
    log = tmp_path_factory.mktemp("packaged") / "log"
    with Packaged(unpacked.task, unpacked.libraries, world.environment, log) as process:
        yield process


@pytest.fixture(scope="session")
def client(packaged: Packaged, world: World) -> PackagedClient:
    return PackagedClient(packaged, world.aws.keys.token("operator", "operator"))
