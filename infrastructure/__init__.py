"""What is deployed: the resources, the package, and the checks that both have to pass.

`functions.toml` and `base.json` are the one definition of functions, tables, queues, buckets, bus and alarms. From them
`generator/` generates `resources.json` and the policies in `.chalice/`; `chalice package` merges `resources.json` into
its own template, and `local/` deploys it into an emulator.
"""
