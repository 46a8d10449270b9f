/** The demo shop's entry: the header, the routes and what each visit tells Perennial. */

import "./drawer.js";
import { h, toast } from "./elements.js";
import { askForOffer } from "./offer.js";
import * as pages from "./pages.js";
import * as state from "./shop.js";

const main = document.getElementById("main");

const routes = {
  "": () => pages.home(),
  category: (id) => pages.category(id),
  product: (id) => {
    if (state.product(id)) Perennial.track("view", { product_id: id, unit_price: state.product(id).price });
    return pages.product(id);
  },
  cart: () => pages.cart(),
  thanks: (order_id) => pages.thanks(order_id),
  search: (query) => {
    Perennial.track("search", { query });
    return pages.results(query);
  },
};

/** Widgets on the new page wait for the visit's own event, so their answers already know it. */
function show() {
  const [name, ...rest] = location.hash.replace(/^#\/?/, "").split("/");
  const page = (routes[name] ?? (() => pages.missing("There is no such page.")))(decoded(rest.join("/")));
  main.replaceChildren(...page.filter(Boolean));
  document.title = [main.querySelector("h1")?.textContent, state.shop.name].filter(Boolean).join(" · ");
  document.querySelectorAll(".categories a").forEach((link) => link.toggleAttribute("aria-current", link.hash === location.hash));
  window.scrollTo(0, 0);
  if (["", "cart"].includes(name)) askForOffer();
}

function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function drawHeader() {
  const count = state.cartCount();
  const link = document.getElementById("cart-link");
  const badge = link.querySelector(".count");
  link.setAttribute("aria-label", count ? `Cart, ${count} in it` : "Cart, empty");
  badge.hidden = count === 0;
  badge.textContent = String(count);
  const who = document.getElementById("shoppers");
  const { name, customer_id } = state.shopper();
  who.querySelector(".avatar").textContent = customer_id ? name.charAt(0) : "?";
  who.querySelector(".who").textContent = name;
  who.querySelectorAll("button").forEach((button) => {
    button.setAttribute("aria-pressed", String(button.dataset.shopper === state.shopper().key));
  });
}

function switchTo(key) {
  document.getElementById("shoppers").open = false;
  state.become(key);
  if (["", "#/"].includes(location.hash)) show();
  else location.hash = "#/";
}

function furnishHeader() {
  document.getElementById("brand").textContent = state.shop.name;
  document.getElementById("categories").append(
    ...state.shop.categories.map((one) => h("a", { href: `#/category/${encodeURIComponent(one.id)}` }, one.name)),
  );
  document.querySelector("#shoppers .menu").append(
    ...state.shop.shoppers.map((one) =>
      h("button", { "data-shopper": one.key, onclick: () => switchTo(one.key) }, h("b", {}, one.name), h("span", {}, one.note))),
  );
  document.addEventListener("click", (clicked) => {
    const menu = document.getElementById("shoppers");
    if (!menu.contains(clicked.target)) menu.open = false;
  });
  document.getElementById("search").addEventListener("submit", (submitted) => {
    submitted.preventDefault();
    const query = new FormData(submitted.target).get("query").trim();
    if (query) location.hash = `#/search/${encodeURIComponent(query)}`;
  });
}

// A widget's own button has told Perennial already: only the cart is left to change.
document.addEventListener("perennial:add", ({ detail }) => {
  const { product_id, title } = detail.product;
  if (detail.bundle) state.keepSet(detail.bundle);
  state.setQuantity(product_id, state.quantityOf(product_id) + 1);
  toast(`${title} is in your cart`);
});
document.addEventListener("shop:changed", drawHeader);
window.addEventListener("hashchange", () => {
  show();
  main.focus({ preventScroll: true });
});

furnishHeader();
drawHeader();
state.greet();
show();
