/* What the shopper sees, as nodes: nothing of an answer becomes markup. */

/** Attributes and children; strings become text nodes. */
function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== null) node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}

/** The address if it is http(s) or relative; undefined for javascript:, data: and the like. */
function safeUrl(text) {
  try {
    const url = new URL(text, document.baseURI);
    return text && /^https?:$/.test(url.protocol) ? url.href : undefined;
  } catch {
    return undefined;
  }
}

function moneyText(amount, currency, widget) {
  if (typeof amount !== "number") return "";
  for (const locale of [languageOf(widget), undefined]) {
    try {
      return new Intl.NumberFormat(locale, { style: "currency", currency: currency || attributeOf(widget, "currency") }).format(amount);
    } catch {
      // no such language or currency
    }
  }
  return amount.toFixed(2);
}

const placeholder = (title) => element("div", { class: "picture", part: "image", "data-initial": title?.trim()[0] });

/** A product's picture; where there is none, or it does not load, its first letter. */
function pictureOf(address, title) {
  const src = safeUrl(address);
  if (!src) return placeholder(title);
  const image = element("img", { part: "image", loading: "lazy", src, alt: "" }); // the title follows
  image.addEventListener("error", () => image.replaceWith(placeholder(title)));
  return image;
}

const seen = new IntersectionObserver(
  (entries) => entries.filter((entry) => entry.isIntersecting).forEach((entry) => entry.target.impress()),
  { threshold: 0.5 },
);

const sheet = new CSSStyleSheet(); // unlike a <style> element, allowed by a strict content security policy
sheet.replaceSync(STYLES);
