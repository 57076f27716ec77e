"""Invoices for payments, and credit notes for refunds.

It owns the table `invoices` and the bucket of the same name. It promises: every succeeded payment has one invoice and
every refund one credit note, however often and from however many places they are requested; if a refund is returned,
an invoice takes back its credit note; an account's numbers have no gaps; a document's content is fixed when it is
issued; the lines and the tax add up to the total, to the micro; and drawing a document always gives the same bytes.

`invoice`, `number`, `mailing` and `bundle` hold the rules (pure), `table`, `mailing_table`, `bundle_table`,
`bundle_queue` and `archive` are the doors, `issue`, `issue_credit_note`, `issue_missing`, `find`, `download`,
`make_bundle` and `brand` are the operations, and `pdf/` draws. It moves no money and decides no
prices. See docs/invoices.md.
"""
