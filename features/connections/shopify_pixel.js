// A custom pixel for Shopify (Settings > Customer events > Add custom pixel): tells Perennial what shoppers do.
// https://shopify.dev/docs/api/web-pixels-api. Nothing is sent before Shopify says that analytics are allowed.
const ENDPOINT = "{{endpoint}}";
const KEY = "{{key}}";
const BROWSER = "perennial_anonymous_id"; // where the widget keeps the browser's id, too

let allowed = init.customerPrivacy?.analyticsProcessingAllowed !== false;
const privacy = typeof customerPrivacy === "undefined" ? api.customerPrivacy : customerPrivacy;
privacy.subscribe("visitorConsentCollected", (event) => {
  allowed = event.customerPrivacy.analyticsProcessingAllowed;
});

// A product goes by its SKU, else by its title and its variant's, as in Shopify's exports.
const nameOf = (variant) =>
  variant.sku ||
  [variant.product.title, variant.title].filter((part) => part && part !== "Default Title").join(" - ");

async function browserId() {
  const known = await browser.localStorage.getItem(BROWSER);
  if (known) return known;
  const fresh = crypto.randomUUID();
  await browser.localStorage.setItem(BROWSER, fresh);
  return fresh;
}

async function send(event, fields) {
  if (!allowed) return;
  const body = {
    event_id: event.id,
    timestamp: event.timestamp,
    anonymous_id: await browserId(),
    ...fields,
  };
  await browser.sendBeacon(`${ENDPOINT}/v1/events?key=${KEY}`, JSON.stringify(body));
}

const ofCart = (type) => (event) => {
  const line = event.data.cartLine;
  if (!line) return undefined;
  return send(event, { type, product_id: nameOf(line.merchandise), quantity: line.quantity });
};

analytics.subscribe("product_viewed", (event) =>
  send(event, { type: "view", product_id: nameOf(event.data.productVariant) }),
);
analytics.subscribe("search_submitted", (event) =>
  send(event, { type: "search", query: event.data.searchResult.query }),
);
analytics.subscribe("product_added_to_cart", ofCart("add_to_cart"));
analytics.subscribe("product_removed_from_cart", ofCart("remove_from_cart"));
analytics.subscribe("checkout_started", (event) => send(event, { type: "checkout" }));
analytics.subscribe("checkout_completed", (event) => {
  const checkout = event.data.checkout;
  const lines = checkout.lineItems.filter((line) => line.variant);
  if (!checkout.order?.id || !lines.length) return undefined;
  const items = lines.map((line) => ({
    product_id: nameOf(line.variant),
    quantity: line.quantity,
    unit_price: line.variant.price?.amount,
  }));
  const discount = lines
    .flatMap((line) => line.discountAllocations ?? [])
    .reduce((sum, allocation) => sum + allocation.amount.amount, 0);
  // Shopify's own id of the order; its webhook knows it beside the number.
  const number = String(checkout.order.id).split("/").pop();
  const order = { order_id: number, items, discount, currency: checkout.currencyCode };
  return send(event, { type: "purchase", order });
});
