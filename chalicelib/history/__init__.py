"""History: the ledger over HTTP.

It owns nothing: transactions are the ledger's. It shows them as JSON and as CSV, for programs and for spreadsheets, and
takes the operator's adjustments, each posted once for its key. See docs/api.md.
"""
