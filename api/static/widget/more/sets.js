/* placement="bundles": products at one price, all of them added by one click. */

async function askForSet(widget, endpoint) {
  const { placement, session_id, category, k, ...about } = question(widget);
  const query = new URLSearchParams(Object.entries(about).filter(([, value]) => value?.length));
  const answer = await post(keyed(`${endpoint}/v1/bundles?${query}`, widget), undefined, { method: "GET" });
  const bundle = answer?.bundles?.[0];
  if (!bundle?.items?.length) return null;
  return { placement, items: bundle.items, bundle, heading: bundle.name || bundle.reason?.text, body: wholeSet(widget, bundle) };
}

/** What it costs together and the button for all, where the page has a label for it. */
function wholeSet(widget, { items, bundle_price, list_price, discount }) {
  const money = (amount) => moneyText(amount, items[0].currency, widget);
  const price = element("p", { class: "total", part: "total" }, money(bundle_price));
  if (discount) price.append(" ", element("s", {}, money(list_price)));
  const label = widget.getAttribute("add-to-cart");
  const all = element("button", { type: "button", class: "add all", part: "button all" }, `${label} (${items.length})`);
  all.addEventListener("click", () => items.forEach((item) => widget.add(item)));
  return element("div", { class: "whole" }, price, ...(label ? [all] : []));
}
