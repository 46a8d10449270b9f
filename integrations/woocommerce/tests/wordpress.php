<?php
/**
 * The few functions of WordPress and WooCommerce that the plugin calls, as their documentation describes them.
 *
 * @package Perennial
 */

define( 'ABSPATH', __DIR__ );

/** What a test sets, and what the plugin did. */
final class World {
	public static $options  = array();
	public static $hooks    = array();
	public static $scripts  = array();
	public static $user     = 0;
	public static $users    = array();
	public static $ajax     = false;
	public static $requests = array();
	public static $answer   = array();
	public static $webhooks = array();
	public static $products = array();
	public static $wc;

	public static function reset() {
		foreach ( array( 'options', 'hooks', 'scripts', 'users', 'requests', 'answer', 'webhooks', 'products' ) as $name ) {
			self::$$name = array();
		}
		self::$user = 0;
		self::$ajax = false;
		self::$wc   = (object) array(
			'session' => new Session(),
			'cart'    => new Cart(),
		);
	}
}

final class Session {
	private $kept = array();

	public function get( $name, $default = null ) {
		return $this->kept[ $name ] ?? $default;
	}

	public function set( $name, $value ) {
		$this->kept[ $name ] = $value;
	}
}

final class Cart {
	public $lines = array();

	public function get_cart() {
		return $this->lines;
	}
}

final class WC_Product {
	private $id;
	private $sku;
	private $price;

	public function __construct( $id, $sku, $price = '0' ) {
		$this->id    = $id;
		$this->sku   = $sku;
		$this->price = $price;
	}

	public function get_id() {
		return $this->id;
	}

	public function get_sku() {
		return $this->sku;
	}

	public function get_price() {
		return $this->price;
	}
}

final class WC_Order {
	public $meta = array();

	public function update_meta_data( $name, $value ) {
		$this->meta[ $name ] = $value;
	}
}

final class WC_Webhook {
	public $fields = array( 'status' => 'disabled' );
	private $id    = 0;

	public function __call( $name, $arguments ) {
		if ( 0 === strpos( $name, 'set_' ) ) {
			$this->fields[ substr( $name, 4 ) ] = $arguments[0];
			return null;
		}
		return $this->fields[ substr( $name, 4 ) ];
	}

	public function get_id() {
		return $this->id;
	}

	public function save() {
		if ( ! $this->id ) {
			$this->id = count( World::$webhooks ) + 1;
		}
		World::$webhooks[ $this->id ] = $this;
	}
}

class WC_Integration {
	public $settings = array();
	public $errors   = array();

	public function init_settings() {
		$this->settings = World::$options['woocommerce_perennial_settings'] ?? array();
	}

	public function process_admin_options() {
		$this->settings = World::$options['posted'];
		World::$options['woocommerce_perennial_settings'] = $this->settings;
	}

	public function add_error( $error ) {
		$this->errors[] = $error;
	}

	public function display_errors() {
	}
}

function add_action( $hook, $callback, $priority = 10, $arguments = 1 ) {
	World::$hooks[ $hook ][] = $callback;
}

function add_filter( $hook, $callback, $priority = 10, $arguments = 1 ) {
	World::$hooks[ $hook ][] = $callback;
}

function add_shortcode( $name, $callback ) {
	World::$hooks[ "[$name]" ][] = $callback;
}

function get_option( $name, $default = false ) {
	return World::$options[ $name ] ?? $default;
}

function update_option( $name, $value ) {
	World::$options[ $name ] = $value;
}

function wp_enqueue_script( $handle, $source, $needs, $version, $args ) {
	World::$scripts[ $handle ] = $source;
}

function plugins_url( $path, $file ) {
	return "https://shop.example/wp-content/plugins/perennial/$path";
}

function untrailingslashit( $text ) {
	return rtrim( $text, '/' );
}

function esc_attr( $text ) {
	return htmlspecialchars( (string) $text, ENT_QUOTES );
}

function esc_html( $text ) {
	return htmlspecialchars( (string) $text, ENT_QUOTES );
}

function sanitize_key( $text ) {
	return preg_replace( '/[^a-z0-9_\-]/', '', strtolower( $text ) );
}

function sanitize_text_field( $text ) {
	return trim( strip_tags( $text ) );
}

function wp_unslash( $text ) {
	return stripslashes( $text );
}

function wp_json_encode( $value, $flags = 0 ) {
	return json_encode( $value, $flags );
}

function wp_generate_uuid4() {
	return bin2hex( random_bytes( 16 ) );
}

function wp_doing_ajax() {
	return World::$ajax;
}

function get_current_user_id() {
	return World::$user;
}

function current_user_can( $what ) {
	return true;
}

function get_user_by( $field, $value ) {
	return World::$users[ $value ] ?? false;
}

function wc_get_product( $id ) {
	return World::$products[ $id ] ?? false;
}

function wc_get_webhook( $id ) {
	return World::$webhooks[ $id ] ?? null;
}

function WC() {
	return World::$wc;
}

function wp_remote_request( $address, $request ) {
	World::$requests[] = array( $request['method'], $address, $request['headers']['Authorization'] );
	return World::$answer;
}

function wp_remote_retrieve_response_code( $answer ) {
	return $answer['status'] ?? '';
}

function wp_remote_retrieve_body( $answer ) {
	return $answer['body'] ?? '';
}

function __( $text, $domain ) {
	return $text;
}
