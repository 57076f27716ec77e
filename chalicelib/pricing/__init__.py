"""Pricing: what usage costs, by the price that is valid at the event's own time. Pure.

It does not read events or post what they cost (`usage`).
"""
