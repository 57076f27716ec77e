"""Pricing: what usage costs, by the price that is valid at the event's own time. Pure.

It is below `usage`, which reads events and posts what they cost.
"""
