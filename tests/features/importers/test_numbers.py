"""Numbers as people write them, read by the whole column."""

from collections.abc import Callable
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.importers.numbers import read_numbers, with_plain_numbers
from features.importers.refusal import ImportRefused


def read(*texts: str | None, decimal: str | None = None) -> list[float | None]:
    return read_numbers(pl.Series("price", texts, dtype=pl.String), decimal).values.to_list()


def warned(*texts: str, decimal: str | None = None) -> tuple[str, ...]:
    return read_numbers(pl.Series("price", texts), decimal).warnings


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("6", 6),
        ("-2.55", -2.55),
        ("1,234,567.50", 1234567.5),
        ("1.234.567,50", 1234567.5),
        ("2,55", 2.55),
        ("£2.55", 2.55),
        ("CHF 12.50", 12.5),
        ("12,50 €", 12.5),
        ("12,50EUR", 12.5),
        ("R$ 1.299,00", 1299),
        ("1'299.00", 1299),
        ("1’299.00", 1299),
        ("1 299,00", 1299),
        ("1\u00a0299,00", 1299),
        ("1\u2009299.50", 1299.5),
        ("1\u202f299", 1299),
        ("1,25,000.00", 125000),
        ("12,34,567", 1234567),
        ("12.50-", -12.5),
        ("(12.50)", -12.5),
        ("($12.50)", -12.5),
        ("−12.50", -12.5),
        ("-€5", -5),
        ("€ -5,00", -5),
        ("+5", 5),
        ("12,-", 12),
        ("12.–", 12),
        (".5", 0.5),
        ("0.125", 0.125),
        ("1.2e3", 1200),
        ("1,2E+03", 1200),
    ],
)
def test_writings_of_a_number(text: str, value: float) -> None:
    assert read(text) == [value]


@pytest.mark.parametrize(
    "text",
    [
        "5%",
        "12k",
        "3 Mio",
        "12 50",
        "1,234,56",
        "12.345.6",
        "--5",
        "(5",
        "1e400",
        "nan",
        "inf",
        "six",
        "",
        "5 kg",
    ],
)
def test_what_is_no_number_for_certain_is_null(text: str) -> None:
    assert read(text) == [None]


@pytest.mark.parametrize(
    ("column", "values"),
    [
        (["1.250", "12,50", "1.299,00"], [1250, 12.5, 1299]),
        (["1,250", "12.50"], [1250, 12.5]),
        (["1.250", "0.500"], [1.25, 0.5]),
        (["1.250", "1250.125"], [1.25, 1250.125]),
        (["1,250", "0,5"], [1.25, 0.5]),
        (["1.250", "1.250.000"], [1250, 1250000]),
        (["1.250", "1 300.50"], [1.25, 1300.5]),
    ],
)
def test_the_column_says_what_a_mark_before_three_digits_is(column: list[str], values: list[float]) -> None:
    assert read(*column) == values
    assert warned(*column) == ()


@pytest.mark.parametrize(
    ("column", "values"),
    [
        (["1.250", "12.500", "3.125"], [1.25, 12.5, 3.125]),
        (["1,250", "12,500"], [1250, 12500]),
        (["1.250", "950"], [1250, 950]),
        (["1.250", "1300"], [1.25, 1300]),
        (["12.50", "12,50", "3,75", "1.250"], [12.5, 12.5, 3.75, 1250]),
    ],
)
def test_a_column_that_leaves_it_open_is_read_the_likelier_way_and_said_loudly(
    column: list[str], values: list[float]
) -> None:
    assert read(*column) == values
    [warning] = warned(*column)
    assert "price MAY BE WRONG BY A FACTOR OF 1000" in warning
    assert "--decimal" in warning


def test_whoever_imports_may_say_what_the_decimal_mark_is() -> None:
    assert read("1.250", "3.125", decimal=",") == [1250, 3125]
    assert read("1.250", "3.125", decimal=".") == [1.25, 3.125]
    assert warned("1.250", decimal=",") == ()
    with pytest.raises(ImportRefused, match="decimal mark"):
        read("1", decimal=";")


def test_the_columns_of_a_file_decide_together_and_quantities_learn_from_money() -> None:
    rows = pl.DataFrame(
        {
            "unit_price": ["1.250", "2.000"],
            "total": ["2.500,00", None],
            "quantity": ["2.000", "1"],
            "sku": ["1.250", "b"],
        }
    )
    plain, warnings = with_plain_numbers(rows)
    assert plain.rows() == [("1250", "2500.00", "2000", "1.250"), ("2000", None, "1", "b")]
    assert warnings == ()


def test_a_column_that_is_clear_itself_is_not_overruled() -> None:
    rows = pl.DataFrame({"unit_price": ["1.250", "12.50"], "total": ["2,50", "25,00"]})
    assert with_plain_numbers(rows).rows["unit_price"].to_list() == ["1.250", "12.50"]


