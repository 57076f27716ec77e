"""Measurements. `make bench` runs them all, prints a table, and writes `latest.json` and the README's figures."""
