/* One question for all widgets of the page. */

const WAIT_FOR_EVENTS_MS = 400;
const PLACEMENTS = ("home next_order product_similar product_complements upgrade cart buy_again post_purchase trending new " +
  "bundles offer").split(" ");
const ASKED_BY_THEMSELVES = ["bundles", "offer"];
const waiting = new Set(); // widgets to be asked for together
let asking = null;

const listOf = (text) => text?.split(",").map((id) => id.trim()).filter(Boolean).slice(0, 200);

const placementOf = (widget) => attributeOf(widget, "placement") ?? "home";

/** Of the nearest element that says; `en_GB`, as some themes write it, is `en-GB`. */
const languageOf = (widget) =>
  (attributeOf(widget, "locale") ?? attributeOf(widget.closest("[lang]"), "lang"))?.replaceAll("_", "-");

/** `all`, `none` or a share; anything else as if nothing was said. */
const repeatsOf = (text) => (/^(all|none)$/.test(text) ? text : text && text >= 0 && text <= 1 ? +text : undefined);

const countOf = (widget) => Math.min(Math.max(Math.trunc(widget.getAttribute("k")) || 8, 1), 100);

/** Always within the service's limits: one widget's slip must not cost the others their answer. */
const question = (widget) => ({
  placement: placementOf(widget),
  ...shopper(),
  language: languageOf(widget)?.slice(0, 35),
  country: setting("country", widget)?.slice(0, 60),
  currency: /^[A-Z]{3}$/.exec(attributeOf(widget, "currency"))?.[0],
  product_id: attributeOf(widget, "product-id"),
  category: attributeOf(widget, "category"),
  repeats: repeatsOf(widget.getAttribute("repeats")),
  cart: listOf(widget.getAttribute("cart")),
  k: countOf(widget),
});

/** A question about a product is its page's view, too, told with it once. */
function questionWithView(widget) {
  const asked = question(widget);
  const isView = asked.product_id && setting("views", widget) !== "off" && !denied() && isNewView(asked.product_id);
  return isView ? { ...asked, track: "view", event_id: uuid() } : asked;
}

function enqueue(widget) {
  waiting.add(widget);
  asking ??= ready.then(askAll);
  return asking;
}

async function askAll() {
  meet();
  await within(WAIT_FOR_EVENTS_MS, Promise.all(unacknowledged));
  const services = new Map();
  for (const widget of waiting) {
    const service = keyed(endpoint(widget), widget);
    services.set(service, [...(services.get(service) ?? []), widget]);
  }
  waiting.clear();
  asking = null;
  await Promise.all([...services.values()].map(ask));
}

async function ask(asked) {
  const turns = asked.map((widget) => ++widget.turn);
  const lists = asked.filter((widget) => PLACEMENTS.includes(placementOf(widget)) && !ASKED_BY_THEMSELVES.includes(placementOf(widget)));
  const answers = lists.length ? askForLists(lists) : [];
  await Promise.all(asked.map(async (widget, index) => {
    const placement = placementOf(widget);
    let own = null;
    if (lists.includes(widget)) own = (await answers)?.[lists.indexOf(widget)];
    else if (ASKED_BY_THEMSELVES.includes(placement)) own = await (await within(TIMEOUT_MS, more()))?.ask[placement](widget, endpoint(widget));
    else say(`no placement is called "${placement}"; there are ${PLACEMENTS.join(", ")}`);
    if (own && widget.isRare) (await within(TIMEOUT_MS, more()))?.dress(widget);
    if (widget.turn === turns[index]) widget.show(own);
  }));
}

async function askForLists(lists) {
  const requests = lists.map(questionWithView);
  const answer = await post(keyed(`${endpoint(lists[0])}/v1/recommendations`, lists[0]), { requests });
  requests.forEach(({ track: view, event_id, product_id }, at) => {
    const isTold = answer && !answer.answers?.[at]?.degraded_reasons?.includes("not_tracked");
    if (view && !isTold) beacon("view", { event_id, product_id }, lists[at]); // counts once under its id
  });
  return answer?.answers;
}
