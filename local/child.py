"""Run a module in this process and end with the parent: `python -m local.child MODULE [ARGUMENT ...]`.

The parent holds the other end of standard input. When the parent ends, for whatever reason, the pipe closes and this
process stops as it does on SIGTERM. This works on every operating system, and the module needs no code for it.
"""

import importlib
import os
import runpy
import signal
import sys
import threading

CALLERS = {"local.api", "local.event_sources"}
"""The modules that run functions, in whose processes a run of the tests watches the calls to AWS."""
WATCHER = "LOCAL_WATCHER"
"""The environment variable that may name a module to import before one of them."""
GRACE_SECONDS = 20
"""How long the module may take to stop. The emulator of AWS writes its state in this time."""


def end_with_parent() -> None:
    """Wait for the parent's end of the pipe to close, then stop this process."""
    # Unbuffered: a thread that waits inside a buffered reader holds its lock, and the interpreter then fails on exit.
    while os.read(0, 1):
        pass
    threading.Timer(GRACE_SECONDS, os._exit, [1]).start()
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    threading.Thread(target=end_with_parent, daemon=True).start()
    module, *arguments = sys.argv[1:]
    sys.argv = [module, *arguments]
    if module in CALLERS and WATCHER in os.environ:
        importlib.import_module(os.environ[WATCHER])
    runpy.run_module(module, run_name="__main__", alter_sys=True)
