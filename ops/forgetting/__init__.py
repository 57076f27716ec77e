"""Forget an account: its contact data goes, its books stay. What goes and what stays is decided in `ops.account_data`.

First everything that is still open is named, and nothing is done while there is any of it. Then the account is archived
and marked, so that nobody can act for it; what it knew of people is removed place by place. Each step can be repeated,
so a run that was cut off is simply started again, and a later run removes what came in meanwhile.
"""
