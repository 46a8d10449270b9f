<?php

require $argv[3] ?? __DIR__ . '/vendor/autoload.php';

use Perennial\Client\Api;
use Perennial\Client\ApiException;
use Perennial\Client\Configuration;
use Perennial\Client\Model;

$shop = (new Configuration())->setHost($argv[1])->setAccessToken($argv[2]);

$home = (new Api\RecommendationsApi(null, $shop))->recommendations('home', customer_id: 'ann', k: 2);
echo 'home ', count($home->getItems()), ' ', $home->getItems()[0]->getRank(), "\n";

$view = new Model\SentEvent(['type' => 'view', 'anonymous_id' => 'a-1', 'product_id' => 'tea']);
$received = (new Api\EventsApi(null, $shop))->events(new Model\SentEvents(['events' => [$view]]));
echo 'accepted ', $received->getAccepted(), "\n";

$ann = (new Api\CustomersApi(null, $shop))->customerProfile('ann', ['picks', 'orders']);
echo 'ann ', var_export($ann->getKnown(), true), ' ', var_export(count($ann->getPicks()->getItems()) > 0, true), "\n";

$lines = "{\"customer_id\": \"ann\"}\n{\"customer_id\": \"bob\"}\n";
$picks = (new Api\EMailApi(null, $shop))->picksOfMany($lines);
echo 'picks ', count(array_filter(iterator_to_array($picks), 'trim')), "\n";

$hide = new Model\Hide(['kind' => 'hide', 'id' => 'no-mugs', 'products' => ['mug']]);
$saved = (new Api\MerchandisingApi(null, $shop))->putRules(new Model\RulesToSave(['rules' => [$hide]]));
echo 'rules ', $saved->getRules()[0]->getKind(), "\n";

try {
    (new Api\InsightsApi(null, $shop))->insight('moods');
} catch (ApiException $error) {
    echo 'refused ', $error->getCode(), ' ', substr(json_decode($error->getResponseBody())->detail, 0, 20), "\n";
}
