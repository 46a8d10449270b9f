<?php
/**
 * Orders know the browser that they come from, so that what it looked at becomes the customer's.
 *
 * @package Perennial
 */

/** The checkout, the classic one and that of blocks. */
class Perennial_Checkout {

	const COOKIE = 'perennial_id';
	const FIELD  = '_perennial_id';

	/** Hook into WooCommerce. */
	public function register() {
		add_action( 'woocommerce_checkout_create_order', array( $this, 'mark' ) );
		add_action( 'woocommerce_store_api_checkout_update_order_meta', array( $this, 'mark' ) );
	}

	/**
	 * Keep the browser's id with the order; the webhook carries it.
	 *
	 * @param WC_Order $order The order.
	 */
	public function mark( $order ) {
		$id = isset( $_COOKIE[ self::COOKIE ] ) ? sanitize_text_field( wp_unslash( $_COOKIE[ self::COOKIE ] ) ) : '';
		if ( preg_match( '/^[0-9A-Za-z-]{8,64}$/', $id ) ) {
			$order->update_meta_data( self::FIELD, $id );
		}
	}
}
