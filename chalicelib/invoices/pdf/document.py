"""Drawing a document as a PDF. The same data gives the same bytes."""

from collections.abc import Iterator
from functools import partial
from typing import Final

from chalicelib.i18n.words import parse_locale
from chalicelib.invoices.invoice import Invoice, Party
from chalicelib.invoices.pdf.canvas import PdfCanvas
from chalicelib.invoices.pdf.layout import (
    BODY,
    GAP,
    INK,
    LABEL,
    MUTED,
    RIGHT_HALF,
    STRONG,
    WIDEST,
    Column,
    Row,
    Sheet,
    Style,
    height_of,
    page_for,
    readable,
)
from chalicelib.invoices.pdf.lines_table import LinesTable
from chalicelib.invoices.pdf.totals import Totals
from chalicelib.invoices.pdf.typeface import BOLD
from chalicelib.invoices.words import EN_DASH, TITLES, Words
from chalicelib.payments.card_name import card_name

BAR: Final = 7.0
LOGO: Final = (170.0, 44.0)
TITLE: Final = 21.0
PAID: Final = "#187a4a"
REFUNDED: Final = "#8a5300"
STAMP: Final = 20.0
STAMP_PADDING: Final = 9.0
COLUMN_GAP: Final = 24.0
FOOT: Final = 37.6
"""Where the foot begins, in points above the bottom of the page."""


def draw(invoice: Invoice, logo: bytes | None) -> bytes:
    """Draw an invoice or a credit note as a PDF."""
    return Document(invoice, logo).draw()


