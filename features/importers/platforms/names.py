"""Names of the exports that are known, for commands that must start without loading what reads them."""

ORDER_FORMAT_NAMES = (
    "shopify",
    "woocommerce",
    "woo-advanced",
    "woo-webtoffee",
    "magento",
    "prestashop",
    "bigcommerce",
    "squarespace",
    "square",
    "etsy",
    "wix",
    "amazon",
    "ebay",
    "shopware5",
    "shopware6",
    "online-retail",
    "events",
)
