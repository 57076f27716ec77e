"""ministack, the emulator of AWS, behind a faster server and with a memory: it takes a third of its own time.

Its own server takes as long for a call as all else that the call needs, and it reads the expressions of a query anew
for each row that the query looks at. Where it runs deployed functions, it does so with the interpreter of
`FUNCTIONS_PYTHON`.
"""

import hashlib
import os
import shutil
import tempfile
import zipfile
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import uvicorn
from ministack.core import lambda_runtime
from ministack.services import dynamodb

KEEP_ALIVE_SECONDS: Final = 75
STOP_SECONDS: Final = 3
"""How long calls in progress, such as one that waits for a message, may take when it is told to stop."""

READERS: Final = ("_tokenize", "_condition_syntax_error")
"""What reads an expression, and depends on its text alone."""


def remember(module: ModuleType, names: tuple[str, ...]) -> None:
    """Keep what these functions return."""
    for name in names:
        setattr(module, name, cache(getattr(module, name)))


class SharedArchive(zipfile.ZipFile):
    """An archive that is unpacked once: wherever else it is unpacked to, links lead there.

    Each process that runs a function unpacks the code and the layer anew, which takes longer than all else it does.
    """

    unpacked: Path
    """Where archives are unpacked, each into a directory with the hash of its content as its name."""

    def extractall(self, path: Any = None, members: Any = None, pwd: bytes | None = None) -> None:
        """Link what the archive holds into `path`, which must be empty."""
        with Path(str(self.filename)).open("rb") as file:
            content = self.unpacked / hashlib.file_digest(file, "sha256").hexdigest()
        if not content.exists():
            draft = Path(tempfile.mkdtemp(dir=self.unpacked))
            super().extractall(draft)
            try:
                draft.rename(content)
            except OSError:  # somebody else was faster
                shutil.rmtree(draft)
        for entry in content.iterdir():
            (Path(path) / entry.name).symlink_to(entry)


class _Archives:
    """Stands for `zipfile` where functions are unpacked."""

    ZipFile = SharedArchive
    BadZipFile = zipfile.BadZipFile
    LargeZipFile = zipfile.LargeZipFile
    # The name by which ministack catches the one above.
    LargeFileError = zipfile.LargeZipFile


def run_functions_with(interpreter: str, unpacked: Path) -> None:
    """Run the functions with an interpreter that has no library but those of their layers, as Lambda does.

    Otherwise they would run with this one, and its libraries would come before the layer's.
    """
    unpacked.mkdir(parents=True, exist_ok=True)
    SharedArchive.unpacked = unpacked
    lambda_runtime.zipfile = _Archives
    worker = lambda_runtime._detect_runtime_binary("python3.13")[1]  # noqa: SLF001
    lambda_runtime._detect_runtime_binary = lambda runtime: (interpreter, worker)  # noqa: SLF001, ARG005


def main() -> None:
    """Serve it at `BIND_HOST` and `GATEWAY_PORT` until the process is told to stop; it then saves its state."""
    remember(dynamodb, READERS)
    if interpreter := os.environ.get("FUNCTIONS_PYTHON"):
        run_functions_with(interpreter, Path(os.environ["STATE_DIR"]) / "unpacked")
    uvicorn.run(
        "ministack.app:app",
        host=os.environ["BIND_HOST"],
        port=int(os.environ["GATEWAY_PORT"]),
        loop="uvloop",
        http="httptools",
        log_level=os.environ["LOG_LEVEL"].lower(),
        access_log=False,
        proxy_headers=False,
        # AWS sends no Server; ministack sends a Date of its own.
        server_header=False,
        date_header=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=STOP_SECONDS,
    )


if __name__ == "__main__":
    main()
