/** The gallery: examples as they are written, live, with their lines to copy. */

import { EXAMPLES } from "./examples.js";

const form = document.getElementById("about");
const said = new URLSearchParams(location.search);
const styles = new CSSStyleSheet(); // a <style> is not allowed here, as on the strictest of pages
styles.replaceSync(EXAMPLES.map(({ css }) => css ?? "").join("\n"));
document.adoptedStyleSheets.push(styles);

const node = (tag, text, className = "") => Object.assign(document.createElement(tag), { textContent: text, className });

/** Of a demo shop: its key, and a product with a set. */
async function demo() {
  const shop = await fetch("/demo/shop.json").then((answer) => (answer.ok ? answer.json() : null));
  if (!shop) return {};
  const sets = await fetch("/v1/bundles?k=1&key=pk_demo").then((answer) => (answer.ok ? answer.json() : {}));
  return { key: "pk_demo", product: sets.bundles?.[0]?.items[0].product_id ?? shop.products[0].product_id };
}

function show(example, about) {
  const { title, text, css, run, className } = example;
  const html = (typeof example.html === "function" ? example.html() : example.html)
    .replaceAll("{product}", about.product).replaceAll("{key}", about.key);
  const stage = node("div", "", "stage");
  stage.innerHTML = html; // ours alone, but for the two texts above, which are made harmless
  const code = [html, css && `<style>\n${css}\n</style>`, run && `<script>\n(${run})(document.querySelector("perennial-recs"))\n</script>`].filter(Boolean).join("\n");
  const copy = node("button", "Copy", "copy");
  copy.addEventListener("click", async () => {
    getSelection().selectAllChildren(lines); // where a page is not secure, there is no clipboard
    await navigator.clipboard?.writeText(code);
    copy.textContent = navigator.clipboard ? "Copied" : "Selected";
  });
  const shown = node("article", "", className ?? "");
  const lines = node("pre", code);
  lines.tabIndex = 0; // scrolls
  shown.append(node("h2", title), node("p", text), stage, lines, copy);
  document.getElementById("examples").append(shown);
  run?.(stage.querySelector("perennial-recs"));
}

function log(name, told) {
  const list = document.getElementById("log");
  list.prepend(node("li", `${name} ${told}`));
  [...list.children].slice(20).forEach((old) => old.remove());
}

document.addEventListener("perennial:add", ({ detail }) => log("perennial:add", `${detail.product.product_id}`));
document.addEventListener("perennial:experiment", ({ detail }) => log("perennial:experiment", `${detail.id}:${detail.arm}`));
document.addEventListener("perennial:exchange", ({ detail }) => log("perennial:exchange", `${detail.method} ${detail.url.split("?")[0]} ${detail.status ?? ""}`));

const harmless = (text) => text.replace(/[^\w.:-]/g, "");
const about = { key: "", product: "", ...(await demo()), ...Object.fromEntries([...said].filter(([, value]) => value)) };
for (const [name, value] of Object.entries(about)) if (form.elements[name]) form.elements[name].value = value;
document.documentElement.lang = harmless(about.lang ?? "en-GB");
document.body.classList.toggle("dark", about.scheme === "dark");
Perennial.configure({ key: about.key || undefined });
for (const example of EXAMPLES) show(example, { key: harmless(about.key), product: harmless(about.product) });
