"""Provide a browser for the tests of the portal: `python -m tests.browser`, which `make test` calls first.

It uses the Chromium or Chrome that is installed; else, as root on Debian and its derivatives, it installs theirs; else
it lets Playwright download one. If none of these works, it says so in one line and exits with 1.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
APT_GET = ("apt-get", "install", "-y", "--no-install-recommends", "chromium")


def installed() -> str | None:
    """Return the path of the system's own browser, or of Playwright's; None if there is neither."""
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if found:
        return found
    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def _run(*command: str) -> bool:
    print("Getting a browser for the tests:", " ".join(command), flush=True)
    return subprocess.run(command, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0


def get() -> bool:
    """Get a browser, and tell whether there is one now."""
    if installed():
        return True
    if os.geteuid() == 0 and shutil.which("apt-get"):
        _run("apt-get", "update")
        if _run(*APT_GET) and installed():
            return True
    return _run(sys.executable, "-m", "playwright", "install", "chromium") and installed() is not None


if __name__ == "__main__":
    if not get():
        sys.exit("The portal's tests need a browser: install Chromium, or allow Playwright to download one")
