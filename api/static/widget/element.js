/* <perennial-recs>: asks, shows what was answered, and tells what was seen, clicked and added. */

class PerennialRecs extends HTMLElement {
  static observedAttributes = ("placement product-id cart category repeats customer-id customer-token k key endpoint heading " +
    "currency country locale add-to-cart consent offer terms").split(" ");

  turn = 0; // only the answer to the latest question is shown
  #answer = null;
  #offer = null;
  #list = element("ul", { part: "list", role: "list" });
  #heading = element("h2", { slot: "heading" }); // among the page's own nodes, so that it looks like the page's headings
  #status = element("p", { role: "status", "aria-live": "polite" });
  #arrows = element("div", { "aria-hidden": "true", class: "arrows off" }); // keyboards have the arrow keys
  #section = element("section", {});
  #resized = new ResizeObserver(() => this.#toggleArrows());

  constructor() {
    super();
    this.attachShadow({ mode: "open" }).adoptedStyleSheets = [sheet];
    for (const [sign, direction, name] of [["‹", -1, "previous"], ["›", 1, "next"]]) {
      const arrow = element("button", { type: "button", tabindex: "-1", part: `arrow ${name}` }, sign);
      arrow.addEventListener("click", () => this.#scroll(direction));
      this.#arrows.append(arrow);
    }
    const header = element("header", { part: "header" }, element("slot", { name: "heading" }), this.#arrows);
    this.#section.append(header, this.#list, this.#status);
    this.#list.addEventListener("keydown", (pressed) => this.#walk(pressed));
    this.#list.addEventListener("scroll", () => this.#toggleArrows(), { passive: true });
  }

  connectedCallback() {
    widgets.add(this);
    this.#resized.observe(this.#list);
    if (!this.#answer) this.#await();
    this.refresh();
  }

  disconnectedCallback() {
    widgets.delete(this);
    waiting.delete(this);
    this.#resized.disconnect();
    seen.unobserve(this);
  }

  attributeChangedCallback(_name, before, after) {
    if (this.isConnected && before !== after) this.refresh();
  }

  /** Whether the second file has its styles. */
  get isRare() {
    return this.hasAttribute("layout") || ASKED_BY_THEMSELVES.includes(placementOf(this));
  }

  /** What is shown now: a placement's answer, or null. */
  get answer() {
    return this.#answer;
  }

  /** What the shop's server got from `/v1/offers`, in place of the attribute. */
  get offer() {
    return this.#offer;
  }

  set offer(offer) {
    this.#offer = offer;
    this.refresh();
  }

  /** Ask again; resolves when the answer, or the fallback, is on the page. */
  refresh() {
    this.#list.setAttribute("aria-busy", "true");
    return enqueue(this);
  }

  /** Show one placement's answer; without products, the element's own children. */
  show(answer) {
    const items = Array.isArray(answer?.items) ? answer.items.filter((item) => item?.title) : [];
    if (!items.length && !answer?.body) return this.#fallBack();
    const again = this.#answer !== null;
    this.#answer = answer;
    this.#try(answer.experiment);
    this.#name();
    this.shadowRoot.replaceChildren(this.#section);
    this.#replaceCards(items.map((item) => this.#card(item)));
    this.#section.replaceChildren(this.#section.firstChild, this.#list, ...(answer.body ? [answer.body] : []), this.#status);
    this.#list.classList.toggle("plain", !items.some((item) => safeUrl(item.image_url)));
    this.#list.removeAttribute("aria-busy");
    this.setAttribute("state", "ready");
    this.#toggleArrows();
    if (again) this.#status.textContent = `${this.#title}: ${items.length}`;
    seen.unobserve(this);
    seen.observe(this);
  }

  /** Who was in the list with the keyboard stays at the same place in it. */
  #replaceCards(cards) {
    const focused = this.shadowRoot.activeElement;
    const at = [...this.#list.children].findIndex((card) => card.contains(focused));
    this.#list.replaceChildren(...cards);
    if (at >= 0) cards[Math.min(at, cards.length - 1)].querySelector(focused.localName)?.focus({ preventScroll: true });
    else this.#list.scrollLeft = 0;
  }

  /** Half of the answer is in sight: say so, once. */
  impress() {
    seen.unobserve(this);
    const { recommendation_id, placement, items } = this.#answer;
    if (!recommendation_id) return;
    const product_ids = items.map((item) => item.product_id);
    beacon("impression", { recommendation_id, properties: { placement, product_ids } }, this);
  }

  /** `data-arm` is there for the page's styles, the event for its code. */
  #try(experiment) {
    if (!experiment) return delete this.dataset.arm;
    this.dataset.arm = `${experiment.id}:${experiment.arm}`;
    this.dispatchEvent(new CustomEvent("perennial:experiment", { bubbles: true, detail: experiment }));
  }

  get #title() {
    return this.querySelector(':scope > [slot="heading"]').textContent;
  }

  /** The page's own heading, where it has one with a text; else ours. */
  #name() {
    const own = this.querySelector(':scope > [slot="heading"]:not([data-perennial])');
    if (own?.textContent.trim()) this.#heading.remove();
    else {
      const tried = this.#answer?.experiment?.widget?.heading;
      const heading = own ?? this.#heading;
      heading.dataset.perennial = ""; // its text is ours
      heading.textContent = tried || this.getAttribute("heading") || this.#answer?.heading || "\u00a0";
      if (!own) this.append(heading);
    }
    this.#section.setAttribute("aria-label", this.#title.trim() || placementOf(this));
  }

  #await() {
    this.#name();
    this.setAttribute("state", "loading");
    const frames = Array.from({ length: countOf(this) }, () => this.#frame(placeholder()));
    this.#list.replaceChildren(...frames);
    this.shadowRoot.replaceChildren(this.#section);
  }

  #fallBack() {
    this.#answer = null;
    this.#heading.remove();
    seen.unobserve(this);
    this.shadowRoot.replaceChildren(element("slot"));
    const isFilled = [...this.childNodes].some((node) => !node.slot && (node.nodeType === Node.ELEMENT_NODE || node.textContent.trim()));
    this.setAttribute("state", isFilled ? "fallback" : "empty");
  }

  /** A card; without texts, its skeleton. */
  #frame(picture, { title = "", price = "", reason = "", href, click, add } = {}) {
    const link = element(href ? "a" : "div", { class: "link", part: "link", href }, element("p", { class: "title", part: "title" }, title));
    if (href) link.addEventListener("click", click);
    const card = element("li", { part: "card" }, picture, link,
      element("div", { class: "price", part: "price" }, price),
      element("p", { class: "reason", part: "reason", title: reason || undefined }, reason));
    const label = this.getAttribute("add-to-cart");
    if (label && !this.#answer?.body) {
      const button = element("button", { type: "button", class: "add", part: "button", "aria-label": title && `${label}: ${title}` }, label);
      button.addEventListener("click", () => add?.());
      card.append(button);
    }
    return card;
  }

