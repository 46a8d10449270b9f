"""What an operator may change about training; the defaults suit shops of 300 to 3 million orders."""

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class TrainingSettings(BaseSettings):
    """Read once, by the command that trains."""

    model_config = SettingsConfigDict(env_prefix="PERENNIAL_TRAIN_", frozen=True)

    half_life_days: float = Field(default=180, gt=0, description="Age at which an order counts half.")
    view_weight: float = Field(
        default=0.1, ge=0, le=1, description="What a view says of a preference, an order being 1."
    )
    cart_weight: float = Field(
        default=0.3, ge=0, le=1, description="What an add-to-cart says of a preference, an order being 1."
    )
    als_factors: int = Field(
        default=64, ge=2, le=512, description="Length of the customer and product vectors."
    )
    als_alpha: float = Field(
        default=3, ge=0, description="Confidence of an order today: 1 + this; of nothing bought: 1."
    )
    als_regularisation: float = Field(
        default=30, gt=0, description="Ridge on the vectors; higher is safer on thin data."
    )
    als_iterations: int = Field(default=16, ge=1, description="Passes of alternating least squares.")
    ease_products: int = Field(
        default=10_000,
        ge=1,
        description="Best-selling products that the cart model covers (memory: 8 bytes x square).",
    )
    ease_lambda: float | None = Field(
        default=None, gt=0, description="Ridge of the cart model; unset: tuned on customers' last orders."
    )
    cart_habit: float | None = Field(
        default=None, ge=0, description="What own earlier orders add to a cart's scores; unset: tuned alike."
    )
    ease_kept: int = Field(default=200, ge=1, description="Weights that the cart model keeps a product.")
    neighbours_kept: int = Field(
        default=50, ge=1, description="Similar products and complements kept a product."
    )
    co_purchase_shrinkage: float = Field(
        default=10, ge=0, description="Orders together at which a pair is half believed."
    )
    complement_support: int = Field(
        default=3, ge=1, description="Orders, and buyers, together below which a pair is chance."
    )
    session_looks: int = Field(
        default=3_000_000, ge=1, description="Newest product views that the visit model learns from."
    )
    sessions_kept: int = Field(default=50, ge=1, description="Next products of a visit kept a product.")
    holdout_days: float = Field(
        default=28, gt=0, description="Newest days kept for the evaluation; a fifth of a shorter history."
    )
    rehearsal_lines: int = Field(
        default=1_000_000,
        ge=1_000,
        description="Order lines and views, at most, of customers drawn by lot, on which training rehearses.",
    )
    evaluation_cases: int = Field(
        default=1_000, ge=1, description="Orders, at most, that each placement is judged on."
    )
    cart_lessons: int = Field(
        default=6_000, ge=0, description="Carts, at most, on which the trees that order carts are learned."
    )
    blend_cases: int = Field(
        default=250, ge=1, description="Questions, at most, on which each placement's weights are learned."
    )
    rest_days: int = Field(
        default=14,
        ge=0,
        description="For so long what was bought is hidden where too little is known to learn it.",
    )
    rest_share: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description="A product is hidden until this share of its buyers bought it again; unset: learned.",
    )
    gate_min_cases: int = Field(
        default=50, ge=1, description="Cases below which an evaluation says too little to refuse a bundle."
    )
    gate_popularity_tolerance: float = Field(
        default=0.0, ge=0, le=1, description="Share by which a bundle may rank worse than popularity."
    )
    gate_running_tolerance: float = Field(
        default=0.2, ge=0, le=1, description="Share by which a bundle may rank worse than the running one."
    )
    gate_coverage: float = Field(
        default=0.95, ge=0, le=1, description="Share of the sold products that must have a title to show."
    )
    seed: int = Field(
        default=7, ge=0, description="Of every random choice: the same history, the same bundle."
    )
    gate_shrink_tolerance: float = Field(
        default=0.2,
        ge=0,
        le=1,
        description="Share of the running bundle's orders, customers, products or days that may be missing.",
    )
    gate_table_tolerance: float = Field(
        default=0.5,
        ge=0,
        le=1,
        description="Share of the rows of a running bundle's table, or of their spread, that may be missing.",
    )
    kept_models: int = Field(
        default=5, ge=1, description="Models kept besides the running one and those that experiments name."
    )
    retrain_hours: float = Field(
        default=24, gt=0, description="Age at which `serve` replaces a model, if there is newer data."
    )
