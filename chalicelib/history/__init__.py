"""History: the ledger over HTTP.

It owns no data: transactions belong to the ledger. It presents them as JSON and as CSV, for programs and for
spreadsheets, says what they are called, and accepts the operator's adjustments, each posted once for its
Idempotency-Key. See docs/api.md.
"""
