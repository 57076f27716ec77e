"""What every document of the house has: the letterhead, the parties, and the head and the foot of each page."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Final

from chalicelib.i18n.words import parse_locale
from chalicelib.invoices.invoice import Party
from chalicelib.invoices.pdf.canvas import PdfCanvas
from chalicelib.invoices.pdf.layout import (
    BODY,
    GAP,
    LABEL,
    MUTED,
    RIGHT_HALF,
    STRONG,
    WIDEST,
    Column,
    Row,
    Sheet,
    Style,
    page_for,
    readable,
)
from chalicelib.invoices.pdf.typeface import BOLD
from chalicelib.invoices.words import EN_DASH, Words

BAR: Final = 7.0
LOGO: Final = (170.0, 44.0)
TITLE: Final = 21.0
COLUMN_GAP: Final = 24.0
FOOT: Final = 37.6
"""Where the foot begins, in points above the bottom of the page."""


class Frame(ABC):
    """A document while it is drawn: who it is from and for, and what is on each of its pages."""

    def __init__(
        self,
        seller: Party,
        buyer: Party,
        logo: bytes | None,
        *,
        title: str,
        number: str,
        locale: str,
        at_ms: int,
    ) -> None:
        """Begin a document. `title` is a text of the paper, `number` what stands below it."""
        self.seller, self.buyer, self.logo, self.number, self.at_ms = seller, buyer, logo, number, at_ms
        self.words: Words = Words(locale)
        self.title = self.words.say(title)
        self.accent = seller.color
        self.sheet = Sheet(page_for(buyer.country, locale), locale, self.words.locale.text_direction == "rtl")

    def draw(self) -> bytes:
        """Lay the document out, then draw it: the number of pages is known only after the layout."""
        foot = self._foot()
        self.sheet.heads.append(self._running_head)
        self._head()
        self.put_content()
        self._number_pages(foot)
        return self._render()

    @abstractmethod
    def put_content(self) -> None:
        """Put what is between the letterhead and the foot. Each kind of document has its own."""

    def _render(self) -> bytes:
        seller = self.seller.name
        canvas = PdfCanvas(
            self.sheet.page,
            title=f"{self.title} {self.number}{EN_DASH}{seller}",
            author=seller,
            language=self.words.tag,
            at_ms=self.at_ms,
            from_right=self.sheet.from_right,
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
        texts = ((self.title, Style(TITLE, BOLD, color)), (self.number, Style(10.5, color=MUTED)))
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
            return [Column(sheet.left, sheet.rows(self.seller.name, min(width, sheet.width * RIGHT_HALF), style))]
        sheet.mark(
            partial(PdfCanvas.picture, png=self.logo, x=sheet.left, y=top - LOGO[1], width=LOGO[0], height=LOGO[1])
        )
        return []

    def _running_head(self) -> None:
        sheet = self.sheet
        self._bar()
        title_rows = self.sheet.rows(f"{self.title} {self.number}", sheet.width * WIDEST, LABEL)
        room = sheet.width - max(row.width for row in title_rows) - COLUMN_GAP
        name = sheet.shorten(self.seller.name, room, LABEL)
        sheet.put(Column(sheet.left, title_rows), Column(sheet.right, [name], flush_right=True))
        sheet.y -= 13.6

    def put_columns(self, pairs: Sequence[tuple[str, str]]) -> None:
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

    def put_parties(self, buyer_label: str) -> None:
        """Put who the document is from, and who it is for."""
        sheet = self.sheet
        seller = self._party(self.words.say_in("sender", "From"), self.seller)
        buyer = self._party(buyer_label, self.buyer)
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

    def _foot(self) -> str:
        """Return the foot's text, which names the seller, and reserve room for it on each page."""
        seller = self.seller
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
