"""The archives that are deployed to Lambda: what must not be in them, and what is added to them."""

import re
import subprocess
import tempfile
import zipfile
from pathlib import Path

_LOCAL_WHEEL = re.compile(r"^Tag: .*-linux_\w+$", re.MULTILINE)
_EPOCH = (1980, 1, 1, 0, 0, 0)
_MODE = 0o644 << 16


class LocalWheel(Exception):
    """An archive holds a wheel that was compiled on this machine, for this machine's libraries; it fails on Lambda."""


def refuse_local_wheels(archive: Path) -> None:
    """Raise LocalWheel if any distribution in the archive has a tag such as `linux_x86_64` (and not `manylinux`)."""
    with zipfile.ZipFile(archive) as content:
        wheels = [name for name in content.namelist() if name.endswith(".dist-info/WHEEL")]
        local = [name for name in wheels if _LOCAL_WHEEL.search(content.read(name).decode())]
    if local:
        names = ", ".join(sorted(Path(name).parent.name.removesuffix(".dist-info") for name in local))
        raise LocalWheel(f"{archive.name} holds wheels that were compiled here: {names}")


def add_bytecode(archive: Path, python: Path, mount: str) -> None:
    """Compile every module in the archive for its path under `mount`, so that a cold start does not have to.

    The compiled files are not checked against their sources: Lambda unpacks both with new times, and hashing is slow.
    """
    with tempfile.TemporaryDirectory() as directory:
        with zipfile.ZipFile(archive) as content:
            content.extractall(directory)
        compiler: list[str | Path] = [python, "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash"]
        subprocess.run([*compiler, "-s", directory, "-p", mount, directory], check=True, stdout=subprocess.DEVNULL)
        _write(archive, Path(directory))


def _write(archive: Path, directory: Path) -> None:
    # In order and without times: the same content gives the same archive, which is then not uploaded again.
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as content:
        for path in sorted(directory.rglob("*")):
            if path.is_file():
                entry = zipfile.ZipInfo(path.relative_to(directory).as_posix(), _EPOCH)
                entry.external_attr = _MODE
                content.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED)
