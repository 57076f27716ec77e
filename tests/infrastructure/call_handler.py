"""Calls a function as Lambda does: `python -m tests.infrastructure.call_handler NAME EVENT`."""

import json
import sys

from tests.functions import call
from tests.rights import recorder

recorder.install()
_, name, event = sys.argv
print(json.dumps(call(name, json.loads(event))))
