"""Provide a browser for the tests of the portal: `python -m tests.browser`, which `make test` calls first.

The one for tests is Chromium without its windows: it takes a fifth of the processor's time. As root on Debian and its
derivatives it is installed if it is not there; elsewhere the Chromium or Chrome that is installed does, or the one that
Playwright downloads. If none of these works, it says so in one line and exits with 1.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, expect, sync_playwright

from tests.wait import SECONDS

WINDOWLESS = "chromium-headless-shell"
NAMES = (WINDOWLESS, "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
APT_GET = ("apt-get", "-o", "Acquire::Retries=0", "-o", "Acquire::http::Timeout=10")


def installed() -> str | None:
    """Return the path of the system's own browser, or of Playwright's; None if there is neither."""
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if found:
        return found
    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


@contextmanager
def launched() -> Iterator[Browser]:
    """Start the browser. What is expected of its pages may take as long as anything else in a test."""
    expect.set_options(timeout=SECONDS * 1000)
    path = installed()
    with (
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS)) as browser,
    ):
        yield browser


def _run(*command: str) -> bool:
    print("Getting a browser for the tests:", " ".join(command), flush=True)
    return subprocess.run(command, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0


def _install(package: str) -> bool:
    """Install a package of Debian, and tell whether that was possible."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return False
    install = (*APT_GET, "install", "-y", "--no-install-recommends", package)
    return _run(*install) or (_run(*APT_GET, "update") and _run(*install))


def get() -> bool:
    """Get a browser, and tell whether there is one now."""
    if shutil.which(WINDOWLESS) or _install(WINDOWLESS) or installed() or _install("chromium"):
        return True
    return _run(sys.executable, "-m", "playwright", "install", "chromium") and installed() is not None


if __name__ == "__main__":
    if not get():
        sys.exit("The portal's tests need a browser: install Chromium, or allow Playwright to download one")
