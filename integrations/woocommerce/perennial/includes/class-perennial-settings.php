<?php
/**
 * WooCommerce > Settings > Integrations > Perennial.
 *
 * @package Perennial
 */

/** The settings, what is wrong with them, and the webhooks that follow from them. */
class Perennial_Settings extends WC_Integration {

	/** The page. */
	public function __construct() {
		$this->id                 = 'perennial';
		$this->method_title       = __( 'Perennial', 'perennial' );
		$this->method_description = __( 'Recommendations that bring customers back. `perennial connect woocommerce` prints what to paste here.', 'perennial' );
		$this->init_form_fields();
		$this->init_settings();
		add_action( 'woocommerce_update_options_integration_perennial', array( $this, 'save' ) );
		add_action( 'admin_notices', array( $this, 'notice' ) );
	}

	/** The fields. */
	public function init_form_fields() {
		$this->form_fields = array(
			'address'        => $this->field( __( 'Address', 'perennial' ), 'https://recs.shop.example' ),
			'public_key'     => $this->field( __( 'Public key', 'perennial' ), 'pk_...' ),
			'secret_key'     => $this->field( __( 'Secret key', 'perennial' ), 'sk_...', 'password' ),
			'webhook_secret' => $this->field( __( 'Webhook secret', 'perennial' ), '', 'password' ),
			'product'        => $this->place( __( 'On product pages', 'perennial' ) ),
			'cart'           => $this->place( __( 'Below the cart', 'perennial' ) ),
			'order'          => $this->place( __( 'After an order', 'perennial' ) ),
		);
	}

	/** Save, say what is wrong, and bring the webhooks in step. */
	public function save() {
		$this->process_admin_options();
		$problem = self::problem( $this->settings );
		if ( $problem ) {
			$this->add_error( $problem );
			$this->display_errors();
			return;
		}
		Perennial_Webhooks::save( $this->settings['address'], $this->settings['webhook_secret'] );
	}

	/** Webhooks that WooCommerce disabled are said on every page of the admin. */
	public function notice() {
		$disabled = Perennial_Webhooks::disabled();
		if ( $disabled && current_user_can( 'manage_woocommerce' ) ) {
			/* translators: %s: names of webhooks */
			$text = __( 'Perennial hears nothing of %s: WooCommerce disabled these webhooks. Save its settings under WooCommerce > Settings > Integrations.', 'perennial' );
			printf( '<div class="notice notice-warning"><p>%s</p></div>', esc_html( sprintf( $text, implode( ', ', $disabled ) ) ) );
		}
	}

	/**
	 * What is wrong with settings, in words; "" for nothing.
	 *
	 * @param array $settings As saved.
	 */
	public static function problem( $settings ) {
		if ( ! preg_match( '#^https?://[^/]+#', (string) $settings['address'] ) ) {
			return __( 'The address begins with https://, as `perennial connect woocommerce` prints it.', 'perennial' );
		}
		if ( 0 !== strpos( (string) $settings['public_key'], 'pk_' ) ) {
			return __( 'The public key begins with pk_: `perennial keys create public` makes one.', 'perennial' );
		}
		if ( 0 !== strpos( (string) $settings['secret_key'], 'sk_' ) ) {
			return __( 'The secret key begins with sk_: `perennial keys create secret` makes one.', 'perennial' );
		}
		if ( '' === trim( (string) $settings['webhook_secret'] ) ) {
			return __( 'The webhook secret is missing: `perennial connect woocommerce` prints it.', 'perennial' );
		}
		return '';
	}

	/**
	 * A line of text.
	 *
	 * @param string $title       Its name.
	 * @param string $placeholder An example.
	 * @param string $type        `text` or `password`.
	 */
	private function field( $title, $placeholder, $type = 'text' ) {
		return array(
			'title'       => $title,
			'type'        => $type,
			'placeholder' => $placeholder,
			'default'     => '',
		);
	}

	/**
	 * A switch for a place.
	 *
	 * @param string $title Its name.
	 */
	private function place( $title ) {
		return array(
			'title'   => $title,
			'type'    => 'checkbox',
			'label'   => __( 'Show recommendations', 'perennial' ),
			'default' => 'yes',
		);
	}
}
