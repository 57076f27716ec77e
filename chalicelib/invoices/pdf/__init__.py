"""PDFs: documents drawn so that the same data gives the same bytes, in every script that names are written in.

`document` and `lines_table` say what stands where, `layout` and `canvas` put it there (the door to ReportLab), and
`typeset`, `bidi`, `graphemes`, `typeface`, `embed` and `outline` set text in type. It knows no payments and no tables.
"""
