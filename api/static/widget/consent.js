/* Consent. Its tools, and a data layer, are read by the second file, without which they count as a no. */

const TOOLS = ["__tcfapi", "Shopify", "dataLayer"];
const refused = {}; // tool -> whether it says no
let wasDenied = false;

function denied() {
  const own = [options.consent, attributeOf(script, "data-consent"), ...[...widgets].map((one) => attributeOf(one, "consent"))];
  if (navigator.globalPrivacyControl === true || own.includes("denied")) return true;
  return !own.includes("granted") && Object.values(refused).includes(true);
}

/** A tool has spoken: whether it says no. */
function heardOfConsent(tool, isRefused) {
  refused[tool] = isRefused;
  consentChanged();
}

/** A page that was asked for already is asked for again. */
function consentChanged() {
  if (denied() === wasDenied) return;
  wasDenied = denied();
  if (wasDenied) forget();
  widgets.forEach((widget) => widget.refresh());
}

const hasTools = () => TOOLS.some((name) => window[name]);

async function listen() {
  if (!hasTools()) return;
  refused.unread ??= true;
  const loaded = await more();
  loaded?.listen();
  if (loaded) heardOfConsent("unread", false);
}

/** Nothing is stored or told before the page is there, with the tools it has. */
const ready = (
  document.readyState === "loading"
    ? new Promise((done) => document.addEventListener("DOMContentLoaded", done, { once: true }))
    : Promise.resolve()
).then(listen);
addEventListener("load", listen);
if (hasTools()) more();
