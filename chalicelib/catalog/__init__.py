"""The catalog: pricing as code. `catalog.toml` holds what things cost and which limits hold; `catalog.py` reads it.

It promises that what it hands out is consistent: every amount is exact, every price list is dated and in order. It does
not apply prices to events (`usage.price`) or limits to payments (`payments.top_up`).
"""
