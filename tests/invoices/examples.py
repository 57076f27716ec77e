"""The documents that every drawing test draws."""

from tests.invoices.documents import arabic, invoice, many_lines, note, yen

EXAMPLES = {
    "one line": invoice,
    "200 lines": lambda: invoice(lines=many_lines(200)),
    "arabic": arabic,
    "yen": yen,
    "credit note": note,
}
