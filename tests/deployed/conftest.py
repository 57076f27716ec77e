"""The real package: what `make package` builds, built once for a run, however many processes the tests have."""

import fcntl
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from infrastructure.package import ARCHIVES, Package, build_package


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
    return Unpacked(root / "var/task", opt, next(opt.glob("python/lib/python3.*/site-packages")))