def test_quantities_alone_teach_prices_nothing() -> None:
    rows = pl.DataFrame({"unit_price": ["1.250"], "quantity": ["0,5"]})
    plain, warnings = with_plain_numbers(rows)
    assert plain["unit_price"].to_list() == ["1.250"]
    assert len(warnings) == 1


def test_a_currency_beside_a_price_is_kept() -> None:
    rows = pl.DataFrame(
        {"price": ["12,50 €", "CHF 1'000.00", "$5", "7"], "currency": [None, "EUR", "CAD", "USD"]},
        schema={"price": pl.String, "currency": pl.String},
    )
    plain = with_plain_numbers(rows).rows
    assert plain["currency"].to_list() == ["EUR", "CHF", "CAD", "USD"]
    assert with_plain_numbers(rows.drop("currency")).rows["currency"].to_list() == ["EUR", "CHF", None, None]


@pytest.mark.parametrize("name", ["price", "regular_price", "sale_price", "surcharge", "cost"])
def test_every_money_of_a_catalogue_may_have_a_decimal_comma(name: str) -> None:
    rows = pl.DataFrame({name: ["1.024,00", "12,50"]})
    assert with_plain_numbers(rows).rows[name].to_list() == ["1024.00", "12.50"]


def test_a_symbol_in_the_column_of_currencies_is_its_code() -> None:
    told = ["€", "zł", "eur", "PLN", "$", None]
    rows = pl.DataFrame({"unit_price": ["5"] * 6, "currency": told}, schema_overrides={"currency": pl.String})
    plain = with_plain_numbers(rows).rows
    assert plain["currency"].to_list() == ["EUR", "PLN", "eur", "PLN", "$", None]


def test_text_that_is_no_number_stays_for_the_reject() -> None:
    assert with_plain_numbers(pl.DataFrame({"unit_price": ["soon", "1,5"]})).rows["unit_price"].to_list() == [
        "soon",
        "1.5",
    ]


Write = Callable[[Decimal], str]


def grouped(separator: str, mark: str) -> Write:
    return lambda amount: f"{amount:,.2f}".translate({ord(","): separator, ord("."): mark})


def lakh(amount: Decimal) -> str:
    whole, cents = f"{abs(amount):.2f}".split(".")
    head, tail = whole[:-3], whole[-3:]
    pairs = [head[max(n - 2, 0) : n] for n in range(len(head), 0, -2)][::-1]
    return f"{'-' * (amount < 0)}{','.join([*pairs, tail])}.{cents}"


def mixed(write: Write) -> Write:
    """Whole amounts without their cents, as 1.250 among 12,50."""
    return lambda amount: write(amount)[:-3] if amount == amount.to_integral() else write(amount)


CONVENTIONS: dict[str, Write] = {
    "1,299.00": grouped(",", "."),
    "1.299,00": grouped(".", ","),
    "1 299,00": grouped(" ", ","),
    "1 299.00": grouped("\u202f", "."),
    "1'299.00": grouped("'", "."),
    "1299.00": grouped("", "."),
    "1299,00": grouped("", ","),
    "1,25,000.00": lakh,
    "€ 1.299,00": lambda amount: f"€ {grouped('.', ',')(amount)}",
    "1.299,00-": lambda amount: grouped(".", ",")(abs(amount)) + "-" * (amount < 0),
    "(1,299.00)": lambda amount: f"({abs(amount):,.2f})" if amount < 0 else f"{amount:,.2f}",
}
amounts = st.lists(st.decimals(-10_000_000, 10_000_000, places=2, allow_nan=False), min_size=1, max_size=20)


@pytest.mark.parametrize("convention", CONVENTIONS)
@settings(max_examples=60, deadline=None, derandomize=True)
@given(column=amounts, bare=st.booleans())
def test_any_amount_in_any_convention_reads_back_exactly(
    convention: str, column: list[Decimal], bare: bool
) -> None:
    write = CONVENTIONS[convention]
    short = mixed(write) if bare and convention in {"1,299.00", "1.299,00", "1 299,00", "1'299.00"} else write
    evidence = write(Decimal("12.50"))
    result = read_numbers(pl.Series([*map(short, column), evidence]))
    assert result.values.to_list()[:-1] == [float(amount) for amount in column]
    assert result.warnings == ()


@settings(max_examples=100, deadline=None, derandomize=True)
@given(column=st.lists(st.text(max_size=12), max_size=6), decimal=st.sampled_from([None, ".", ","]))
def test_no_text_is_read_as_a_number_without_digits(column: list[str], decimal: str | None) -> None:
    values = read_numbers(pl.Series("x", column, dtype=pl.String), decimal).values
    assert values.len() == len(column)
    assert all(
        any(c.isdigit() for c in text)
        for text, value in zip(column, values, strict=True)
        if value is not None
    )
