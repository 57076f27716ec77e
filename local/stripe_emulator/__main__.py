"""Starts the emulator: `python -m local.stripe_emulator --port N ...`."""

from __future__ import annotations

import signal
import threading
from types import FrameType

from local.stripe_emulator import settings
from local.stripe_emulator.engine import Engine
from local.stripe_emulator.server import serve


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    engine = Engine(settings.read())
    server = serve(engine)

    def stop(_number: int, _frame: FrameType | None) -> None:
        threading.Thread(target=server.shutdown).start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    engine.start()
    print(f"Stripe emulator ready on {engine.settings.url}", flush=True)
    server.serve_forever()
    engine.stop()
    server.server_close()


if __name__ == "__main__":
    main()
