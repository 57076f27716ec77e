"""The real package: what `make package` builds, built once for a run, however many processes the tests have."""

import fcntl
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from infrastructure.package import ARCHIVES, Package, build_package, libraries_in
from tests.browser import launched
from tests.deployed.world import DeployedSystem
from tests.environment import use
from tests.portal.people import People
from tests.portal.site import Site


@dataclass(frozen=True)
class Unpacked:
    """What Lambda sees: the code in `/var/task`, the layer in `/opt`, and Python's folder of libraries in the layer."""

    task: Path
    opt: Path
    libraries: Path


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a directory that all processes of this run share."""
    base = tmp_path_factory.getbasetemp()
    return base if base.name.startswith("pytest-") else base.parent


@pytest.fixture(scope="session")
def package(processes: None, shared: Path) -> Package:
    """Build the package, or wait for the process that builds it."""
    directory = shared / "package"
    with (shared / "package.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        finished = shared / "package.finished"
        if not finished.exists():
            build_package(directory)
            finished.touch()
    return Package(directory)


@pytest.fixture(scope="session")
def unpacked(package: Package, tmp_path_factory: pytest.TempPathFactory) -> Unpacked:
    """Unpack the archives as Lambda does."""
    root = Path(tmp_path_factory.mktemp("unpacked"))
    for name, mount in ARCHIVES.items():
        with zipfile.ZipFile(package.directory / name) as archive:
            archive.extractall(root / mount.lstrip("/"))
    opt = root / "opt"
    return Unpacked(root / "var/task", opt, libraries_in(opt))


@pytest.fixture(scope="package")
def system(package: Package, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeployedSystem]:
    """Deploy the package into the emulator of AWS, as a person does."""
    with DeployedSystem(tmp_path_factory.mktemp("deployed"), package) as running:
        yield running


@pytest.fixture(scope="package")
def site(system: DeployedSystem) -> Iterator[Site]:
    """Return the deployed system, with the settings pointing at it, so that a test can call verbs itself."""
    with use(system.environment):
        yield Site(system)


@pytest.fixture(scope="package")
def browser(processes: None) -> Iterator[Browser]:
    with launched() as started:
        yield started


@pytest.fixture
def people(site: Site, browser: Browser) -> Iterator[People]:
    """Let people open the portal, each with a browser of their own."""
    coming = People(site, browser)
    yield coming
    coming.leave()
