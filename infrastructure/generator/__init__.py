"""Generates the files for Chalice and CloudFormation from `functions.toml` and `base.json`: `make functions`.

It owns `.chalice/` and `infrastructure/resources.json`, which are not edited by hand. The same entries always give the
same files.
"""
