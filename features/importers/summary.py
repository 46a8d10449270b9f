"""What an import did, for people and for programs."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from features.importers.reach import Reach
from features.importers.takings import Takings

NOTHING_TO_DO = "nothing to do"  # ends the reasons that are no fault of the file


@dataclass(frozen=True, kw_only=True)
class ImportSummary:
    """What all imports tell. set_aside: reason -> rows; rejects_file: where these stand."""

    dry_run: bool
    rows: int
    taken: int
    set_aside: dict[str, int]
    rejects_file: str | None
    warnings: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """For JSON: times and dates as ISO 8601."""
        return {k: v.isoformat() if isinstance(v, date) else v for k, v in asdict(self).items()}

    @property
    def lost(self) -> int:
        """Rows set aside that ought to have been taken: not the ones about which nothing is to be done."""
        return sum(count for reason, count in self.set_aside.items() if NOTHING_TO_DO not in reason)

    @property
    def used(self) -> int:
        """Rows, or products of a catalogue, that the home has now."""
        return self.taken

    @property
    def went_wrong(self) -> str | None:
        """What is wrong where most of the file was lost or nothing at all was taken, else None."""
        if not self.used:
            return "Nothing was taken"
        return f"Most rows were set aside: {self.lost:,} of {self.rows:,}" if self.lost > self.used else None

    def _what_was_set_aside(self) -> Iterator[tuple[str, str]]:
        yield "Set aside", f"{sum(self.set_aside.values()):,}"
        for reason, count in self.set_aside.items():
            yield f"  {count:,}", reason

    def _what_to_look_at(self) -> Iterator[tuple[str, str]]:
        if self.rejects_file:
            yield "Lines set aside are in", self.rejects_file
        for warning in self.warnings:
            yield "Please note", warning


@dataclass(frozen=True, kw_only=True)
class OrdersSummary(ImportSummary):
    """Every row of the file is counted once: `taken + already_known + sum(set_aside) == rows`.

    Counts of lines are of rows in the history: one row of the file may give several (a JSON order, a
    Shopify refund). `refunds_joined` counts refund lines with an order id; `match_rate` is the share of
    the file's products that the home had before, None where it had none. id: of the import, for undoing it;
    None of a dry run or where nothing was new. money: by currency, "" where none is named. nobodies: rows
    with an id that names nobody; correction: the command that puts right columns that were guessed and nobody
    confirmed; linked: further names of customers that were found out; reach: who may be
    written to.
    """

    id: str | None
    file: str
    format: str
    format_reason: str
    correction: str | None
    encoding: str
    date_format: str
    already_known: int
    exact_duplicates: int
    purchase_lines: int
    refund_lines: int
    refunds_joined: int
    other_events: int
    guest_lines: int
    free_lines: int
    non_product_lines: int
    orders: int
    customers: int
    products: int
    new_products: int
    merged_ids: dict[str, str]
    first: datetime | None
    last: datetime | None
    match_rate: float | None
    money: dict[str, Takings]
    nobodies: int
    linked: int
    reach: Reach

    def as_dict(self) -> dict[str, Any]:
        """For JSON: times as ISO 8601, money by name."""
        money = {k: v._asdict() | {"revenue": v.revenue} for k, v in self.money.items()}
        return super().as_dict() | {"money": money, "reach": self.reach._asdict()}

    @property
    def used(self) -> int:
        """Rows that are in the history now."""
        return self.taken + self.already_known

    def lines(self) -> Iterator[tuple[str, str]]:
        """Label and value of everything a person wants to read, in order."""
        yield "File", self.file
        yield "Format", f"{self.format} ({self.format_reason})"
        yield "Text", f"{self.encoding}, dates {self.date_format}"
        yield "Rows in the file", f"{self.rows:,}"
        yield "Would be taken" if self.dry_run else "Taken", f"{self.taken:,}"
        if self.already_known:
            yield "Already known", f"{self.already_known:,}"
        yield from self._what_was_set_aside()
        yield from self._money()
        if self.match_rate is not None:
            yield "Products known before", f"{self.match_rate:.2%}"
        yield from self._what_was_taken()
        yield "May be written to (e-mail)", self.reach.words()
        yield from self._what_to_look_at()

    def _what_was_taken(self) -> Iterator[tuple[str, str]]:
        if not self.taken:
            return
        yield "Purchase lines", f"{self.purchase_lines:,} in {self.orders:,} orders"
        if self.refund_lines:
            yield "Refund lines", f"{self.refund_lines:,}, {self.refunds_joined:,} joined to their order"
        if self.other_events:
            yield "Other events", f"{self.other_events:,}"
        yield "Without a customer", f"{self.guest_lines:,} lines"
        yield "Free of charge", f"{self.free_lines:,} lines"
        yield "Postage, fees and the like", f"{self.non_product_lines:,} lines, never recommended"
        if self.nobodies:
            yield "Ids that name nobody", f"{self.nobodies:,} rows (undefined, guest, 0 ...)"
        yield "Customers", f"{self.customers:,}"
        if self.linked:
            yield "Names found to be theirs, too", f"{self.linked:,}"
        yield "Products", f"{self.products:,}, {self.new_products:,} of them new"
        if self.merged_ids:
            yield "Ids merged (upper and lower case)", f"{len(self.merged_ids):,}"
        if self.first and self.last:
            yield "From, to", f"{self.first:%Y-%m-%d %H:%M} to {self.last:%Y-%m-%d %H:%M} UTC"
        if self.id:
            yield "Import", self.id

    def _money(self) -> Iterator[tuple[str, str]]:
        """To be held against the shop's own report of the same days."""
        if not self.money:
            return
        revenue = " + ".join(
            f"{each.revenue:,.2f} {currency}".strip() for currency, each in self.money.items()
        )
        days = f", {self.first:%Y-%m-%d} to {self.last:%Y-%m-%d}" if self.first and self.last else ""
        yield "Orders · revenue", f"{self.orders:,} · {revenue}{days}"
        for currency, each in self.money.items():
            yield (
                f"  {currency or 'of it'}",
                f"{each.sold:,.2f} of goods, less {each.discounts:,.2f} discounts and "
                f"{each.refunded:,.2f} refunds; without postage, fees and vouchers",
            )