  #card(item) {
    const { recommendation_id, placement } = this.#answer;
    const title = String(item.title);
    const about = { product_id: item.product_id, recommendation_id };
    return this.#frame(pictureOf(item.image_url, title), {
      title,
      price: moneyText(item.price, item.currency, this),
      reason: String(item.reason?.text ?? ""),
      href: safeUrl(item.url),
      click: () => beacon("click", { ...about, properties: { placement, rank: item.rank } }, this),
      add: () => this.add(item),
    });
  }

  /** As its own button does: tell of it, and fire `perennial:add` for the shop's code. */
  add(product) {
    const { recommendation_id, bundle } = this.#answer;
    ownAdds.set(product.product_id, Date.now());
    const about = { product_id: product.product_id, recommendation_id, unit_price: product.price ?? undefined };
    const acknowledged = track("add_to_cart", about, this);
    const detail = { product, recommendation_id, acknowledged, bundle };
    this.dispatchEvent(new CustomEvent("perennial:add", { detail, bubbles: true, composed: true }));
  }

  #walk(pressed) {
    const links = [...this.#list.querySelectorAll("a[href]")];
    const at = links.indexOf(this.shadowRoot.activeElement?.closest("li")?.querySelector("a"));
    const to = { ArrowRight: at + this.#forward, ArrowLeft: at - this.#forward, Home: 0, End: links.length - 1 }[pressed.key];
    if (to === undefined || !links[to]) return;
    pressed.preventDefault();
    links[to].focus();
  }

  /** 1, or -1 on a page that is read from right to left. */
  get #forward() {
    return getComputedStyle(this).direction === "rtl" ? -1 : 1;
  }

  #scroll(direction) {
    this.#list.scrollBy({ left: direction * this.#forward * this.#list.clientWidth * 0.8 });
  }

  #toggleArrows() {
    const { scrollWidth, clientWidth, scrollLeft } = this.#list;
    const [previous, next] = this.#arrows.children;
    this.#arrows.classList.toggle("off", scrollWidth <= clientWidth + 1);
    previous.disabled = Math.abs(scrollLeft) < 5; // a card may snap at the padding
    next.disabled = Math.abs(scrollLeft) > scrollWidth - clientWidth - 5;
  }
}
