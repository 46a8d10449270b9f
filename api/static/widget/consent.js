/* Consent. Its tools, and a data layer, are read by the second file, until when nothing is known. */

const TOOLS = ["__tcfapi", "Shopify", "dataLayer"];
const refused = {}; // tool -> whether it says no; null: not yet known
let before = "granted";

/** "denied", "granted", or "unknown": as denied, but what an earlier visit stored stays. */
function consent() {
  const own = [options.consent, attributeOf(script, "data-consent"), ...[...widgets].map((one) => attributeOf(one, "consent"))];
  if (navigator.globalPrivacyControl || own.includes("denied")) return "denied";
  const tools = own.includes("granted") ? [] : Object.values(refused);
  return tools.includes(true) ? "denied" : tools.includes(null) ? "unknown" : "granted";
}

const denied = () => consent() !== "granted";

/** A tool has spoken: whether it says no. */
function heardOfConsent(tool, isRefused) {
  refused[tool] = isRefused;
  consentChanged();
}

/** A page that was asked for already is asked for again. */
function consentChanged() {
  if (consent() === before) return;
  before = consent();
  if (before === "denied") forget();
  widgets.forEach((widget) => widget.refresh());
}

const hasTools = () => TOOLS.some((name) => window[name]);

/** Reads them; what comes late still counts, for later questions. */
async function listen() {
  if (!hasTools()) return;
  if (!("unread" in refused)) heardOfConsent("unread", null);
  const read = more().then((loaded) => {
    loaded?.listen();
    if (loaded) heardOfConsent("unread", false);
  });
  await within(TIMEOUT_MS, read);
}

/** Nothing is stored or told before the page is there, with the tools it has. */
const ready = (
  document.readyState === "loading"
    ? new Promise((done) => document.addEventListener("DOMContentLoaded", done, { once: true }))
    : Promise.resolve()
).then(listen);
addEventListener("load", listen);
if (hasTools()) more();
