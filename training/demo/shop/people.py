"""The simulated customers: how often and how long they order, their tastes, and their uplift by offers."""

from dataclasses import dataclass, field
from itertools import accumulate

import numpy as np

from recommender.arrays.dtypes import Float64s
from training.demo.shop.season import HISTORY_DAYS, Calendar

RATE_SHAPE, RATE_MEAN = 0.65, 0.0125  # orders a day of business time while a customer stays
DROPOUT_SHAPE, DROPOUT_MEAN = 1.1, 1 / 260  # hazard a day of leaving for good
BASKET_SHAPE = 4.0  # of the gamma of one customer's basket budgets
SPEND_SHAPE, SPEND_MEAN = 3.5, 44.0  # of the inverse gamma of budgets across customers
LIKED_TYPES = 0.45
COUNTRIES = {
    "DE": (0.4, "de"),
    "AT": (0.08, "de"),
    "GB": (0.16, "en"),
    "IE": (0.06, "en"),
    "NL": (0.1, "nl"),
    "FR": (0.12, "fr"),
    "BE": (0.08, "fr"),
}


@dataclass(frozen=True, slots=True)
class AcquisitionChannel:
    """An acquisition channel: its share of customers, EUR per customer, and factor of the dropout rate."""

    share: float
    cost: float
    dropout: float


CHANNELS = {
    "organic": AcquisitionChannel(0.34, 0.0, 0.95),
    "google_ads": AcquisitionChannel(0.24, 17.0, 1.05),
    "instagram": AcquisitionChannel(0.18, 24.0, 1.25),
    "newsletter": AcquisitionChannel(0.08, 3.0, 0.8),
    "referral": AcquisitionChannel(0.08, 8.0, 0.75),
    "affiliate": AcquisitionChannel(0.08, 13.0, 1.35),
}


@dataclass(slots=True)
class Habit:
    """A habit: `quantity` packs of a product last `every` days, and the next are due on day `due`."""

    row: int
    quantity: int
    every: float
    due: float


@dataclass(slots=True)
class SimulatedCustomer:
    """Days count from the start of the history; categories and steps are cumulative weights of tastes."""

    customer_id: str
    first: float
    leaves: float
    rate: float
    dropout_rate: float
    spend: float
    pace: float
    affinity: float
    categories: list[float]
    steps: list[float]
    liked: set[str]
    channel: str
    country: str
    language: str
    device: str
    consent: bool
    birthday: str | None
    uplift: dict[str, float]
    refills: list[Habit] = field(default_factory=list)
    owned: set[int] = field(default_factory=set)

    def stays_at(self, day: float) -> bool:
        return day < self.leaves


def build_customers(
    rng: np.random.Generator, calendar: Calendar, count: int, categories: int, types: list[str]
) -> list[SimulatedCustomer]:
    """`count` customers by day of their first order: Pareto/NBD orders, Gamma-Gamma basket budgets."""
    channel = rng.choice(list(CHANNELS), count, p=[c.share for c in CHANNELS.values()])
    country = rng.choice(list(COUNTRIES), count, p=[share for share, _ in COUNTRIES.values()])
    first = _first_days(rng, calendar, count)
    hazard = rng.gamma(DROPOUT_SHAPE, DROPOUT_MEAN / DROPOUT_SHAPE, count)
    hazard *= np.array([CHANNELS[name].dropout for name in channel])
    spend = SPEND_MEAN * (SPEND_SHAPE - 1) / rng.gamma(SPEND_SHAPE, 1.0, count)
    quality = 0.75 * rng.normal(size=count) + 0.8 * np.log(spend / SPEND_MEAN)
    affinity = rng.beta(1.3, 2.4, count)
    popularity = rng.uniform(0.75, 1.25, categories)
    tastes = rng.dirichlet(0.4 * popularity, count) + 0.004
    return [
        SimulatedCustomer(
            customer_id=f"c-{number + 1:05d}",
            first=float(first[number]),
            leaves=float(first[number] + rng.exponential(1 / max(hazard[number], 1e-9))),
            rate=float(rng.gamma(RATE_SHAPE, RATE_MEAN / RATE_SHAPE)),
            dropout_rate=float(hazard[number]),
            spend=float(spend[number]),
            pace=float(rng.lognormal(0.0, 0.12)),
            affinity=float(affinity[number]),
            categories=list(accumulate(tastes[number].tolist())),
            steps=_steps(float(quality[number])),
            liked={type_id for type_id in types if rng.random() < LIKED_TYPES},
            channel=str(channel[number]),
            country=str(country[number]),
            language=COUNTRIES[str(country[number])][1],
            device=("mobile", "mobile", "desktop", "tablet")[int(rng.integers(4))],
            consent=bool(rng.random() < 0.74),
            birthday=_birthday(rng) if rng.random() < 0.35 else None,
            uplift=_uplift(rng, float(affinity[number]), float(spend[number])),
        )
        for number in range(count)
    ]


def _first_days(rng: np.random.Generator, calendar: Calendar, count: int) -> Float64s:
    """First orders over the history, 2.2 times as many a day at its end as at its start, by season."""
    growth = np.sort((np.sqrt(1 + rng.random(count) * 3.84) - 1) / 1.2)
    end = float(calendar.to_business(HISTORY_DAYS - 0.05))
    return calendar.to_days(growth * end)


def _steps(quality: float) -> list[float]:
    good, better, best = np.exp(-quality), 0.9, 0.55 * np.exp(quality)
    return list(accumulate((np.array([good, better, best]) / (good + better + best)).tolist()))


def _birthday(rng: np.random.Generator) -> str:
    return f"{int(rng.integers(1950, 2004))}-{int(rng.integers(1, 13)):02d}-{int(rng.integers(1, 29)):02d}"


def _uplift(rng: np.random.Generator, affinity: float, spend: float) -> dict[str, float]:
    """Offer -> chance that it brings an order, from an active customer who would not have ordered without."""
    small_basket = 1 / (1 + np.exp((spend - 36) / 6))
    mean = {
        "percent_10": 0.01 + 0.26 * affinity**1.5,
        "free_shipping": 0.01 + 0.15 * small_basket,
        "amount_5": 0.01 + 0.2 * affinity * small_basket,
    }
    return {offer: float(min(0.6, chance * rng.lognormal(-0.03, 0.25))) for offer, chance in mean.items()}