class Document:
    """One document while it is drawn."""

    def __init__(self, invoice: Invoice, logo: bytes | None) -> None:
        self.invoice, self.logo = invoice, logo
        self.words: Words = Words(invoice.locale)
        self.accent = invoice.seller.color
        self.sheet = Sheet(page_for(invoice.buyer.country, invoice.locale), invoice.locale)
        self.is_credit = invoice.kind == "credit_note"

    @property
    def title(self) -> str:
        """Return the title of the document."""
        return self.words.say(TITLES[self.invoice.kind])

    def draw(self) -> bytes:
        """Lay the document out, then draw it: the number of pages is known only after the layout."""
        foot = self._foot()
        self.sheet.heads.append(self._running_head)
        self._head()
        self._dates()
        self._parties()
        self._statement()
        LinesTable(self.sheet, self.invoice, self.words, self.accent).put()
        Totals(self.sheet, self.invoice, self.words).put()
        self._details()
        self._number_pages(foot)
        return self._render()

    def _render(self) -> bytes:
        seller = self.invoice.seller.name
        canvas = PdfCanvas(
            self.sheet.page,
            title=f"{self.title} {self.invoice.number}{EN_DASH}{seller}",
            author=seller,
            language=self.words.language,
            at_ms=self.invoice.issued_at_ms,
        )
        for marks in self.sheet.pages:
            for mark in marks:
                mark(canvas)
            canvas.end_page()
        return canvas.finish()

    def _bar(self) -> None:
        width, height = self.sheet.page
        self.sheet.mark(partial(PdfCanvas.box, x=0, y=height - BAR, width=width, height=BAR, color=self.accent))

    def _head(self) -> None:
        sheet, color = self.sheet, readable(self.accent)
        at, top = sheet.place
        self._bar()
        texts = ((self.title, Style(TITLE, BOLD, color)), (self.invoice.number, Style(10.5, color=MUTED)))
        widest = max(sheet.row(*each).width for each in texts)
        width = min(widest, sheet.width * WIDEST)
        title_rows = [row for text, style in texts for row in sheet.rows(text, width, style)]
        sheet.y += 5
        sheet.put(
            *self._letterhead(top, sheet.width - width - COLUMN_GAP), Column(sheet.right, title_rows, flush_right=True)
        )
        sheet.go_below((at, top - LOGO[1]))
        sheet.y -= 22

    def _letterhead(self, top: float, width: float) -> list[Column]:
        """Put the seller's logo on the page, or return its name as a column of at most `width`."""
        sheet = self.sheet
        if self.logo is None:
            style = Style(15, BOLD, readable(self.accent))
            return [
                Column(sheet.left, sheet.rows(self.invoice.seller.name, min(width, sheet.width * RIGHT_HALF), style))
            ]
        sheet.mark(
            partial(PdfCanvas.picture, png=self.logo, x=sheet.left, y=top - LOGO[1], width=LOGO[0], height=LOGO[1])
        )
        return []

    def _running_head(self) -> None:
        sheet = self.sheet
        self._bar()
        title_rows = self.sheet.rows(f"{self.title} {self.invoice.number}", sheet.width * WIDEST, LABEL)
        room = sheet.width - max(row.width for row in title_rows) - COLUMN_GAP
        name = sheet.shorten(self.invoice.seller.name, room, LABEL)
        sheet.put(Column(sheet.left, title_rows), Column(sheet.right, [name], flush_right=True))
        sheet.y -= 13.6

    def _dates(self) -> None:
        words, say, invoice = self.words, self.words.say, self.invoice
        pairs = [(say("Date of issue"), words.date(invoice.issued_at_ms))]
        if invoice.paid:
            label = say("Date refunded") if self.is_credit else say("Date paid")
            pairs.append((label, words.date(invoice.paid.at_ms)))
        if invoice.credits:
            label = say("Credits invoice") if self.is_credit else say("Takes back credit note")
            pairs.append((label, invoice.credits))
        if invoice.period:
            pairs.append((say("Period"), words.period(invoice.period)))
        self._columns(pairs)

    def _columns(self, pairs: list[tuple[str, str]]) -> None:
        """Put labels with their values side by side; the third begins with the right half."""
        sheet = self.sheet
        places = [
            sheet.left + sheet.width * place
            for place in (0, RIGHT_HALF / 2, RIGHT_HALF, RIGHT_HALF + (1 - RIGHT_HALF) / 2)
        ]
        ends = [*(place - GAP for place in places[1 : len(pairs)]), sheet.right]
        sheet.put(
            *(
                Column(x, [*sheet.rows(label, end - x, LABEL), *sheet.rows(value, end - x, BODY)])
                for x, end, (label, value) in zip(places, ends, pairs, strict=False)
            )
        )
        sheet.y -= 18

    def _parties(self) -> None:
        sheet, invoice = self.sheet, self.invoice
        seller = self._party(self.words.say_in("sender", "From"), invoice.seller)
        buyer = self._party(self.words.say("Bill to"), invoice.buyer)
        sheet.put(Column(sheet.left, list(seller)), Column(sheet.left + sheet.width * RIGHT_HALF, list(buyer)))
        sheet.y -= 30

    def _party(self, label: str, party: Party) -> Iterator[Row]:
        width = self.sheet.width * (1 - RIGHT_HALF)
        texts = ((label, LABEL), (party.name, STRONG), *((text, BODY) for text in self._address(party)))
        for text, style in texts:
            yield from self.sheet.rows(text, width, style)

    def _address(self, party: Party) -> Iterator[str]:
        yield from party.address
        if party.country:
            yield parse_locale(self.words.language).territories.get(party.country, party.country)
        if party.tax_id:
            yield self.words.say("Tax ID") + f": {party.tax_id}"
        if party.email:
            yield party.email

    def _statement(self) -> None:
        """Put a sentence that sums up the document, with a stamp unless the total is due."""
        sheet, stamp = self.sheet, self._stamp()
        beside = stamp.width + 2 * STAMP_PADDING + COLUMN_GAP if stamp else 0
        said = Column(sheet.left, sheet.rows(self._statement_text(), sheet.width - beside, Style(14, BOLD)))
        sheet.keep(max(STAMP, height_of(said)))
        at, top = sheet.place
        if stamp:
            self._put_stamp(stamp, top)
        sheet.put(said)
        sheet.go_below((at, top - STAMP))
        sheet.y -= 20

    def _statement_text(self) -> str:
        say, paid = self.words.say, self.invoice.paid
        amount = self.words.amount(self.invoice.total_micros, self.invoice.currency)
        if paid is None:
            return say("%(amount)s due", amount=amount)
        date = self.words.date(paid.at_ms)
        if self.is_credit:
            return say("%(amount)s refunded on %(date)s", amount=amount, date=date)
        return say("%(amount)s paid on %(date)s", amount=amount, date=date)

    def _stamp(self) -> Row | None:
        if self.invoice.paid is None:
            return None
        text = self.words.say("REFUNDED") if self.is_credit else self.words.say("PAID")
        return self.sheet.row(text, Style(10, BOLD, REFUNDED if self.is_credit else PAID))

    def _put_stamp(self, stamp: Row, top: float) -> None:
        width = stamp.width + 2 * STAMP_PADDING
        x, y, color = self.sheet.right - width, top - STAMP, stamp.style.color
        self.sheet.mark(partial(PdfCanvas.frame, x=x, y=y, width=width, height=STAMP, color=color))
        self.sheet.put_row(stamp, x + STAMP_PADDING, y + 6.4)

    def _details(self) -> None:
        sheet = self.sheet
        labels = [(sheet.row(label, LABEL), text) for label, text in self._facts() if text]
        width = max(label.width for label, _ in labels) + 14
        fact = Style(LABEL.size, color=INK)
        heading = Column(sheet.left, [sheet.row(self.words.say("Payment details"), STRONG)])
        facts = [
            (Column(sheet.left, [label]), Column(sheet.left + width, sheet.rows(text, sheet.width - width, fact)))
            for label, text in labels
        ]
        zone = Column(sheet.left, sheet.rows(self.words.say("All dates are in UTC."), sheet.width, LABEL))
        sheet.keep(height_of(heading) + 3 + sum(height_of(*each) + 1.5 for each in facts) + 4.5 + height_of(zone))
        sheet.put(heading)
        sheet.y -= 3
        for columns in facts:
            sheet.put(*columns)
            sheet.y -= 1.5
        sheet.y -= 4.5
        sheet.put(zone)

    def _facts(self) -> Iterator[tuple[str, str | None]]:
        invoice, say = self.invoice, self.words.say
        if invoice.paid:
            card = card_name(self.words, invoice.paid.brand, invoice.paid.last_four)
            yield say("Refunded to") if self.is_credit else say("Paid with"), card
        yield say("Reason"), invoice.reason
        yield say("Reference"), invoice.payment_id
        if invoice.paid:
            yield say("Stripe payment"), invoice.paid.payment_intent_id
            yield say("Stripe charge"), invoice.paid.charge_id
            yield say("Stripe refund"), invoice.paid.refund_id

    def _foot(self) -> str:
        """Return the foot's text, which names the seller, and reserve room for it on each page."""
        seller = self.invoice.seller
        text = " \u00b7 ".join(each for each in (seller.name, seller.tax_id, seller.email) if each)
        row = self.sheet.row(text, LABEL)
        self.sheet.bottom = FOOT + row.below + row.above + 17.2
        return text

    def _number_pages(self, text: str) -> None:
        """Put the foot on each page: its text, the page number and the number of pages."""
        sheet, pages = self.sheet, len(self.sheet.pages)
        for at in range(pages):
            sheet.at = at
            number = sheet.row(self.words.say("%(page)s / %(pages)s", page=at + 1, pages=pages), LABEL)
            sender = sheet.shorten(text, sheet.width - number.width - COLUMN_GAP, LABEL)
            baseline = FOOT + sheet.row(text, LABEL).below
            sheet.rule(sheet.left, sheet.bottom - 12, sheet.width)
            sheet.put_row(sender, sheet.left, baseline)
            sheet.put_row(number, sheet.right - number.width, baseline)
