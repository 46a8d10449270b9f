<?php
/**
 * WooCommerce's own webhooks to the service, made and kept in step with the settings.
 *
 * @package Perennial
 */

/** Webhooks. */
class Perennial_Webhooks {

	const OPTION = 'perennial_webhooks';
	const TOPICS = array(
		'order.created',
		'order.updated',
		'order.deleted',
		'order.restored',
		'product.created',
		'product.updated',
		'product.deleted',
		'product.restored',
		'customer.created',
		'customer.updated',
	);

	/**
	 * One active webhook a topic; one that WooCommerce disabled after failures is active again.
	 *
	 * @param string $address Of the service.
	 * @param string $secret  With which they are signed.
	 */
	public static function save( $address, $secret ) {
		$known = (array) get_option( self::OPTION, array() );
		foreach ( self::TOPICS as $topic ) {
			$webhook = isset( $known[ $topic ] ) ? wc_get_webhook( $known[ $topic ] ) : null;
			$webhook = $webhook ? $webhook : new WC_Webhook();
			$webhook->set_name( 'Perennial ' . $topic );
			$webhook->set_topic( $topic );
			$webhook->set_delivery_url( untrailingslashit( $address ) . '/v1/webhooks/woocommerce' );
			$webhook->set_secret( $secret );
			$webhook->set_user_id( get_current_user_id() );
			$webhook->set_api_version( 'wp_api_v3' );
			$webhook->set_status( 'active' );
			$webhook->save();
			$known[ $topic ] = $webhook->get_id();
		}
		update_option( self::OPTION, $known );
	}

	/** Names of those that WooCommerce disabled: it does after five failures in a row. */
	public static function disabled() {
		$found = array();
		foreach ( (array) get_option( self::OPTION, array() ) as $topic => $id ) {
			$webhook = wc_get_webhook( $id );
			if ( ! $webhook || 'active' !== $webhook->get_status() ) {
				$found[] = $topic;
			}
		}
		return $found;
	}
}
