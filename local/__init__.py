"""The whole system on one machine: what `make run` starts, and what the tests start on free ports.

Owns the processes, their ports and their state in `.local/`. It runs the code that is deployed, unchanged, against
emulators of AWS and Stripe; nothing here is ever deployed, and nothing that is deployed imports it.
"""
