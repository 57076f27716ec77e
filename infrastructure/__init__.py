"""What is deployed: the resources, the package, and the checks that both have to pass.

`resources.json` is the one definition of the tables, queues, bucket, bus and alarms, and of what Chalice's own template
does not say about its functions. `chalice package` merges it into that template; `local/` deploys it into an emulator.
"""