@dataclass(frozen=True, kw_only=True)
class CatalogueSummary(ImportSummary):
    """Every row is counted once: `taken + sum(set_aside) == rows`.

    `match_rate` is the share of the products in the order history that the catalogue now covers; `missing`
    counts known products that the file does not list, `retired` those of them that were retired.
    """

    source: str
    format: str
    format_reason: str
    encoding: str
    new_products: int
    non_products: int
    with_price: int
    with_cost: int
    with_image: int
    unavailable: int
    unpublished: int
    missing: int
    retired: int
    match_rate: float | None

    def lines(self) -> Iterator[tuple[str, str]]:
        """Label and value of everything a person wants to read, in order."""
        yield "Catalogue", self.source
        yield "Format", f"{self.format} ({self.format_reason}), {self.encoding}"
        yield "Rows in the file", f"{self.rows:,}"
        yield "Taken", f"{self.taken:,} products, {self.new_products:,} of them new"
        yield from self._what_was_set_aside()
        yield "With price, cost, picture", f"{self.with_price:,}, {self.with_cost:,}, {self.with_image:,}"
        yield "Out of stock", f"{self.unavailable:,}"
        if self.unpublished:
            yield "Not published, never recommended", f"{self.unpublished:,}"
        if self.missing:
            yield "Known, but not in the file", f"{self.missing:,}{', now retired' if self.retired else ''}"
        yield "Never recommended (vouchers, fees)", f"{self.non_products:,}"
        if self.match_rate is not None:
            yield "Sold products in the catalogue", f"{self.match_rate:.2%}"
        yield from self._what_to_look_at()


@dataclass(frozen=True, kw_only=True)
class CostsSummary(ImportSummary):
    """Every row is counted once: `taken + sum(set_aside) == rows`. spend: money by currency ("": none)."""

    file: str
    channels: int
    first: date | None
    last: date | None
    spend: dict[str, float]

    def lines(self) -> Iterator[tuple[str, str]]:
        """Label and value of everything a person wants to read, in order."""
        yield "File", self.file
        yield "Rows in the file", f"{self.rows:,}"
        yield "Taken", f"{self.taken:,}, of {self.channels:,} channels"
        yield from self._what_was_set_aside()
        if self.first and self.last:
            yield "From, to", f"{self.first} to {self.last}"
        for currency, spend in self.spend.items():
            yield "Spending", f"{spend:,.2f} {currency}".strip()
        yield from self._what_to_look_at()


@dataclass(frozen=True, kw_only=True)
class RatesSummary(ImportSummary):
    """Every row is counted once: `taken + sum(set_aside) == rows`."""

    file: str
    currencies: tuple[str, ...]
    first: date | None
    last: date | None

    def lines(self) -> Iterator[tuple[str, str]]:
        """Label and value of everything a person wants to read, in order."""
        yield "File", self.file
        yield "Rows in the file", f"{self.rows:,}"
        yield "Taken", f"{self.taken:,}, of {', '.join(self.currencies) or 'no currency'}"
        yield from self._what_was_set_aside()
        if self.first and self.last:
            yield "From, to", f"{self.first} to {self.last}"
        yield from self._what_to_look_at()


@dataclass(frozen=True, kw_only=True)
class CustomersSummary(ImportSummary):
    """Every row is counted once: `taken + sum(set_aside) == rows`.

    columns: our name -> the file's header; consents_at: when the file's words about consent were true;
    linked: further names of customers that were found out; consents, refusals: new words of the file; reach:
    of the whole home.
    """

    id: str | None
    file: str
    columns: dict[str, str]
    consent_columns: tuple[str, ...]
    consents_at: datetime
    nobodies: int
    linked: int
    consents: int
    refusals: int
    reach: Reach

    def as_dict(self) -> dict[str, Any]:
        """For JSON: times as ISO 8601."""
        return super().as_dict() | {"reach": self.reach._asdict()}

    def lines(self) -> Iterator[tuple[str, str]]:
        """Label and value of everything a person wants to read, in order."""
        yield "File", self.file
        yield "Columns", ", ".join(f"{name} = {header}" for name, header in self.columns.items())
        yield "About consent", ", ".join(self.consent_columns) or "no column"
        yield "Rows in the file", f"{self.rows:,}"
        yield "Would be taken" if self.dry_run else "Taken", f"{self.taken:,}"
        yield from self._what_was_set_aside()
        if self.nobodies:
            yield "Ids that name nobody", f"{self.nobodies:,} rows (undefined, guest, 0 ...)"
        yield "Names found to be theirs, too", f"{self.linked:,}"
        yield (
            "Consents, refusals",
            f"{self.consents:,}, {self.refusals:,}, as of {self.consents_at:%Y-%m-%d %H:%M}",
        )
        yield "May be written to (e-mail)", self.reach.words()
        yield from self._what_to_look_at()
