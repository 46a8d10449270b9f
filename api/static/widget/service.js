/* Talking to the service. */

const unacknowledged = new Set();
const ownAdds = new Map(); // product id -> when the widget's own button told of it
let lastView = null;

/** A public key in the address: a header of ours would cost another request first. */
const keyed = (url, widget) => `${url}${url.includes("?") ? "&" : "?"}key=${encodeURIComponent(setting("key", widget) ?? "")}`;

const eventsUrl = (widget) => keyed(`${endpoint(widget)}/v1/events`, widget);

const report = (exchange) => document.dispatchEvent(new CustomEvent("perennial:exchange", { detail: exchange }));

/** POST `request`; the decoded answer, or null when none came in time. Never throws. */
async function post(url, request, init) {
  if (!/^https?:/.test(url)) return say('set endpoint="https://...": this script did not come from a service') ?? null;
  const exchange = { method: init?.method ?? "POST", url, request };
  const started = performance.now();
  try {
    const response = await fetch(url, {
      method: "POST",
      credentials: "omit",
      priority: "high",
      signal: AbortSignal.timeout(Number(setting("timeout-ms")) || TIMEOUT_MS),
      body: JSON.stringify(request),
      ...init,
    });
    exchange.status = response.status;
    exchange.serverTiming = response.headers.get("server-timing");
    exchange.answer = await response.json().catch(() => ({}));
    if (response.ok) return exchange.answer;
    say(`${response.status} from ${url.split("?")[0]}: ${exchange.answer.detail ?? "no Perennial is there; set endpoint"}`);
  } catch (error) {
    exchange.error = String(error);
    more().then((loaded) => loaded?.explain(url, error));
  } finally {
    exchange.milliseconds = performance.now() - started;
    report(exchange);
  }
  return null;
}

/** No timestamp: the browser's clock may be wrong. A page that tells of an order is loaded more than once. */
const event = (type, fields) =>
  ({ event_id: fields.order ? `${type}:${fields.order.order_id}` : uuid(), type, ...shopper(), ...fields });

/** Send and forget, even while the page is being left. */
function beacon(type, fields, widget) {
  if (denied()) return;
  const request = event(type, fields);
  const url = eventsUrl(widget);
  if (navigator.sendBeacon?.(url, JSON.stringify(request))) report({ method: "BEACON", url, request });
  else post(url, request, { keepalive: true });
}

/** Whether it was not told yet that this page shows the product: by the page, the data layer, or an element. */
function isNewView(productId) {
  const view = `${location.href} ${productId}`;
  if (view === lastView) return false;
  lastView = view;
  return true;
}

/** Send and resolve to whether the service took it. Later answers wait for it. */
function track(type, fields = {}, widget) {
  const sent = ready.then(async () => {
    if (denied()) return false;
    if (type === "view" && !isNewView(fields.product_id)) return true;
    const answer = await post(eventsUrl(widget), event(type, fields), { keepalive: true });
    return answer !== null && !answer.rejected?.length;
  });
  unacknowledged.add(sent);
  sent.then(() => unacknowledged.delete(sent));
  return sent;
}

/** What this browser did becomes the customer's, told once a session. */
function meet() {
  const id = customerId ?? setting("customer-id");
  if (!id || denied() || read("identified") === id) return;
  write("identified", id);
  track("identify", { event_id: `identify:${anonymousId()}:${id}` }); // repeats count once
}

function identify(id, token) {
  customerId = id ?? null;
  customerToken = token ?? null;
  if (customerId === null) forget(); // the next person at this browser is somebody else
  widgets.forEach((widget) => widget.refresh());
  return ready.then(meet);
}
