"""How people write a number, and what that tells about the decimal mark of its column."""

from typing import Literal, NamedTuple

import polars as pl

DecimalMark = Literal[".", ","]
CURRENCY = (
    r"(?:[A-Z]{0,3}\p{Sc}|[A-Z]{3}|(?i:eur|usd|gbp|chf|pln|czk|sek|nok|dkk|cad|aud|inr|huf|ron|try|brl)"
    r"|(?i:sfr|fr|kr|rs|ft|zł|kč|lei|rp|rm|лв|руб|lv)\.?)"
)
"""A symbol, a code, or a usual abbreviation; never a unit or a letter that could stand for thousands."""
BODY = r"[.,]?\d(?:[\d.,' ]*\d)?[.,]?(?:[eE][-+]?\d{1,3})?"
NUMBER = (
    rf"^(?<open>\()? ?'?(?<before>[-+]?) ?{CURRENCY}? ?(?<inside>[-+]?) ?(?<body>{BODY})"
    rf" ?(?<after>[-+]?) ?{CURRENCY}? ?(?<end>[-+]?) ?(?<close>\))?$"
)
WHOLE = r"^\d+$"
DOUBTFUL = r"^[1-9]\d{0,2}[.,]\d{3}$"
"""1.250 and 12,500: the mark is the decimal one, or it stands between thousands."""
DECIMAL = r"^(?:\d+[.,]\d*|[.,]\d+)$"
SCIENTIFIC = r"^\d+(?:[.,]\d+)?[eE][-+]?\d{1,3}$"
BY_COMMAS = r"^(?:[1-9]\d{0,2}(?:,\d{3})+|[1-9]\d?(?:,\d{2})+,\d{3})(?:\.\d*)?$"  # also lakhs: 1,25,000
BY_POINTS = r"^[1-9]\d{0,2}(?:\.\d{3})+(?:,\d*)?$"
BY_SPACES = r"^\d{1,3}(?:(?: \d{3})+|(?:'\d{3})+)(?:[.,]\d*)?$"  # or apostrophes, as in Switzerland


class NumberTexts(NamedTuple):
    """Distinct texts of a column: whether each is negative, and its digits and marks; null: no number."""

    negative: pl.Series
    body: pl.Series

    @property
    def doubtful(self) -> pl.Series:
        """Boolean: whether the decimal mark of the column decides what the text means."""
        return self.body.str.contains(DOUBTFUL).fill_null(value=False)

    def plain(self, decimal: DecimalMark) -> pl.Series:
        """Each number as digits with a decimal point; null where it is none."""
        body = pl.col("body")
        decides = body.str.contains(DOUBTFUL) & body.str.contains(decimal, literal=True)
        others = pl.any_horizontal(
            body.str.contains(each) for each in (WHOLE, DECIMAL, SCIENTIFIC, BY_SPACES)
        )
        digits = (
            pl.when(decides)
            .then(_pointed(body))
            .when(body.str.contains(BY_COMMAS))
            .then(body.str.replace_all(",", "", literal=True))
            .when(body.str.contains(BY_POINTS))
            .then(_pointed(body.str.replace_all(".", "", literal=True)))
            .when(others)
            .then(_pointed(body.str.replace_all(r"[ ']", "")))
        )
        sign = pl.when("negative").then(pl.lit("-")).otherwise(pl.lit(""))
        return self._frame().select(pl.concat_str(sign, digits)).to_series()

    def evidence(self) -> "Evidence":
        """What the texts say about the decimal mark."""
        body = pl.col("body")
        marked = [DECIMAL, SCIENTIFIC, BY_SPACES]
        clear = ~body.str.contains(DOUBTFUL) & pl.any_horizontal(body.str.contains(each) for each in marked)
        by = {".": body.str.contains(BY_COMMAS), ",": body.str.contains(BY_POINTS)}
        counts = {
            mark: (clear & body.str.contains(mark, literal=True)) | (~body.str.contains(DOUBTFUL) & by[mark])
            for mark in by
        }
        doubtful = {mark: body.str.contains(DOUBTFUL) & body.str.contains(mark, literal=True) for mark in by}
        tests = {
            "point": counts["."],
            "comma": counts[","],
            "doubtful_points": doubtful["."],
            "doubtful_commas": doubtful[","],
            "small": body.str.contains(r"^[1-9]\d{0,2}$"),
            "large": body.str.contains(r"^[1-9]\d{3,}$"),
        }
        return Evidence(
            **self._frame().select(**{k: test.sum() for k, test in tests.items()}).row(0, named=True)
        )

    def _frame(self) -> pl.DataFrame:
        return pl.DataFrame({"negative": self.negative, "body": self.body})


class Evidence(NamedTuple):
    """Numbers of texts: with a decimal point, or comma; doubtful ones; whole ones below 1000, and above."""

    point: int = 0
    comma: int = 0
    doubtful_points: int = 0
    doubtful_commas: int = 0
    small: int = 0
    large: int = 0

    @property
    def likelier(self) -> DecimalMark | None:
        """The mark that more texts show; None if neither."""
        return None if self.point == self.comma else "." if self.point > self.comma else ","

    @property
    def guess(self) -> DecimalMark:
        """Of 1.300: a decimal point if thousands stand together elsewhere (1250), else not beside 950."""
        apart = bool(self.small) and not self.large
        if self.doubtful_points and not self.doubtful_commas and (self.small or self.large):
            return "," if apart else "."
        if self.doubtful_commas and not self.doubtful_points and (self.small or self.large):
            return "." if apart else ","
        return "."


def parse(distinct: pl.Series) -> NumberTexts:
    """The sign and the digits of each text, without currency, spaces around, and brackets."""
    tidy = (
        distinct.str.strip_chars()
        .str.replace_all(r"[\u{2212}\u{2010}-\u{2015}\u{fe63}\u{ff0d}]", "-")
        .str.replace_all(r"[’‘ʼ´`]", "'")
        .str.replace_all(r"[\u{200b}-\u{200f}\u{feff}]", "")
        .str.replace_all(r"[\s\u{2007}]+", " ")
        .str.replace(r"(\d)[.,]-{1,2}(\D*)$", "${1}${2}")  # 12,- is 12
    )
    parts = tidy.str.extract_groups(NUMBER).struct.unnest()
    signs = parts.select(pl.concat_str("before", "inside", "after", "end")).to_series()
    bracketed = parts["open"].is_not_null()
    sound = (bracketed == parts["close"].is_not_null()) & (signs.str.len_chars() <= 1)
    body = parts.select(pl.when(sound).then("body")).to_series()
    return NumberTexts(bracketed | (signs == "-"), body)


def _pointed(text: pl.Expr) -> pl.Expr:
    return text.str.replace(",", ".", literal=True)
