"""Drawing a document: a page one is glad to send to a client. The same data gives the same bytes."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Final

from babel import Locale

from chalicelib.invoices.figures import EN_DASH, Figures, brand, figures
from chalicelib.invoices.ink import Ink
from chalicelib.invoices.invoice import Invoice, Party
from chalicelib.invoices.lines_table import LinesTable
from chalicelib.invoices.sheet import BODY, INK, LABEL, MUTED, STRONG, Sheet, Style, page_for, readable
from chalicelib.invoices.typeface import BOLD
from chalicelib.invoices.words import Words, language_of, words

BAR: Final = 7.0
LOGO: Final = (170.0, 44.0)
TITLE: Final = 21.0
PAID: Final = "#187a4a"
REFUNDED: Final = "#8a5300"
COLUMN_GAP: Final = 24.0
FOOTER: Final = 40.0
PARTS: Final = 0.52
"""Where the right half begins, as a part of the width."""

Pairs = Sequence[tuple[str, str]]


def draw(invoice: Invoice, logo: bytes | None) -> bytes:
    """Draw an invoice or a credit note as a PDF."""
    return Document(invoice, logo).draw()


class Document:
    """One document on its way to paper."""

    def __init__(self, invoice: Invoice, logo: bytes | None) -> None:
        self.invoice, self.logo = invoice, logo
        self.words: Words = words(invoice.locale)
        self.figures: Figures = figures(invoice.locale)
        self.accent = invoice.seller.color
        self.sheet = Sheet(page_for(invoice.buyer.country, invoice.locale), invoice.locale)
        self.is_credit = invoice.kind == "credit_note"

    @property
    def title(self) -> str:
        """Return what the document is called."""
        return self.words.titles[self.invoice.kind]

    def draw(self) -> bytes:
        """Lay the document out, then draw it page by page: only then is it known how many there are."""
        self._head()
        self._dates()
        self._parties()
        self._statement()
        LinesTable(self.sheet, self.invoice, self.words, self.figures, self.accent).put(self._next_page)
        self._totals()
        self._details()
        seller = self.invoice.seller.name
        ink = Ink(
            self.sheet.page,
            title=f"{self.title} {self.invoice.number}{EN_DASH}{seller}",
            author=seller,
            language=language_of(self.invoice.locale),
            at_ms=self.invoice.issued_at_ms,
        )
        for number, marks in enumerate(self.sheet.pages, 1):
            self._foot(number)
            for mark in marks:
                mark(ink)
            ink.end_page()
        return ink.finish()

    def _bar(self) -> None:
        width, height = self.sheet.page
        self.sheet.mark(partial(Ink.box, x=0, y=height - BAR, width=width, height=BAR, color=self.accent))

    def _head(self) -> None:
        sheet, style = self.sheet, Style(15, BOLD, readable(self.accent))
        self._bar()
        top = sheet.y
        if self.logo:
            sheet.mark(
                partial(Ink.picture, png=self.logo, x=sheet.left, y=top - LOGO[1], width=LOGO[0], height=LOGO[1])
            )
            below = top - LOGO[1]
        else:
            below = sheet.put_block(
                sheet.wrap(self.invoice.seller.name, sheet.width * PARTS, style), sheet.left, top, style
            )
        sheet.put_right(self.title, sheet.right, top - TITLE * 0.85, Style(TITLE, BOLD, readable(self.accent)))
        sheet.put_right(self.invoice.number, sheet.right, top - TITLE * 0.85 - 17, Style(10.5, color=MUTED))
        sheet.y = min(below, top - 44) - 22

    def _dates(self) -> None:
        labels, invoice = self.words.labels, self.invoice
        pairs = [(labels["issued"], self.figures.date(invoice.issued_at_ms))]
        if invoice.paid:
            label = labels["refunded_at" if self.is_credit else "paid_at"]
            pairs.append((label, self.figures.date(invoice.paid.at_ms)))
        if invoice.credits:
            pairs.append((labels["credits" if self.is_credit else "takes_back"], invoice.credits))
        if invoice.period:
            pairs.append((labels["period"], self.figures.period(invoice.period)))
        self._columns(pairs)

    def _columns(self, pairs: Pairs) -> None:
        """Put labels with their values side by side; the third begins where the right half does."""
        sheet, ends = self.sheet, []
        places = [sheet.width * place for place in (0, PARTS / 2, PARTS, PARTS + (1 - PARTS) / 2)]
        for place, (label, value) in zip(places, pairs, strict=False):
            x, is_last = sheet.left + place, (label, value) == pairs[-1]
            width = sheet.right - x if is_last else sheet.width * PARTS / 2 - COLUMN_GAP / 2
            below = sheet.put_block([sheet.set(label, LABEL)], x, sheet.y, LABEL)
            ends.append(sheet.put_block(sheet.wrap(value, width, BODY), x, below, BODY))
        sheet.y = min(ends) - 18

    def _parties(self) -> None:
        sheet, labels = self.sheet, self.words.labels
        middle = sheet.left + sheet.width * PARTS
        width = sheet.width * (1 - PARTS)
        sides = ((labels["from"], self.invoice.seller, sheet.left), (labels["bill_to"], self.invoice.buyer, middle))
        sheet.y = min([self._party(label, party, x, width) for label, party, x in sides]) - 30

    def _party(self, label: str, party: Party, x: float, width: float) -> float:
        sheet = self.sheet
        y = sheet.put_block([sheet.set(label, LABEL)], x, sheet.y, LABEL)
        y = sheet.put_block(sheet.wrap(party.name, width, STRONG), x, y, STRONG)
        for text in self._address(party):
            y = sheet.put_block(sheet.wrap(text, width, BODY), x, y, BODY)
        return y

    def _address(self, party: Party) -> Iterator[str]:
        yield from party.address
        if party.country:
            yield Locale(language_of(self.invoice.locale)).territories.get(party.country, party.country)
        if party.tax_id:
            yield f"{self.words.labels['tax_id']}: {party.tax_id}"
        if party.email:
            yield party.email

    def _statement(self) -> None:
        """Say in one line what the document is about, with a stamp when nothing is left to be done."""
        invoice, sheet, style = self.invoice, self.sheet, Style(14, BOLD)
        amount = self.figures.amount(invoice.total_micros, invoice.currency)
        if invoice.paid is None:
            text = self.words.due.format(amount=amount)
        else:
            pattern = self.words.refunded_on if self.is_credit else self.words.paid_on
            text = pattern.format(amount=amount, date=self.figures.date(invoice.paid.at_ms))
            self._stamp()
        lines = sheet.wrap(text, sheet.width * 0.75, style)
        sheet.y = sheet.put_block(lines, sheet.left, sheet.y, style) - 20

    def _stamp(self) -> None:
        sheet = self.sheet
        color = REFUNDED if self.is_credit else PAID
        style = Style(10, BOLD, color)
        text = sheet.set(self.words.labels["stamp_refunded" if self.is_credit else "stamp_paid"], style)
        width = text.points(style.size) + 18
        sheet.mark(partial(Ink.frame, x=sheet.right - width, y=sheet.y - 20, width=width, height=20, color=color))
        sheet.put(text, sheet.right - width + 9, sheet.y - 13.6, style)

    def _next_page(self) -> None:
        sheet = self.sheet
        sheet.new_page()
        self._bar()
        sheet.put_left(f"{self.title} {self.invoice.number}", sheet.left, sheet.y + 8, LABEL)
        sheet.put_right(self.invoice.seller.name, sheet.right, sheet.y + 8, LABEL)
        sheet.y -= 8

    def _totals(self) -> None:
        rows = list(self._sums())
        sheet = self.sheet
        height = sum(style.leading + 6 for _, _, style in rows) + 34
        if not sheet.has_room(height):
            self._next_page()
        sheet.y -= 10
        x = sheet.left + sheet.width * PARTS
        for place, (label, amount, style) in enumerate(rows):
            if place and style.weight == BOLD:
                sheet.rule(x, sheet.y - 1, sheet.right - x)
            y = sheet.y - style.leading - 1
            sheet.put_left(label, x, y, style)
            sheet.put_right(amount, sheet.right, y, style)
            sheet.y -= style.leading + 6
        sheet.y -= 24

    def _sums(self) -> Iterator[tuple[str, str, Style]]:
        """Yield what follows the lines: label, amount, style."""
        invoice, labels = self.invoice, self.words.labels
        total, tax = Style(11, BOLD), invoice.tax

        def amount(micros: int) -> str:
            return self.figures.amount(micros, invoice.currency)

        if tax and not tax.inclusive:
            yield labels["subtotal"], amount(invoice.subtotal_micros), BODY
            yield self._tax(self.words.tax_added), amount(tax.amount_micros), BODY
        yield labels["credited" if self.is_credit else "total"], amount(invoice.total_micros), total
        if tax and tax.inclusive:
            muted = Style(color=MUTED)
            yield self._tax(self.words.tax_included), amount(tax.amount_micros), muted
            yield labels["net"], amount(invoice.total_micros - tax.amount_micros), muted
        if not self.is_credit:
            yield labels["paid"], amount(invoice.total_micros - invoice.due_micros), BODY
            yield labels["balance_due"], amount(invoice.due_micros), STRONG

    def _tax(self, pattern: str) -> str:
        tax = self.invoice.tax
        return pattern.format(name=tax.name, rate=self.figures.rate(tax.rate_micros)) if tax else ""

    def _details(self) -> None:
        sheet, pairs = self.sheet, [(label, text) for label, text in self._facts() if text]
        label_width = max(sheet.set(label, LABEL).points(LABEL.size) for label, _ in pairs) + 14
        blocks = [(label, sheet.wrap(text, sheet.width - label_width, LABEL)) for label, text in pairs]
        height = STRONG.leading + sum(len(lines) * LABEL.leading + 1.5 for _, lines in blocks) + LABEL.leading + 10
        if not sheet.has_room(height):
            self._next_page()
        sheet.y = sheet.put_block([sheet.set(self.words.labels["details"], STRONG)], sheet.left, sheet.y, STRONG) - 3
        for label, lines in blocks:
            sheet.put_block([sheet.set(label, LABEL)], sheet.left, sheet.y, LABEL)
            fact = Style(LABEL.size, color=INK)
            sheet.y = sheet.put_block(lines, sheet.left + label_width, sheet.y, fact) - 1.5
        sheet.y = sheet.put_block([sheet.set(self.words.utc, LABEL)], sheet.left, sheet.y - 6, LABEL)

    def _facts(self) -> Iterator[tuple[str, str | None]]:
        invoice, labels = self.invoice, self.words.labels
        if invoice.paid:
            card = self.words.card.format(brand=brand(invoice.paid.brand), last_four=invoice.paid.last_four)
            yield labels["refund_method" if self.is_credit else "method"], card
        yield labels["reason"], invoice.reason
        yield labels["reference"], invoice.payment_id
        if invoice.paid:
            yield labels["payment_intent"], invoice.paid.payment_intent_id
            yield labels["charge"], invoice.paid.charge_id
            yield labels["refund"], invoice.paid.refund_id

    def _foot(self, number: int) -> None:
        """Add a page's foot: who sends it, and which page of how many it is."""
        sheet, seller = self.sheet, self.invoice.seller
        sheet.turn_to(number)
        sheet.rule(sheet.left, FOOTER + 14, sheet.width)
        known = [seller.name, seller.tax_id, seller.email]
        whole = sheet.wrap(" · ".join(each for each in known if each), sheet.width - 60, LABEL)
        sheet.put(whole[0], sheet.left, FOOTER, LABEL)
        page = self.words.page.format(page=number, pages=len(sheet.pages))
        sheet.put_right(page, sheet.right, FOOTER, LABEL)
