/** The next best offer for whoever is shopping: asked for at home and in the cart, told in the drawer.
 *
 * A real shop's server would ask: it takes a secret key. */

import { h } from "./elements.js";
import * as state from "./shop.js";

const URL_OF = "/v1/offers";

export async function askForOffer() {
  const { customer_id } = state.shopper();
  const who = customer_id ? { customer_id } : { anonymous_id: localStorage.getItem("perennial_anonymous_id") };
  if (!customer_id && !who.anonymous_id) return; // no consent, or no event yet
  const cart = state.cart().flatMap(({ product, quantity }) => Array(quantity).fill(product.product_id));
  const request = { ...who, channel: "web", cart };
  const began = performance.now();
  const told = { title: "next best offer", method: "POST", url: URL_OF, request };
  try {
    const response = await fetch(URL_OF, {
      method: "POST",
      headers: { Authorization: `Bearer ${state.DEMO_SECRET}` },
      body: JSON.stringify(request),
    });
    Object.assign(told, { status: response.status, answer: await response.json() });
  } catch {
    told.error = "The service did not answer.";
  }
  told.milliseconds = performance.now() - began;
  document.dispatchEvent(new CustomEvent("perennial:exchange", { detail: told }));
}

/** What was decided and why, and why not each of the others. */
export function decision(answer) {
  const names = Object.entries(answer.reason.why_not ?? {});
  const line = (name, what, why) => h("tr", {}, h("td", {}), h("td", {}, h("b", {}, name), h("span", {}, why)), h("td", {}, h("code", {}, what)));
  return h("section", { class: "offer" },
    h("h3", {}, "offer"),
    h("table", {}, h("tbody", {},
      line(called(answer), facts(answer), answer.reason.text),
      names.map(([name, why]) => line(`not ${name}`, "", why)))));
}

const called = (answer) => (answer.offer_id === "none" ? "no offer" : answer.name || answer.offer_id);

function facts({ expected_incremental_margin: worth, low, high, propensity, stage }) {
  if (propensity === null || propensity === undefined) return "";
  const money = (amount) => amount.toFixed(2);
  return `brings ${money(worth)} (${money(low)} to ${money(high)}), chance ${Math.round(propensity * 100)} %, ${stage}`;
}
