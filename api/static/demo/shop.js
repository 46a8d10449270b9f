/** The shop's state: its products, who is shopping, and what is in their cart. */

/** Of a demo shop's own home: it opens nothing else. */
export const DEMO_SECRET = "sk_demo";

const response = await fetch("/demo/shop.json");
export const shop = await response.json();
const products = new Map(shop.products.map((product) => [product.product_id, product]));

export const product = (id) => products.get(id);
export const category = (id) => shop.categories.find((one) => one.id === id);
export const categoryOf = (one) => shop.categories.find((group) => group.name === one.category);
export const inCategory = (group) => shop.products.filter((one) => one.category === group.name);

export const price = (amount) =>
  new Intl.NumberFormat("en-GB", { style: "currency", currency: shop.currency }).format(amount);

export function search(query) {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  const text = (one) => `${one.title} ${one.brand} ${one.category}`.toLowerCase();
  return words.length ? shop.products.filter((one) => words.every((word) => text(one).includes(word))) : [];
}

// ── Who is shopping ────────────────────────────────────────────────────────

/** Proof that the shop knows who signed in. A real shop's server makes it, of its secret key: docs/operating.md. */
async function tokenOf(customerId) {
  const bytes = (text) => new TextEncoder().encode(text);
  const hex = (buffer) => [...new Uint8Array(buffer)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const secret = bytes(hex(await crypto.subtle.digest("SHA-256", bytes(DEMO_SECRET))));
  const key = await crypto.subtle.importKey("raw", secret, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return hex(await crypto.subtle.sign("HMAC", key, bytes(customerId)));
}

for (const one of shop.shoppers) {
  if (one.customer_id && crypto.subtle) one.token = await tokenOf(one.customer_id); // absent on plain http elsewhere
}

export const shopper = () =>
  shop.shoppers.find((one) => one.key === localStorage.getItem("demo_shopper")) ?? shop.shoppers[0];

/** Tell the widgets who signed in; a visitor without a customer id stays anonymous. */
export function greet() {
  if (shopper().customer_id) Perennial.identify(shopper().customer_id, shopper().token);
}

/** Become another person, as if at another browser: nothing of the one before is kept. */
export function become(key) {
  Perennial.identify(null);
  localStorage.setItem("demo_shopper", key);
  localStorage.removeItem("demo_cart");
  localStorage.removeItem("demo_sets");
  greet();
  announce();
}

// ── Their cart ─────────────────────────────────────────────────────────────

/** [{product, quantity}] in the order they were added. */
export const cart = () =>
  Object.entries(JSON.parse(localStorage.getItem("demo_cart") ?? "{}"))
    .map(([id, quantity]) => ({ product: product(id), quantity }))
    .filter((line) => line.product);

export const cartIds = () => cart().map((line) => line.product.product_id).join(",");
export const cartCount = () => cart().reduce((sum, line) => sum + line.quantity, 0);
export const cartGoods = () => cart().reduce((sum, line) => sum + line.quantity * line.product.price, 0);

/** Sets that were taken with one click; their price holds while all of a set is in the cart. */
const sets = () => JSON.parse(localStorage.getItem("demo_sets") ?? "[]");
const setId = (ids) => ids.join(",");

export function keepSet({ items, list_price, bundle_price }) {
  const ids = items.map((one) => one.product_id);
  const others = sets().filter((one) => setId(one.ids) !== setId(ids));
  localStorage.setItem("demo_sets", JSON.stringify([...others, { ids, off: list_price - bundle_price }]));
}

/** Money off for whole sets; a product counts for one set alone. */
export function cartSaving() {
  const left = new Map(cart().map((line) => [line.product.product_id, line.quantity]));
  return sets().reduce((sum, { ids, off }) => {
    if (!ids.every((id) => left.get(id) > 0)) return sum;
    ids.forEach((id) => left.set(id, left.get(id) - 1));
    return sum + off;
  }, 0);
}

export const cartTotal = () => cartGoods() - cartSaving();

const keep = (lines) => {
  localStorage.setItem("demo_cart", JSON.stringify(lines));
  announce();
};

/** The quantity of one product from now on; 0 takes it out. Sends nothing. */
export function setQuantity(id, quantity) {
  const lines = JSON.parse(localStorage.getItem("demo_cart") ?? "{}");
  if (quantity > 0) lines[id] = quantity;
  else delete lines[id];
  keep(lines);
}

export const quantityOf = (id) => cart().find((line) => line.product.product_id === id)?.quantity ?? 0;

/** Put one more in, or take some out, and tell Perennial; resolves once it is acknowledged. */
export function change(one, difference) {
  const type = difference > 0 ? "add_to_cart" : "remove_from_cart";
  const told = Perennial.track(type, {
    product_id: one.product_id,
    quantity: Math.abs(difference),
    unit_price: one.price,
  });
  setQuantity(one.product_id, quantityOf(one.product_id) + difference);
  return told;
}

/** Buy what is in the cart: the order's number, or null when the order was not taken. */
export async function buy() {
  const order_id = `D-${Date.now().toString(36).toUpperCase()}`;
  const items = cart().map((line) => ({
    product_id: line.product.product_id,
    quantity: line.quantity,
    unit_price: line.product.price,
  }));
  const discount = Math.round(cartSaving() * 100) / 100;
  const taken = await Perennial.track("purchase", { order: { order_id, currency: shop.currency, items, discount } });
  if (!taken) return null;
  sessionStorage.setItem("demo_order", JSON.stringify({ order_id, items }));
  localStorage.removeItem("demo_sets");
  keep({});
  return order_id;
}

export const lastOrder = () => JSON.parse(sessionStorage.getItem("demo_order") ?? "null");

const announce = () => document.dispatchEvent(new CustomEvent("shop:changed"));
