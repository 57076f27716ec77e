"""Pricing: what usage costs a workspace, and what its client pays, by the prices valid at the event's own time.

It owns the table `rebilling`. It does not read events or post what they cost (`usage`).
"""
