/* Where the service is and what the page has set. Parts of one script, put together by api/process/widget_files.py:
   settings, shopper, consent, service, questions, drawing, element, commands. */

const SERVED_AS = /\/widget(\/[0-9a-f]+\/widget)?\.m?js([?#].*)?$/;
const script = document.currentScript ?? [...document.scripts].find((one) => SERVED_AS.test(one.src));
const widgets = new Set();
const options = {}; // of Perennial.configure
const said = new Set();

const attributeOf = (node, name) => node?.getAttribute(name) || undefined;

/** An attribute of the element, an option, `data-...` of the script, or what another element of the page has. */
const setting = (name, widget) =>
  attributeOf(widget, name) ?? options[name] ?? attributeOf(script, `data-${name}`) ??
  [...widgets].map((other) => attributeOf(other, name)).find(Boolean);

const source = address || script?.src || "";

/** Where this file came from, if it came from a service: the address of a copy elsewhere says nothing. */
const origin = SERVED_AS.test(source) ? source.replace(SERVED_AS, "") : "";

const endpoint = (widget) => (setting("endpoint", widget) ?? origin).replace(/\/$/, "");

/** One line in the console for each cause. */
function say(why) {
  if (!said.has(why)) console.warn(`Perennial: ${why}`);
  said.add(why);
}

const TIMEOUT_MS = 1500;
let loading;

/** What few pages need (api/static/widget/more): consent tools, the data layer, sets, offers. Null where it does not load.
    Whoever shows something because of it does not wait for longer than for an answer. */
function more() {
  const file = `${origin || endpoint()}/widget/${VERSION}/more.js`;
  return (loading ??= import(file).then(
    ({ default: extend }) => extend(SHARED()),
    () => say(`${file} did not load; is it allowed by script-src?`) ?? null,
  ));
}

/** What comes of it, or null after so many milliseconds. */
const within = (milliseconds, promise) =>
  Promise.race([promise, new Promise((done) => setTimeout(done, milliseconds, null))]);
