import polars as pl
import pytest

from features.importers.non_products import is_product


@pytest.mark.parametrize(
    ("product_id", "title", "expected"),
    [
        ("POST", "POSTAGE", False),
        ("dot", None, False),
        ("C2", "CARRIAGE", False),
        ("23444", "Next Day Carriage", False),
        ("23574", "PACKING CHARGE", False),
        ("M", "Manual", False),
        ("D", "Discount", False),
        ("S", "SAMPLES", False),
        ("B", "Adjust bad debt", False),
        ("BANK CHARGES", "Bank Charges", False),
        ("AMAZONFEE", "AMAZON FEE", False),
        ("CRUK", "CRUK Commission", False),
        ("gift_0001_10", "Dotcomgiftshop Gift Voucher £10.00", False),
        ("G", "Gift Card", False),
        ("PADS", "PADS TO MATCH ALL CUSHIONS", True),
        ("23099", "FRENCH CARRIAGE LANTERN", True),
        ("85168B", "BLACK BAROQUE CARRIAGE CLOCK", True),
        ("1", "GIFT CARD HOLDER", True),
        ("2", "MANUAL COFFEE GRINDER", True),
        ("B", None, True),
        *[
            ("X", title, False)
            for title in (
                *(
                    "Versandkosten",
                    "Versandkosten Österreich (AT)",
                    "Porto und Verpackung",
                    "Nachnahmegebühr",
                ),
                *(
                    "Gutschein 25 €",
                    "Geschenkgutschein",
                    "Weihnachts-Geschenkkarte",
                    "Pfand",
                    "Flaschenpfand 0,25 €",
                ),
                *("Trinkgeld", "Transportversicherung", "Geschenkverpackung", "Spende für das Tierheim"),
                *(
                    "Frais de port",
                    "Frais d'expédition",
                    "Carte cadeau 50 €",
                    "Chèque-cadeau",
                    "Consigne",
                    "Pourboire",
                ),
                *(
                    "Gastos de envío",
                    "Tarjeta regalo",
                    "Propina",
                    "Spese di spedizione",
                    "Buono regalo",
                    "Mancia",
                ),
                *(
                    "Verzendkosten",
                    "Cadeaubon",
                    "Statiegeld",
                    "Fooi",
                    "Koszt wysyłki",
                    "Karta podarunkowa",
                    "Kaucja",
                ),
                *(
                    "Custos de envio",
                    "Frete",
                    "Cartão-presente",
                    "Vale presente",
                    "Gorjeta",
                    "Caução",
                    "Desconto 10%",
                ),
                *(
                    "Gift card",
                    "E-Gift Card - 50",
                    "Gift wrap",
                    "Bottle deposit",
                    "Shipping Protection",
                    "Tip",
                ),
            )
        ],
        *[
            ("X", title, True)
            for title in (
                *("Geschenkkarte-Halter", "Gift card holder", "Gutscheinbox aus Holz", "Porte-carte cadeau"),
                *(
                    "Portatarjetas de regalo",
                    "Cadeaubon houder",
                    "Pudełko na kartę podarunkową",
                    "Caution tape",
                ),
                *(
                    "Borg fleece jacket",
                    "Delivery van toy",
                    "Portofino candle",
                    "Tip Top mug",
                    "Porto, red wine",
                ),
                *(
                    "Depositphotos mug",
                    "Sampler quilt",
                    "Gift wrap paper",
                    "Pfandflaschenregal",
                    "Versandtasche",
                ),
                *("Donation box", "Envelope, red", "Fooi-pot", "Livre de cuisine", "Livraison toys"),
            )
        ],
    ],
)
def test_what_is_a_product(product_id: str, title: str | None, expected: bool) -> None:
    row = pl.DataFrame({"id": [product_id], "title": [title]}, schema={"id": pl.String, "title": pl.String})
    assert row.select(is_product(pl.col("id"), pl.col("title"))).item() is expected


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("DHL Paket", False),
        ("DPD", False),
        ("Kurier DPD", False),
        ("InPost Paczkomaty", False),
        ("Colissimo", False),
        ("UPS Standard: Germany", False),
        ("Opakowanie prezentowe", False),
        ("DHL delivery van, model 1:43", True),
        ("Royal Mail red", True),
        ("Ups and downs", True),
        ("GLS", False),
    ],
)
def test_a_carrier_alone_is_postage(title: str, expected: bool) -> None:
    lines = pl.DataFrame({"id": [title], "title": [title]})
    assert lines.select(is_product(pl.col("id"), pl.col("title"))).item() is expected
