"""The Python interpreter that packages the project: the Lambda runtime is the version that ran `chalice package`."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

VERSIONS = ("3.13", "3.12")
"""The runtimes for which every dependency has wheels, the preferred one first."""
_PROBE = "import sys, venv, ensurepip; print(sys.executable, *sys.version_info[:2])"
_PROBE_SECONDS = 20


class NoInterpreter(Exception):
    """None of the Python versions that can package the project is installed on this machine."""


def find_interpreter() -> tuple[Path, str]:
    """Return an interpreter that works, and its version. Raises NoInterpreter."""
    for version in VERSIONS:
        for candidate in _candidates(version):
            found = _probe(candidate, version)
            if found:
                return found, version
    raise NoInterpreter(f"packaging needs one of Python {', '.join(VERSIONS)}, with its venv module")


def _candidates(version: str) -> Iterator[Path]:
    on_path = shutil.which(f"python{version}")
    if on_path:
        yield Path(on_path)
    # A version manager's own copies run even if its shim on the path does not.
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    yield from sorted(pyenv.glob(f"{version}.*/bin/python{version}"), reverse=True)
    uv = Path(os.environ.get("UV_PYTHON_INSTALL_DIR") or Path.home() / ".local/share/uv/python")
    yield from sorted(uv.glob(f"cpython-{version}.*/bin/python{version}"), reverse=True)


def _probe(candidate: Path, version: str) -> Path | None:
    try:
        answer = subprocess.run(
            [candidate, "-c", _PROBE], capture_output=True, text=True, check=True, timeout=_PROBE_SECONDS
        )
    except (OSError, subprocess.SubprocessError):
        return None
    executable, major, minor = answer.stdout.rsplit(maxsplit=2)
    return Path(executable) if f"{major}.{minor}" == version else None
