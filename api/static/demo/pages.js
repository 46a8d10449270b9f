/** One function per page of the shop; each returns what goes into <main>. */

import { h, toast } from "./elements.js";
import * as state from "./shop.js";

const recs = (placement, attributes = {}) =>
  h("perennial-recs", { placement, "add-to-cart": "Add to cart", k: 10, locale: "en-GB", ...attributes });

const link = {
  home: () => "#/",
  category: (id) => `#/category/${encodeURIComponent(id)}`,
  product: (id) => `#/product/${encodeURIComponent(id)}`,
};

const picture = (one, attributes = {}) =>
  h("img", { src: one.image_url, alt: "", width: 400, height: 400, loading: "lazy", ...attributes });

export function home() {
  const { name } = state.shopper();
  const known = Boolean(state.shopper().customer_id);
  const shown = state.shop.categories.map((one) => state.inCategory(one).find((product) => product.in_stock)).filter(Boolean);
  return [
    h("section", { class: "hero" },
      h("div", { class: "words" },
        h("p", { class: "eyebrow" }, known ? `Welcome back, ${name}` : `Welcome to ${state.shop.name}`),
        h("h1", {}, state.shop.tagline),
        h("p", { class: "lead" }, `${state.shop.products.length} things chosen with care, and a shop that learns what you like while you look around.`),
        h("a", { class: "button", href: link.category(state.shop.categories[0].id) }, "Start looking")),
      h("div", { class: "collage", "aria-hidden": "true" },
        shown.slice(0, 5).map((one) => picture(one, { loading: "eager" })))),
    recs("home", { heading: known ? `For you, ${name}` : "For you" }),
    known && recs("buy_again", { heading: "Time for more?" }),
    h("section", {},
      h("h2", {}, "Shop by category"),
      h("ul", { class: "tiles" }, shown.map((one) =>
        h("li", {}, h("a", { href: link.category(state.categoryOf(one).id) }, picture(one), h("span", {}, one.category)))))),
    recs("trending"),
    recs("new"),
  ];
}

export function category(id) {
  const found = state.category(id);
  if (!found) return missing("There is no such category.");
  return [
    crumbs([found.name]),
    h("div", { class: "title-row" }, h("h1", {}, found.name), h("p", {}, `${state.inCategory(found).length} products`)),
    recs("trending", { category: found.name, heading: `Popular in ${found.name}` }),
    listing(state.inCategory(found)),
  ];
}

export function results(query) {
  const found = state.search(query);
  return [
    h("div", { class: "title-row" }, h("h1", {}, `“${query}”`), h("p", {}, `${found.length} ${found.length === 1 ? "product" : "products"}`)),
    found.length
      ? listing(found)
      : h("div", { class: "empty" }, h("p", {}, "Nothing is called that here. Perhaps one of these?")),
    recs("home", { heading: "You might like" }),
  ];
}

export function product(id) {
  const one = state.product(id);
  if (!one) return missing("This product is no longer in the shop.");
  const group = state.categoryOf(one);
  return [
    crumbs([group && h("a", { href: link.category(group.id) }, group.name), one.title]),
    h("article", { class: "product" },
      picture(one, { loading: "eager", alt: one.title }),
      h("div", { class: "facts" },
        h("p", { class: "eyebrow" }, one.brand),
        h("h1", {}, one.title),
        h("p", { class: "price" }, state.price(one.price)),
        h("p", { class: "description" }, one.description),
        h("p", { class: one.in_stock ? "stock" : "stock out" }, one.in_stock ? "In stock, sent today" : "Sold out for now"),
        h("button", { class: "button wide", disabled: !one.in_stock, onclick: () => addOne(one) }, one.in_stock ? "Add to cart" : "Sold out"),
        h("ul", { class: "promises" }, h("li", {}, "Free delivery"), h("li", {}, "30 days to change your mind")))),
    recs("bundles", { "product-id": id }),
    recs("product_complements", { "product-id": id }),
    recs("upgrade", { "product-id": id, k: 6 }),
    recs("product_similar", { "product-id": id }),
  ];
}

function addOne(one) {
  state.change(one, 1);
  toast(`${one.title} is in your cart`);
}

export function cart() {
  const lines = h("div", { class: "lines" });
  const suggestions = recs("cart", { cart: state.cartIds() });
  const draw = () => {
    if (!lines.isConnected && lines.childElementCount) return document.removeEventListener("shop:changed", draw);
    const focused = lines.contains(document.activeElement) && document.activeElement.getAttribute("aria-label");
    lines.replaceChildren(...cartLines());
    [...lines.querySelectorAll("button")].find((button) => button.ariaLabel === focused)?.focus();
    suggestions.setAttribute("cart", state.cartIds());
    suggestions.setAttribute("heading", state.cartCount() ? "Goes with your cart" : "Something to start with");
  };
  draw();
  document.addEventListener("shop:changed", draw);
  return [h("h1", {}, "Your cart"), lines, suggestions];
}

