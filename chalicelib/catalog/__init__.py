"""The catalog: pricing as code. `catalog.toml` has the prices and the limits, and `catalog.py` reads it. Pure.

It promises that the catalog it returns is consistent: every amount is exact, every price list is dated and in order. It
does not price events (`pricing`) or limit payments (`payments.top_up`).
"""
