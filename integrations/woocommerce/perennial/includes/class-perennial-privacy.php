<?php
/**
 * WordPress' own tools to export and erase personal data reach the service, too.
 *
 * @package Perennial
 */

/** Export and erasure. */
class Perennial_Privacy {

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

	/** Hook into WordPress. */
	public function register() {
		add_filter( 'wp_privacy_personal_data_erasers', array( $this, 'erasers' ) );
		add_filter( 'wp_privacy_personal_data_exporters', array( $this, 'exporters' ) );
	}

	/**
	 * Ours beside the others.
	 *
	 * @param array $erasers Known so far.
	 */
	public function erasers( $erasers ) {
		$erasers['perennial'] = array(
			'eraser_friendly_name' => __( 'Perennial', 'perennial' ),
			'callback'             => array( $this, 'erase' ),
		);
		return $erasers;
	}

	/**
	 * Ours beside the others.
	 *
	 * @param array $exporters Known so far.
	 */
	public function exporters( $exporters ) {
		$exporters['perennial'] = array(
			'exporter_friendly_name' => __( 'Perennial', 'perennial' ),
			'callback'               => array( $this, 'export' ),
		);
		return $exporters;
	}

	/**
	 * Erase what the service knows of somebody.
	 *
	 * @param string $email Their address.
	 */
	public function erase( $email ) {
		$answer = $this->ask( 'DELETE', $email, '' );
		$done   = in_array( wp_remote_retrieve_response_code( $answer ), array( 200, 202, 204 ), true );
		return array(
			'items_removed'  => $done,
			'items_retained' => ! $done,
			'messages'       => $done ? array() : array( __( 'Perennial did not answer: try again later.', 'perennial' ) ),
			'done'           => true,
		);
	}

	/**
	 * Export what the service knows of somebody.
	 *
	 * @param string $email Their address.
	 */
	public function export( $email ) {
		$answer = $this->ask( 'GET', $email, '/export' );
		$told   = json_decode( wp_remote_retrieve_body( $answer ), true );
		$data   = array();
		if ( 200 === wp_remote_retrieve_response_code( $answer ) && ! empty( $told['summary'] ) ) {
			$value  = implode( "\n", $told['summary'] );
			$data[] = array(
				'group_id'    => 'perennial',
				'group_label' => __( 'Recommendations', 'perennial' ),
				'item_id'     => 'perennial-customer',
				'data'        => array(
					array(
						'name'  => __( 'What is known', 'perennial' ),
						'value' => $value,
					),
				),
			);
		}
		return array(
			'data' => $data,
			'done' => true,
		);
	}

	/**
	 * Ask the service about a customer: by their account's id, else by address.
	 *
	 * @param string $method GET or DELETE.
	 * @param string $email  Their address.
	 * @param string $part   What comes behind their id.
	 */
	private function ask( $method, $email, $part ) {
		$user    = get_user_by( 'email', $email );
		$id      = $user ? (string) $user->ID : $email;
		$address = untrailingslashit( $this->options['address'] ) . '/v1/customers/' . rawurlencode( $id ) . $part;
		return wp_remote_request(
			$address,
			array(
				'method'  => $method,
				'timeout' => 15,
				'headers' => array( 'Authorization' => 'Bearer ' . $this->options['secret_key'] ),
			)
		);
	}
}
