"""Calls a handler of the app as Lambda does: `python -m tests.infrastructure.call_handler NAME EVENT`."""

import json
import sys

from app import app

_, name, event = sys.argv
print(json.dumps(app.handler_map[name](json.loads(event), None)))
