"""Invoices: the paper for everything that is paid, and credit notes for what is paid back.

It owns the table `invoices` and the bucket of the same name. It promises: every succeeded payment has one invoice and
every refund one credit note, which an invoice takes back if the refund comes back, however often and at however many
places it is asked for; the numbers of an account have no gaps; what a document says is fixed when it is issued; the
lines with the tax are the total to the micro; and a document is drawn to the same bytes whenever it is drawn.

`invoice` and `number` hold the rules (pure), `table` and `archive` are the doors, `issue`, `issue_credit_note`,
`issue_missing`, `find`, `download` and `brand` are what is done, and `pdf/` draws. It moves no money
and decides no prices. See docs/invoices.md.
"""
