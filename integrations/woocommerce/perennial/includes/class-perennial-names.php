<?php
/**
 * How products and customers are named to the service: as WooCommerce's webhooks and exports name them.
 *
 * @package Perennial
 */

/** Names, and proofs of them. */
class Perennial_Names {

	/**
	 * A product's name: its SKU, else the id of the variation, else that of the product.
	 *
	 * @param WC_Product $product A product or variation.
	 */
	public static function of_product( $product ) {
		$sku = trim( (string) $product->get_sku() );
		return '' === $sku ? (string) $product->get_id() : $sku;
	}

	/**
	 * What proves to the service that a page may name a customer.
	 *
	 * @param string $customer_id The customer's id.
	 * @param string $secret_key  A secret key of the service; it never reaches a page.
	 */
	public static function token( $customer_id, $secret_key ) {
		return hash_hmac( 'sha256', $customer_id, hash( 'sha256', $secret_key ) );
	}
}
