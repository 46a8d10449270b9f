/* Consent as the page's own tools tell of it: no (true), yes (false), or not yet known (null). */

const GOOGLE_STORAGE = ["analytics_storage", "personalization_storage"];
const IAB_PURPOSES = [1, 5, 6]; // store on the device, make a profile for content, choose content by it
const google = {}; // each storage of the consent mode: granted, denied, or "undecided": denied until an update
const heardFrom = new Set();

/** Google's consent mode: gtag("consent", "default" | "update", {...}) is an `arguments` object in `dataLayer`. */
function readGoogle(entry) {
  const [command, how, said] = entry?.[0] ? entry : [];
  if (command !== "consent" || !said) return;
  for (const storage of GOOGLE_STORAGE) {
    const isDefault = how === "default";
    const isLifted = isDefault && google[storage] === "undecided"; // of another region, perhaps not ours
    if (said[storage] && !isLifted) google[storage] = isDefault && said[storage] === "denied" ? "undecided" : said[storage];
  }
  const states = Object.values(google);
  heardOfConsent("google", states.includes("denied") || (states.includes("undecided") ? null : false));
}

/** IAB TCF 2: the CMP calls at once if it has an answer, and at every change. */
function readIab(data, isWell) {
  const { gdprApplies, eventStatus, purpose } = (isWell && data) || {};
  const isChosen = ["tcloaded", "useractioncomplete"].includes(eventStatus);
  const isGranted = IAB_PURPOSES.every((number) => purpose?.consents?.[number]);
  heardOfConsent("iab", gdprApplies === false ? false : isChosen ? !isGranted : null);
}

/** https://shopify.dev/docs/api/customer-privacy */
function readShopify() {
  const privacy = window.Shopify.customerPrivacy;
  heardOfConsent("shopify", privacy ? !(privacy.analyticsProcessingAllowed() && privacy.preferencesProcessingAllowed()) : null);
}

function listenToShopify() {
  readShopify();
  document.addEventListener("visitorConsentCollected", readShopify);
  if (!Shopify.customerPrivacy) Shopify.loadFeatures([{ name: "consent-tracking-api", version: "0.1" }], readShopify);
}

function listenToIab() {
  heardOfConsent("iab", null);
  __tcfapi("addEventListener", 2, readIab);
}

/** Entries of the data layer, those of before and those to come. */
function eachEntry(hear) {
  const layer = window.dataLayer;
  const push = layer.push;
  layer.push = function (...entries) {
    const result = push.apply(this, entries);
    entries.forEach(hear);
    return result;
  };
  [...layer].forEach(hear);
}

function listenToGoogle() {
  eachEntry(readGoogle);
  if (setting("data-layer") !== "off") ready.then(() => eachEntry(hear));
}

/** Each tool that is there by now, once. */
function listen() {
  const tools = [
    [Array.isArray(window.dataLayer), listenToGoogle],
    [window.__tcfapi, listenToIab],
    [window.Shopify?.customerPrivacy || window.Shopify?.loadFeatures, listenToShopify],
  ];
  for (const [isThere, start] of tools) {
    if (isThere && !heardFrom.has(start)) start(heardFrom.add(start));
  }
}
