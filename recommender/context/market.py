"""The market that an answer is for, and what is sold there."""

from features.catalogue.local import language_name
from recommender.arrays.dtypes import Bools
from recommender.context.request import Request
from recommender.filters.masks import mask_of
from recommender.filters.syntax import Either, Not, OneOf, Present
from recommender.model.availability import Availability
from recommender.model.bundle import Tables
from recommender.model.local_table import Market, Names

COUNTRIES = "countries"  # the attribute that lists where a product is sold; without it: everywhere


def country_of(request: Request, tables: Tables) -> str | None:
    """The question's, else the customer's own; None: not known."""
    return request.country or _own("country", request, tables)


def market_of(request: Request, tables: Tables, named: Names) -> Market:
    """Language, country, currency of the question, else the customer's own, as the catalogue names them."""
    language = request.titles or _own("language", request, tables) or request.language
    currency = request.currency or (None if request.country else _own("currency", request, tables))
    return named.market(language_name(language), country_of(request, tables), currency)


def _own(what: str, request: Request, tables: Tables) -> str | None:
    """What training knows of the customer. what: country, language or currency."""
    if request.customer_id is None or tables.people is None:
        return None
    facts = tables.people.facts
    return facts.word(getattr(facts, what), tables.customers.row(request.customer_id))


def sells_by_market(tables: Tables, availability: Availability) -> bool:
    """Whether any product says where it is sold."""
    trained = tables.attributes is not None and tables.attributes.names.row(COUNTRIES) >= 0
    return trained or any(live.get(COUNTRIES) for live in availability.attributes.values())


def sold_in(country: str, tables: Tables, availability: Availability) -> Bools:
    """(n_items), read-only."""
    sold = Either((Not(Present(COUNTRIES)), OneOf(COUNTRIES, (country.casefold(),))))
    return mask_of(sold, tables, availability)
