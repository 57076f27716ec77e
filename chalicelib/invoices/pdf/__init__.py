"""PDFs: documents drawn so that the same data gives the same bytes, in every script that names are written in.

`document`, `lines_table` and `totals` arrange the content, `layout` places it, `canvas` draws it (the door to
ReportLab), and `typeset`, `bidi`, `graphemes`, `typeface`, `embed` and `outline` typeset text. It reads no
tables.
"""
