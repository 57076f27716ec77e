"""Statements: what a wallet had at the beginning of a month, what moved it, and what it had at the end.

It owns no table: a statement is made of the ledger's totals when somebody asks for it. It promises: the opening balance
and the credits less the debits are the closing balance, and with all that came later the wallet's balance, to the
micro, or there is no statement; every figure is of the time of the events, in UTC; and the same statement always gives
the same bytes.

`month_statement` has the values and their rules (pure), `read_statement` reads them, `view`, `statement_csv` and
`statement_pdf` present them. See docs/invoices.md.
"""
