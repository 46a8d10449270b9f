/* What the page's own code calls, before the script is there (as a queue) and after. */

const queue = window.Perennial;
const Perennial = {
  track: (type, fields) => track(type, fields),
  identify,
  /** "granted" or "denied", in place of what the page's tools say. */
  consent(state) {
    options.consent = state;
    consentChanged();
  },
  configure: (changes) => void Object.assign(options, changes),
  push: (...calls) => calls.forEach((call) => (typeof call === "function" ? call(Perennial) : Perennial[call[0]]?.(...[...call].slice(1)))),
};
window.Perennial = Perennial;
if (Array.isArray(queue)) Perennial.push(...queue);
customElements.define("perennial-recs", PerennialRecs);

/** A product's page may have no element. Where it has one, its question comes first. */
const product_id = attributeOf(script, "data-product-id");
if (product_id && setting("views") !== "off") ready.then(() => setTimeout(track, 0, "view", { product_id }));
