"""channels.csv: what the new customers of each month cost, by channel."""

import csv
from collections import Counter
from pathlib import Path

import numpy as np

from training.demo.shop.people import CHANNELS, SimulatedCustomer
from training.demo.shop.season import HISTORY_DAYS, Calendar


def write_channels(
    path: Path, customers: list[SimulatedCustomer], calendar: Calendar, rng: np.random.Generator
) -> None:
    """A row for each channel and month with its cost in EUR: 0 in months without new customers."""
    new_customers = Counter(
        (customer.channel, f"{calendar.date(customer.first):%Y-%m}") for customer in customers
    )
    months = dict.fromkeys(f"{calendar.date(day):%Y-%m}" for day in range(HISTORY_DAYS))
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["channel", "month", "currency", "cost"])
        for name, channel in CHANNELS.items():
            for month in months:
                cost = channel.cost * new_customers[name, month] * rng.lognormal(0.0, 0.15)
                table.writerow([name, month, "EUR", f"{cost:.2f}"])
