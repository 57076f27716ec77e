"""Drawing a statement as a PDF, as the house's documents look. The same statement gives the same bytes."""

from collections.abc import Iterator, Mapping
from typing import Final

from babel.dates import format_skeleton

from chalicelib.catalog.meter import Meter
from chalicelib.clock import DAY_MS, from_ms
from chalicelib.history.names import UNITS, name_of_kind, name_of_meter, plural_of
from chalicelib.i18n.texts import mark, mark_count
from chalicelib.invoices.invoice import Party, Period
from chalicelib.invoices.pdf.frame import Frame
from chalicelib.invoices.pdf.layout import BODY, LABEL, STRONG, Column, Style
from chalicelib.invoices.pdf.lines_table import Table
from chalicelib.invoices.pdf.totals import Totals
from chalicelib.invoices.pdf.typeface import BOLD
from chalicelib.invoices.words import Words
from chalicelib.ledger.posting import CREDIT, DEBIT, Direction
from chalicelib.money import MICROS
from chalicelib.statements.month_statement import MonthStatement, StatementLine

TITLE: Final = mark("Statement")
TRANSACTIONS: Final = mark_count("%(number)s transaction", "%(number)s transactions")
CHARGED: Final = mark_count(
    "The subscription was charged to the card, and isn't part of this balance: %(amount)s (%(number)s payment).",
    "The subscription was charged to the card, and isn't part of this balance: %(amount)s (%(number)s payments).",
)
HEADINGS: Final[dict[Direction, str]] = {CREDIT: mark("Credits"), DEBIT: mark("Debits")}
NONE: Final[dict[Direction, str]] = {CREDIT: mark("No credits"), DEBIT: mark("No debits")}


class DrawnStatement(Frame):
    """One statement while it is drawn."""

    def __init__(
        self,
        statement: MonthStatement,
        meters: Mapping[str, Meter],
        *,
        seller: Party,
        buyer: Party,
        logo: bytes | None,
        locale: str,
    ) -> None:
        self.statement, self.meters = statement, meters
        super().__init__(
            seller,
            buyer,
            logo,
            title=TITLE,
            number=_name_of_month(statement.month.start_ms, Words(locale)),
            locale=locale,
            at_ms=statement.last_ms // DAY_MS * DAY_MS,
        )

    def put_content(self) -> None:
        """Put the dates, the parties, the result and what leads to it, the credits, the debits."""
        words, month = self.words, self.statement.month
        self.put_columns(
            [
                (words.say("Period"), words.period(Period(month.start_ms, month.end_ms))),
                (words.say("As of"), words.date(self.statement.last_ms)),
                (words.say("Account"), self.statement.account_id),
            ]
        )
        self.put_parties(words.say("Prepared for"))
        self._put_texts(Style(14, BOLD), self._result())
        Totals(self.sheet, list(self._totals())).put()
        for direction in HEADINGS:
            self._table(direction).put()
            self.sheet.y -= 18
        self._put_texts(LABEL, *self._notes())

    def _put_texts(self, style: Style, *texts: str) -> None:
        for text in texts:
            self.sheet.put(Column(self.sheet.left, self.sheet.rows(text, self.sheet.width, style)))
            self.sheet.y -= 3

    def _result(self) -> str:
        amount = self._amount(self.statement.closing_micros)
        if self.statement.is_over:
            return self.words.say("Closing balance: %(amount)s", amount=amount)
        return self.words.say("Balance so far: %(amount)s", amount=amount)

    def _table(self, direction: Direction) -> Table:
        words, currency, lines = self.words, self.statement.currency, self.statement.of(direction)
        texts = [[(self._name(line), BODY), (self._measure(line), LABEL)] for line in lines]
        amounts = [words.plain_amount(line.amount_micros, currency) for line in lines]
        column = (words.say("Amount") + f" ({currency.upper()})", amounts or [""])
        nothing = [[(words.say(NONE[direction]), LABEL)]]
        heading = words.say(HEADINGS[direction])
        return Table(self.sheet, heading, texts or nothing, [column], words.decimal_sign, self.accent)

    def _name(self, line: StatementLine) -> str:
        if line.meter is None:
            return name_of_kind(self.words, line.kind)
        return name_of_meter(self.words, line.meter, self.meters.get(line.meter))

    def _measure(self, line: StatementLine) -> str:
        """Say how much was used, or how many transactions there were."""
        if line.meter is None:
            return self.words.count(*TRANSACTIONS, line.count)
        found = self.meters.get(line.meter)
        micros = line.quantity_micros or line.count * MICROS
        shown, forms = self.words.quantity(micros), UNITS.get(found.unit) if found else None
        if forms is None:
            return f"{shown} {found.unit if found else ''}".strip()
        return self.words.plural(forms, plural_of(micros), number=shown)

    def _totals(self) -> Iterator[tuple[str, str, Style]]:
        say, statement = self.words.say, self.statement
        yield say("Opening balance"), self._amount(statement.opening_micros), BODY
        yield say("Credits"), self._amount(statement.total(CREDIT)), BODY
        yield say("Debits"), self._amount(-statement.total(DEBIT)), BODY
        closing = say("Closing balance") if statement.is_over else say("Balance so far")
        yield closing, self._amount(statement.closing_micros), Style(11, STRONG.weight)

    def _notes(self) -> Iterator[str]:
        say, card = self.words.say, self.statement.card
        if card.count:
            yield self.words.count(*CHARGED, card.count, amount=self._amount(card.amount_micros))
        yield say("Everything counts in the month in which it happened, even if it was reported later.")
        yield say("All dates are in UTC.")

    def _amount(self, micros: int) -> str:
        return self.words.amount(micros, self.statement.currency)


def _name_of_month(start_ms: int, words: Words) -> str:
    name: str = format_skeleton("yMMMM", from_ms(start_ms), locale=words.locale)
    return name
