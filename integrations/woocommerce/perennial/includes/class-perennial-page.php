<?php
/**
 * What the shop's pages get: the widget's script, who is signed in, recommendations where they belong.
 *
 * @package Perennial
 */

/** The shop's pages. */
class Perennial_Page {

	const ADDED = 'perennial_added';

	/**
	 * As saved in WooCommerce > Settings > Integrations.
	 *
	 * @var array
	 */
	private $options;

	/**
	 * Keep the settings.
	 *
	 * @param array $options As saved.
	 */
	public function __construct( $options ) {
		$this->options = $options;
	}

	/** Hook into WordPress and WooCommerce. */
	public function register() {
		add_action( 'wp_enqueue_scripts', array( $this, 'scripts' ) );
		add_filter( 'script_loader_tag', array( $this, 'with_data' ), 10, 2 );
		add_action( 'woocommerce_after_single_product_summary', array( $this, 'below_product' ), 15 );
		add_action( 'woocommerce_after_cart', array( $this, 'below_cart' ) );
		add_action( 'woocommerce_thankyou', array( $this, 'below_order' ), 20 );
		add_action( 'woocommerce_add_to_cart', array( $this, 'remember_added' ), 10, 4 );
		add_action( 'wp_footer', array( $this, 'page_data' ) );
		add_shortcode( 'perennial', array( $this, 'shortcode' ) );
	}

	/** The widget, and our own few lines that tell it of this page. */
	public function scripts() {
		$widget = untrailingslashit( $this->options['address'] ) . '/widget.js';
		wp_enqueue_script( 'perennial-page', plugins_url( 'assets/page.js', __DIR__ ), array(), '0.1.0', true );
		// The service versions its own file; a version here would hide a newer one.
		wp_enqueue_script( 'perennial', $widget, array( 'perennial-page' ), null, true ); // phpcs:ignore WordPress.WP.EnqueuedResourceParameters.MissingVersion
	}

	/**
	 * The widget's tag with key and customer.
	 *
	 * @param string $tag    The script tag.
	 * @param string $handle Its name.
	 */
	public function with_data( $tag, $handle ) {
		if ( 'perennial' !== $handle ) {
			return $tag;
		}
		$data = array( 'data-key' => $this->options['public_key'] ) + $this->customer();
		$text = '';
		foreach ( $data as $name => $value ) {
			$text .= sprintf( ' %s="%s"', $name, esc_attr( $value ) );
		}
		return str_replace( '<script ', '<script async' . $text . ' ', $tag );
	}

	/** Similar products and what goes with this one. */
	public function below_product() {
		global $product;
		if ( $product && $this->shows( 'product' ) ) {
			$name = Perennial_Names::of_product( $product );
			$this->show( 'product_complements', array( 'product-id' => $name ) );
			$this->show( 'product_similar', array( 'product-id' => $name ) );
		}
	}

	/** What completes the cart. */
	public function below_cart() {
		if ( $this->shows( 'cart' ) ) {
			$this->show( 'cart', array( 'cart' => implode( ',', $this->cart() ) ) );
		}
	}

	/** After an order: what goes with it. */
	public function below_order() {
		if ( $this->shows( 'order' ) ) {
			$this->show( 'post_purchase' );
		}
	}

	/**
	 * `[perennial placement="home" k="8"]` anywhere else.
	 *
	 * @param array $attributes Of the widget's element.
	 */
	public function shortcode( $attributes ) {
		$given = is_array( $attributes ) ? $attributes : array();
		$place = isset( $given['placement'] ) ? $given['placement'] : 'home';
		unset( $given['placement'] );
		ob_start();
		$this->show( $place, $given );
		return ob_get_clean();
	}

	/**
	 * A product was put into the cart by a form, and the next page tells of it.
	 *
	 * @param string $key          Of the cart's line.
	 * @param int    $product_id   The product.
	 * @param int    $quantity     How many.
	 * @param int    $variation_id The variation, 0 for none.
	 */
	public function remember_added( $key, $product_id, $quantity, $variation_id ) {
		$product = wc_get_product( $variation_id ? $variation_id : $product_id );
		if ( ! $product || ! WC()->session || wp_doing_ajax() ) { // A button's own script tells of itself.
			return;
		}
		$added   = (array) WC()->session->get( self::ADDED, array() );
		$added[] = array(
			'event_id'   => wp_generate_uuid4(),
			'product_id' => Perennial_Names::of_product( $product ),
			'quantity'   => (float) $quantity,
			'unit_price' => (float) $product->get_price(),
		);
		WC()->session->set( self::ADDED, array_slice( $added, -20 ) );
	}

	/** What page.js tells the widget, as data: a strict content security policy allows it. */
	public function page_data() {
		$added = WC()->session ? (array) WC()->session->get( self::ADDED, array() ) : array();
		if ( $added ) {
			WC()->session->set( self::ADDED, array() );
		}
		printf(
			'<script type="application/json" id="perennial-page">%s</script>',
			wp_json_encode( array( 'added' => $added ), JSON_HEX_TAG | JSON_HEX_AMP ) // phpcs:ignore WordPress.Security.EscapeOutput
		);
	}

	/**
	 * An element of the widget.
	 *
	 * @param string $placement  Where it stands.
	 * @param array  $attributes Further ones.
	 */
	private function show( $placement, $attributes = array() ) {
		$text = '';
		foreach ( array( 'placement' => $placement ) + $attributes as $name => $value ) {
			$text .= sprintf( ' %s="%s"', sanitize_key( $name ), esc_attr( $value ) );
		}
		printf( '<perennial-recs%s></perennial-recs>', $text ); // phpcs:ignore WordPress.Security.EscapeOutput
	}

	/**
	 * Whether the shop wants recommendations there.
	 *
	 * @param string $where `product`, `cart` or `order`.
	 */
	private function shows( $where ) {
		return ! isset( $this->options[ $where ] ) || 'yes' === $this->options[ $where ];
	}

	/** The customer who is signed in, with a proof; nothing of a guest. */
	private function customer() {
		$id = get_current_user_id();
		if ( ! $id || empty( $this->options['secret_key'] ) ) {
			return array();
		}
		return array(
			'data-customer-id'    => (string) $id,
			'data-customer-token' => Perennial_Names::token( (string) $id, $this->options['secret_key'] ),
		);
	}

	/** Names of the products in the cart. */
	private function cart() {
		$names = array();
		foreach ( WC()->cart ? WC()->cart->get_cart() : array() as $line ) {
			$names[] = Perennial_Names::of_product( $line['data'] );
		}
		return $names;
	}
}
