/* What a shop already pushes for Google Analytics 4, as events of ours.
   Names of https://developers.google.com/analytics/devguides/collection/ga4/reference/events */

const LATELY_MS = 5000;
const EVENTS = {
  view_item: (said) => said.items.map((item) => ["view", lineOf(item)]),
  select_item: (said) => said.items.map((item) => ["click", { product_id: idOf(item) }]),
  view_item_list: ({ items }) => [["impression", { properties: { product_ids: items.map(idOf) } }]],
  add_to_cart: (said) => said.items.filter(isNotOurs).map((item) => ["add_to_cart", lineOf(item)]),
  remove_from_cart: (said) => said.items.map((item) => ["remove_from_cart", lineOf(item)]),
  add_to_wishlist: (said) => said.items.map((item) => ["wishlist", { product_id: idOf(item) }]),
  begin_checkout: (said) => [["checkout", { properties: { product_ids: said.items.map(idOf), value: said.value } }]],
  purchase: (said) => (said.transaction_id && said.items.length ? [["purchase", { order: orderOf(said) }]] : []),
  search: (said) => (said.search_term ? [["search", { query: String(said.search_term) }]] : []),
};

const idOf = (item) => String(item.item_id ?? item.id);
const numberOf = (value) => (Number.isFinite(Number(value ?? NaN)) ? Number(value) : undefined);
const textOf = (value) => (value === undefined || value === null || value === "" ? undefined : String(value));

/** GA4's `price` is what is paid for one, after the item's own discount. */
const lineOf = (item) => ({ product_id: idOf(item), quantity: numberOf(item.quantity) || 1, unit_price: numberOf(item.price) });

/** Not what a button of ours has told of just now, whose page pushes it, too. */
const isNotOurs = (item) => !(Date.now() - ownAdds.get(idOf(item)) < LATELY_MS);

const orderOf = (said) => ({
  order_id: String(said.transaction_id),
  currency: textOf(said.currency),
  coupon: textOf(said.coupon),
  shipping: numberOf(said.shipping),
  tax: numberOf(said.tax),
  items: said.items.map(lineOf),
});

/** Who signed in: `perennial_customer_token`, made by the shop's server, stands beside the `user_id`. */
function hearUser({ user_id, perennial_customer_token }) {
  if (user_id && user_id !== heardUser) identify(heardUser = String(user_id), perennial_customer_token);
}

let heardUser;

/** An entry of the data layer: Google Tag Manager's object, or the arguments of a call of gtag(). */
function hear(entry) {
  if (!entry || typeof entry !== "object") return;
  const [command, name, fields] = entry[0] ? [...entry] : ["event", entry.event, entry];
  if (command === "config" || command === "set") return hearUser(typeof name === "object" ? name : { [name]: fields, ...fields });
  if (command !== "event" || !fields) return;
  hearUser(fields);
  const said = { ...fields, ...fields.ecommerce };
  said.items = (Array.isArray(said.items) ? said.items : []).filter((item) => item?.item_id ?? item?.id);
  if (Object.hasOwn(EVENTS, name)) EVENTS[name](said).forEach(([type, about]) => track(type, about));
}
