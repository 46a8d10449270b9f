<?php
/**
 * Plugin Name: Perennial for WooCommerce
 * Description: Recommendations that bring customers back: widgets, events, orders and products, connected.
 * Version: 0.1.0
 * Requires at least: 6.4
 * Requires PHP: 7.4
 * Requires Plugins: woocommerce
 * License: GPL-2.0-or-later
 * License URI: https://www.gnu.org/licenses/gpl-2.0.html
 * Text Domain: perennial
 *
 * @package Perennial
 */

defined( 'ABSPATH' ) || exit;

require_once __DIR__ . '/includes/class-perennial-names.php';
require_once __DIR__ . '/includes/class-perennial-page.php';
require_once __DIR__ . '/includes/class-perennial-checkout.php';
require_once __DIR__ . '/includes/class-perennial-webhooks.php';
require_once __DIR__ . '/includes/class-perennial-privacy.php';

add_action(
	'plugins_loaded',
	static function () {
		if ( ! class_exists( 'WC_Integration' ) ) {
			return;
		}
		require_once __DIR__ . '/includes/class-perennial-settings.php';
		add_filter(
			'woocommerce_integrations',
			static function ( $integrations ) {
				$integrations[] = 'Perennial_Settings';
				return $integrations;
			}
		);
		$options = get_option( 'woocommerce_perennial_settings', array() );
		if ( empty( $options['address'] ) || empty( $options['public_key'] ) ) {
			return;
		}
		( new Perennial_Page( $options ) )->register();
		( new Perennial_Checkout() )->register();
		( new Perennial_Privacy( $options ) )->register();
	}
);
