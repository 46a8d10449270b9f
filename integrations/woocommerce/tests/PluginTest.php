<?php
/**
 * The plugin by what WordPress sees of it.
 *
 * @package Perennial
 */

use PHPUnit\Framework\TestCase;

require_once __DIR__ . '/wordpress.php';
require_once __DIR__ . '/../perennial/perennial.php';
require_once __DIR__ . '/../perennial/includes/class-perennial-settings.php';

final class PluginTest extends TestCase {

	const OPTIONS = array(
		'address'        => 'https://recs.shop.example/',
		'public_key'     => 'pk_1',
		'secret_key'     => 'sk_1',
		'webhook_secret' => 'hush',
	);

	protected function setUp(): void {
		World::reset();
	}

	private function page(): Perennial_Page {
		return new Perennial_Page( self::OPTIONS );
	}

	private function printed( callable $print ): string {
		ob_start();
		$print();
		return ob_get_clean();
	}

	public function test_a_product_goes_by_its_sku_else_by_its_id(): void {
		$this->assertSame( 'tea', Perennial_Names::of_product( new WC_Product( 7, ' tea ' ) ) );
		$this->assertSame( '7', Perennial_Names::of_product( new WC_Product( 7, '' ) ) );
	}

	public function test_the_widgets_tag_has_key_and_signed_customer_and_no_secret(): void {
		$tag = '<script src="x" id="perennial-js"></script>';
		$this->assertSame( $tag, $this->page()->with_data( $tag, 'other' ) );
		$this->assertStringContainsString( '<script async data-key="pk_1" src="x"', $this->page()->with_data( $tag, 'perennial' ) );
		World::$user = 17;
		$signed      = $this->page()->with_data( $tag, 'perennial' );
		$token       = hash_hmac( 'sha256', '17', hash( 'sha256', 'sk_1' ) );
		$this->assertStringContainsString( "data-customer-id=\"17\" data-customer-token=\"$token\"", $signed );
		$this->assertStringNotContainsString( 'sk_1', $signed );
	}

	public function test_the_script_comes_from_the_service(): void {
		$this->page()->scripts();
		$this->assertSame( 'https://recs.shop.example/widget.js', World::$scripts['perennial'] );
	}

	public function test_recommendations_stand_where_the_shop_wants_them(): void {
		$GLOBALS['product'] = new WC_Product( 7, 'tea "mild"' );
		$below              = $this->printed( array( $this->page(), 'below_product' ) );
		$this->assertStringContainsString( 'placement="product_similar" product-id="tea &quot;mild&quot;"', $below );
		World::$wc->cart->lines = array( array( 'data' => new WC_Product( 7, 'tea' ) ), array( 'data' => new WC_Product( 8, '' ) ) );
		$this->assertStringContainsString( 'cart="tea,8"', $this->printed( array( $this->page(), 'below_cart' ) ) );
		$quiet = new Perennial_Page( self::OPTIONS + array( 'order' => 'no' ) );
		$this->assertSame( '', $this->printed( array( $quiet, 'below_order' ) ) );
		$this->assertStringContainsString( 'placement="home" k="8"', $this->page()->shortcode( array( 'k' => '8' ) ) );
		$this->assertStringContainsString( 'placement="new"', $this->page()->shortcode( array( 'placement' => 'new' ) ) );
		$this->assertStringNotContainsString( '<b', $this->page()->shortcode( array( 'k' => '"><b>' ) ) );
	}

	public function test_what_a_form_put_into_the_cart_is_told_once_by_the_next_page(): void {
		World::$products[9] = new WC_Product( 9, 'pot', '12.50' );
		$this->page()->remember_added( 'key', 5, 2, 9 );
		World::$ajax = true;
		$this->page()->remember_added( 'key', 5, 1, 9 );
		$first = $this->printed( array( $this->page(), 'page_data' ) );
		$this->assertStringContainsString( '"product_id":"pot","quantity":2,"unit_price":12.5', $first );
		$this->assertSame( 1, substr_count( $first, 'product_id' ) );
		$this->assertStringContainsString( '{"added":[]}', $this->printed( array( $this->page(), 'page_data' ) ) );
	}

	public function test_an_order_carries_the_browsers_id_and_nothing_else(): void {
		foreach ( array( 'a1b2c3d4-0000' => 'a1b2c3d4-0000', '<script>' => null, '' => null ) as $sent => $kept ) {
			$_COOKIE['perennial_id'] = $sent;
			$order                   = new WC_Order();
			( new Perennial_Checkout() )->mark( $order );
			$this->assertSame( $kept, $order->meta['_perennial_id'] ?? null );
		}
	}

	public function test_saving_makes_one_webhook_a_topic_and_wakes_a_disabled_one(): void {
		$settings                = new Perennial_Settings();
		World::$options['posted'] = self::OPTIONS;
		$settings->save();
		$settings->save();
		$this->assertSame( array(), $settings->errors );
		$this->assertCount( count( Perennial_Webhooks::TOPICS ), World::$webhooks );
		$fields = World::$webhooks[1]->fields;
		$this->assertSame( 'https://recs.shop.example/v1/webhooks/woocommerce', $fields['delivery_url'] );
		$this->assertSame( array( 'active', 'hush', 'order.created' ), array( $fields['status'], $fields['secret'], $fields['topic'] ) );
		World::$webhooks[1]->set_status( 'disabled' );
		$this->assertSame( array( 'order.created' ), Perennial_Webhooks::disabled() );
		$this->assertStringContainsString( 'hears nothing of order.created', $this->printed( array( $settings, 'notice' ) ) );
		$settings->save();
		$this->assertSame( '', $this->printed( array( $settings, 'notice' ) ) );
	}

	public function test_a_wrong_field_is_named_and_no_webhook_is_made(): void {
		$wrong = array(
			'address'        => 'recs.shop.example',
			'public_key'     => 'sk_1',
			'secret_key'     => 'pk_1',
			'webhook_secret' => ' ',
		);
		foreach ( $wrong as $field => $value ) {
			World::$options['posted'] = array( $field => $value ) + self::OPTIONS;
			$settings                = new Perennial_Settings();
			$settings->save();
			$this->assertStringContainsString( str_replace( '_', ' ', $field ), $settings->errors[0] );
		}
		$this->assertSame( array(), World::$webhooks );
	}

	public function test_privacy_tools_reach_the_service(): void {
		$privacy                         = new Perennial_Privacy( self::OPTIONS );
		World::$users['ida@example.com'] = (object) array( 'ID' => 17 );
		World::$answer                   = array( 'status' => 202 );
		$this->assertTrue( $privacy->erase( 'ida@example.com' )['items_removed'] );
		World::$answer = array();
		$this->assertTrue( $privacy->erase( 'guest@example.com' )['items_retained'] );
		World::$answer = array(
			'status' => 200,
			'body'   => '{"summary": ["Two orders."]}',
		);
		$this->assertSame( 'Two orders.', $privacy->export( 'ida@example.com' )['data'][0]['data'][0]['value'] );
		$this->assertSame( array( 'DELETE', 'https://recs.shop.example/v1/customers/17', 'Bearer sk_1' ), World::$requests[0] );
		$this->assertStringEndsWith( '/guest%40example.com', World::$requests[1][1] );
	}
}
