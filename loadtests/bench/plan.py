"""How much a bench measures: windows, sizes, tries."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ShopSize:
    """Of a generated shop; see `loadtests.inside.growth`."""

    products: int
    customers: int
    orders: int
    views: int

    def words(self) -> list[str]:
        """Options of its command."""
        numbers = vars(self).items()
        return [word for name, number in numbers for word in (f"--{name}", str(number))]


@dataclass(frozen=True)
class BenchPlan:
    """How long, how often, how big.

    window_s: of one turn at full speed; paced_s: of one at `rate` a second; trained: the shop that is
    trained; products, customers: to which its bundle is enlarged for serving; starts_with: products of
    the bundle whose loading is timed; picks: customers of an e-mail batch; looks: of the session source.
    """

    rounds: int = 10  # short turns: the machine's slow moments last seconds, and should hit both
    warm_up_s: float = 0.3
    window_s: float = 1.0
    paced_s: float = 1.5
    rate: float = 1_000.0
    batches: int = 120
    tries: int = 10_000
    picks: int = 20_000
    looks: int = 20_000
    trained: ShopSize = ShopSize(1_000, 5_000, 15_000, 30_000)
    products: int = 10_000
    customers: int = 50_000
    starts_with: int = 100_000
    seed: int = 7


FULL_BENCH = BenchPlan()
QUICK = BenchPlan(
    rounds=1,
    warm_up_s=0.5,  # an answer's first second is its dearest
    window_s=1.0,
    paced_s=0.5,
    batches=20,
    tries=300,
    picks=1_000,
    looks=2_000,
    trained=ShopSize(500, 2_000, 6_000, 12_000),
    customers=20_000,
    starts_with=10_000,
)
