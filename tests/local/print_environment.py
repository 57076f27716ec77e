"""Prints what a child sees of the AWS variables, and ends."""

import os

for name in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID"):
    print(f"{name}: {os.environ.get(name)}")