function cartLines() {
  if (!state.cart().length) {
    return [h("div", { class: "empty" },
      h("p", {}, "Nothing in here yet."),
      h("a", { class: "button", href: link.home() }, "Look around"))];
  }
  return [h("ul", { class: "cart-lines" }, state.cart().map(cartLine)), summary()];
}

function cartLine({ product: one, quantity }) {
  const step = (difference, sign, name) =>
    h("button", { class: "round", "aria-label": `${name}: ${one.title}`, onclick: () => state.change(one, difference) }, sign);
  return h("li", { "data-product": one.product_id },
    h("a", { href: link.product(one.product_id), tabindex: "-1", "aria-hidden": "true" }, picture(one)),
    h("div", { class: "name" },
      h("a", { href: link.product(one.product_id) }, one.title),
      h("span", {}, `${one.brand} · ${state.price(one.price)} each`)),
    h("div", { class: "stepper", role: "group", "aria-label": "Quantity" },
      step(-1, "−", "One less"), h("output", {}, String(quantity)), step(1, "+", "One more")),
    h("b", {}, state.price(quantity * one.price)),
    h("button", { class: "text", "aria-label": `Remove ${one.title}`, onclick: () => state.change(one, -quantity) }, "Remove"));
}

function summary() {
  const pay = h("button", { class: "button wide", onclick: () => checkOut(pay) }, "Check out");
  return h("aside", { class: "summary", "aria-label": "Order summary" },
    h("dl", {},
      h("dt", {}, "Goods"), h("dd", {}, state.price(state.cartGoods())),
      state.cartSaving() > 0 && h("dt", {}, "Set price"), state.cartSaving() > 0 && h("dd", {}, state.price(-state.cartSaving())),
      h("dt", {}, "Delivery"), h("dd", {}, "Free"),
      h("dt", { class: "total" }, "Total"), h("dd", { class: "total" }, state.price(state.cartTotal()))),
    pay,
    h("p", {}, "No payment is taken. The purchase is a real event."));
}

async function checkOut(button) {
  button.disabled = true;
  const items = state.cart().map(({ product: one, quantity }) => ({ product_id: one.product_id, quantity }));
  await Perennial.track("checkout", { properties: { items } });
  const order_id = await state.buy();
  if (order_id) location.hash = `#/thanks/${order_id}`;
  else {
    button.disabled = false;
    toast("The order did not go through. Please try again.");
  }
}

export function thanks(order_id) {
  const order = state.lastOrder();
  if (order?.order_id !== order_id) return missing("This order belongs to another visit.");
  const bought = order.items.map((line) => state.product(line.product_id)).filter(Boolean);
  return [
    h("section", { class: "thanks" },
      h("p", { class: "eyebrow" }, `Order ${order_id}`),
      h("h1", {}, "Thank you"),
      h("p", { class: "lead" }, "It will be with you soon. This is what you bought:"),
      h("ul", { class: "bought" }, bought.map((one) =>
        h("li", {}, h("a", { href: link.product(one.product_id) }, picture(one), h("span", {}, one.title)))))),
    recs("post_purchase", { cart: bought.map((one) => one.product_id).join(",") }),
    h("p", {}, h("a", { class: "button", href: link.home() }, "Back to the shop")),
  ];
}

export const missing = (text) => [
  h("div", { class: "empty" }, h("h1", {}, "Not here"), h("p", {}, text), h("a", { class: "button", href: link.home() }, "Back to the shop")),
  recs("home"),
];

const crumbs = (steps) =>
  h("nav", { class: "crumbs", "aria-label": "Where you are" },
    h("ol", {}, [h("a", { href: link.home() }, "Home"), ...steps].filter(Boolean).map((step) => h("li", {}, step))));

/** A grid of products with its filters; they change what is shown without asking the service. */
function listing(products) {
  const grid = h("ul", { class: "grid" });
  const available = h("input", { type: "checkbox", onchange: () => draw() });
  const order = h("select", { onchange: () => draw() },
    h("option", { value: "" }, "Our order"), h("option", { value: "up" }, "Price, low to high"), h("option", { value: "down" }, "Price, high to low"));
  const draw = () => {
    const sign = { up: 1, down: -1 }[order.value] ?? 0;
    const shown = products.filter((one) => one.in_stock || !available.checked).sort((a, b) => sign * (a.price - b.price));
    grid.replaceChildren(...shown.map(card));
  };
  draw();
  return h("section", { "aria-label": "Products" },
    h("div", { class: "filters" }, h("label", {}, available, "In stock only"), h("label", {}, "Sort by", order)),
    grid);
}

const card = (one) =>
  h("li", { class: "card" },
    picture(one),
    h("a", { href: link.product(one.product_id) }, one.title),
    h("span", { class: "brand-name" }, one.brand),
    h("span", { class: "price" }, state.price(one.price), !one.in_stock && h("em", {}, "Sold out")));
