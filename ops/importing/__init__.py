"""Import accounts, opening balances, history and Stripe customers from another system.

A file is CSV or JSON lines. It is first staged, row by row, in a small database beside it: there bad rows are named
and repeated rows are found, before anything is posted. Then the staged rows are carried out, and each outcome is noted.
The note only saves time: what is carried out is safe to repeat, because each row's event has an id of its own in the
ledger, so a run that was killed is simply started again. A bad row never keeps back good ones.
"""
