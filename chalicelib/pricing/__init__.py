"""Pricing: what usage costs, by the price that holds at the event's own time. Pure.

It lies below `usage`, which reads events and posts what they cost: what decides how much is below what asks.
"""
