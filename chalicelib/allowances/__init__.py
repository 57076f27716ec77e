"""Allowances: what a workspace lets a client use free of charge each month (UTC).

It owns the table `allowances`. It promises: a month's allowance is credited once, when the month's first usage is
posted, and a day after the month what was not used of it is debited once; both are plain postings, with the ids
`allowance/2026-11` and `allowance-end/2026-11`. Both can be repeated and cut off anywhere.

How high it is, is one of the settings of rebilling (`pricing`).
"""
