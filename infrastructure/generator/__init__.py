"""Makes what Chalice and CloudFormation read of `functions.toml` and `base.json`: `make functions`.

It owns `.chalice/` and `infrastructure/resources.json`, which nobody edits. The same entries make the same files.
"""
