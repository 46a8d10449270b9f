"""Which formats a catalogue may be in."""

from features.importers.catalogues.magento import MAGENTO_PRODUCTS
from features.importers.catalogues.merchant import MERCHANT, PLAIN
from features.importers.catalogues.others import OTHERS
from features.importers.catalogues.shopify import SHOPIFY_PRODUCTS
from features.importers.catalogues.woocommerce import WOO_PRODUCTS

CATALOGUE_FORMATS = {
    each.name: each for each in (MERCHANT, SHOPIFY_PRODUCTS, WOO_PRODUCTS, MAGENTO_PRODUCTS, *OTHERS, PLAIN)
}
