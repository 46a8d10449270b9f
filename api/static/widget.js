/*! Perennial recommendations for any shop page. No dependencies, no build step.
 *
 *   <script defer src="https://shop-api.example/widget.js" data-key="pk_..."></script>
 *   <perennial-recs placement="cart" cart="A1,B2"> shown when no answer comes </perennial-recs>
 *
 * Attributes  placement, product-id, cart, category, repeats, customer-id, k, heading, locale, currency,
 *             add-to-cart (the button's label; no button without it), key, endpoint, consent="denied"
 * Page style  perennial-recs { display: flow-root; min-height: 32rem } keeps its room until this file is here
 * Theming     --perennial-{ink,muted,accent,on-accent,surface,placeholder,radius,gap,card-width,heading-font}
 *             ::part(heading list card link image title price reason button)
 * Events      perennial:add on the element, {product, recommendation_id, acknowledged: Promise, bundle}
 *             perennial:experiment on the element, {id, arm, widget}: what an experiment's arm hands to the page
 *             perennial:exchange on the document, each call to the service with its answer and milliseconds
 * Shop code   Perennial.track("purchase", {order: {...}}) and Perennial.identify("c-17", customer_token), null signs out
 */
(() => {
  "use strict";
  if (customElements.get("perennial-recs")) return;

  const script = document.currentScript;
  const TIMEOUT_MS = 1500;
  const WAIT_FOR_EVENTS_MS = 400;
  const SESSION_IDLE_MS = 30 * 60 * 1000;
  const PLACEMENTS = ("home next_order product_similar product_complements upgrade cart buy_again post_purchase trending new " +
    "bundles").split(" ");

  const widgets = new Set();
  const waiting = new Set(); // widgets to be asked for together
  const unacknowledged = new Set();
  const memory = {}; // where storage is blocked, ids live as long as the page
  let customerId = null;
  let customerToken = null;
  let asking = null;

  // ── Who is here ──────────────────────────────────────────────────────────

  const uuid = () =>
    crypto.randomUUID?.() ?? // absent on plain http
    [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

  function read(area, name) {
    try {
      return window[area].getItem(name) ?? memory[name];
    } catch {
      return memory[name];
    }
  }

  function write(area, name, value) {
    memory[name] = value;
    try {
      window[area].setItem(name, value);
    } catch {
      // blocked or full: memory has it
    }
    return value;
  }

  function forget() {
    for (const name of ["perennial_anonymous_id", "perennial_session_id", "perennial_session_at"]) {
      delete memory[name];
      try {
        localStorage.removeItem(name);
        sessionStorage.removeItem(name);
      } catch {
        // blocked: nothing was stored
      }
    }
  }

  const anonymousId = () =>
    read("localStorage", "perennial_anonymous_id") ?? write("localStorage", "perennial_anonymous_id", uuid());

  function sessionId() {
    const idle = Date.now() - Number(read("sessionStorage", "perennial_session_at") ?? 0);
    const current = idle < SESSION_IDLE_MS && read("sessionStorage", "perennial_session_id");
    write("sessionStorage", "perennial_session_at", String(Date.now()));
    return current || write("sessionStorage", "perennial_session_id", uuid());
  }

  const denied = () =>
    navigator.globalPrivacyControl === true ||
    script?.dataset.consent === "denied" ||
    [...widgets].some((widget) => widget.getAttribute("consent") === "denied");

  /** The ids of this shopper; none without consent, and then nothing stays stored either. */
  function shopper() {
    if (denied()) {
      forget();
      return {};
    }
    const signedIn = customerId ?? setting("customer-id");
    return {
      customer_id: signedIn || undefined,
      customer_token: (signedIn && (customerToken ?? setting("customer-token"))) || undefined,
      anonymous_id: anonymousId(),
      session_id: sessionId(),
    };
  }

  // ── Talking to the service ───────────────────────────────────────────────

  const setting = (name, widget) =>
    widget?.getAttribute(name) ||
    script?.dataset[name] ||
    [...widgets].map((other) => other.getAttribute(name)).find(Boolean);

  const endpoint = (widget) =>
    (setting("endpoint", widget) || (script?.src ? new URL(script.src).origin : "")).replace(/\/$/, "");

  const eventsUrl = (widget) =>
    `${endpoint(widget)}/v1/events?key=${encodeURIComponent(setting("key", widget) ?? "")}`;

  const report = (exchange) => document.dispatchEvent(new CustomEvent("perennial:exchange", { detail: exchange }));

  /** POST `request`; the decoded answer, or null when none came in time. Never throws. */
  async function post(url, request, options) {
    const exchange = { method: options.method ?? "POST", url, request };
    const started = performance.now();
    try {
      const response = await fetch(url, {
        method: "POST",
        credentials: "omit",
        priority: "high",
        signal: AbortSignal.timeout(Number(setting("timeout-ms")) || TIMEOUT_MS),
        body: JSON.stringify(request),
        ...options,
      });
      exchange.status = response.status;
      exchange.serverTiming = response.headers.get("server-timing");
      exchange.answer = await response.json();
      return response.ok ? exchange.answer : null;
    } catch (error) {
      exchange.error = String(error);
      return null;
    } finally {
      exchange.milliseconds = performance.now() - started;
      report(exchange);
    }
  }

  /** No timestamp: the browser's clock may be wrong. */
  const event = (type, fields) => ({ event_id: uuid(), type, ...shopper(), ...fields });

  /** Send and forget, even while the page is being left. */
  function beacon(type, fields, widget) {
    if (denied()) return;
    const request = event(type, fields);
    const url = eventsUrl(widget);
    if (navigator.sendBeacon?.(url, JSON.stringify(request))) report({ method: "BEACON", url, request });
    else post(url, request, { keepalive: true });
  }

  /** Send and resolve to whether the service took it. Later answers wait for it. */
  function track(type, fields = {}, widget) {
    if (denied()) return Promise.resolve(false);
    const sent = post(eventsUrl(widget), event(type, fields), { keepalive: true }).then(
      (answer) => answer !== null && !answer.rejected?.length,
    );
    unacknowledged.add(sent);
    sent.then(() => unacknowledged.delete(sent));
    return sent;
  }

  function identify(id, token) {
    customerId = id ?? null;
    customerToken = token ?? null;
    if (customerId === null) forget(); // the next person at this browser is somebody else
    else if (!denied()) track("identify", { event_id: `identify:${anonymousId()}:${id}` }); // repeats count once
    widgets.forEach((widget) => widget.refresh());
  }

  // ── One question for all widgets of the page ─────────────────────────────

  const parsed =
    document.readyState === "loading"
      ? new Promise((done) => document.addEventListener("DOMContentLoaded", done, { once: true }))
      : Promise.resolve();

  const listOf = (text) => text?.split(",").map((id) => id.trim()).filter(Boolean).slice(0, 200);

  /** Always within the service's limits: one widget's slip must not cost the others their answer. */
  const question = (widget) => ({
    placement: placementOf(widget),
    ...shopper(),
    language: languageOf(widget)?.slice(0, 35),
    product_id: widget.getAttribute("product-id") || undefined,
    category: widget.getAttribute("category") || undefined,
    repeats: repeatsOf(widget.getAttribute("repeats")),
    cart: listOf(widget.getAttribute("cart")),
    k: countOf(widget),
  });

  const languageOf = (widget) => widget.getAttribute("locale") || document.documentElement.lang || undefined;

  const placementOf = (widget) => {
    const placement = widget.getAttribute("placement");
    return PLACEMENTS.includes(placement) ? placement : "home";
  };

  /** `all`, `none` or a share; anything else as if nothing was said. */
  const repeatsOf = (text) => (/^(all|none)$/.test(text) ? text : text && text >= 0 && text <= 1 ? +text : undefined);

  const countOf = (widget) => Math.min(Math.max(Math.trunc(widget.getAttribute("k")) || 8, 1), 100);

  function enqueue(widget) {
    waiting.add(widget);
    asking ??= parsed.then(askAll);
    return asking;
  }

  async function askAll() {
    const patience = new Promise((done) => setTimeout(done, WAIT_FOR_EVENTS_MS));
    await Promise.race([Promise.all(unacknowledged), patience]);
    const services = new Map();
    for (const widget of waiting) {
      const service = `${endpoint(widget)} ${setting("key", widget)}`;
      services.set(service, [...(services.get(service) ?? []), widget]);
    }
    waiting.clear();
    asking = null;
    await Promise.all([...services.values()].map(ask));
  }

  async function askForSet(widget, headers) {
    const { placement, session_id, category, k, ...about } = question(widget);
    const query = new URLSearchParams(Object.entries(about).filter(([, value]) => value));
    const answer = await post(`${endpoint(widget)}/v1/bundles?${query}`, undefined, { method: "GET", headers });
    const bundle = answer?.bundles?.[0];
    return { placement, items: bundle?.items, bundle, heading: bundle?.name || bundle?.reason?.text };
  }

  async function ask(asked) {
    const turns = asked.map((widget) => ++widget.turn);
    const key = setting("key", asked[0]);
    const headers = { "Content-Type": "application/json", ...(key && { Authorization: `Bearer ${key}` }) };
    const url = `${endpoint(asked[0])}/v1/recommendations`;
    const lists = asked.filter((widget) => placementOf(widget) !== "bundles");
    const answer = lists.length && post(url, { requests: lists.map(question) }, { headers });
    await Promise.all(asked.map(async (widget, index) => {
      const at = lists.indexOf(widget);
      const own = at < 0 ? await askForSet(widget, headers) : (await answer)?.answers?.[at];
      if (widget.turn === turns[index]) widget.show(own);
    }));
  }

  // ── What the shopper sees ────────────────────────────────────────────────

  /** Attributes and children; strings become text nodes, so no answer can become markup. */
  function element(tag, attributes = {}, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (value !== undefined && value !== null) node.setAttribute(name, value);
    }
    node.append(...children);
    return node;
  }

  /** The address if it is http(s) or relative; undefined for javascript:, data: and the like. */
  function safeUrl(address) {
    try {
      const url = new URL(address, document.baseURI);
      return address && /^https?:$/.test(url.protocol) ? url.href : undefined;
    } catch {
      return undefined;
    }
  }

  function priceText(price, currency, locale) {
    if (typeof price !== "number") return "";
    try {
      return new Intl.NumberFormat(locale, { style: "currency", currency }).format(price);
    } catch {
      return price.toFixed(2); // no or unknown currency
    }
  }

  const seen = new IntersectionObserver(
    (entries) => entries.filter((entry) => entry.isIntersecting).forEach((entry) => entry.target.impress()),
    { threshold: 0.5 },
  );

  const sheet = new CSSStyleSheet(); // unlike a <style> element, allowed by a strict content security policy
  sheet.replaceSync(`
    :host { display: flow-root; color: var(--perennial-ink, inherit); }
    :host([state="empty"]) { display: none !important; }
    header { display: flex; align-items: center; justify-content: space-between; gap: 1rem; margin-bottom: .9rem; }
    h2 { margin: 0; font: 600 1.35rem/1.3 var(--perennial-heading-font, inherit); }
    nav { display: flex; gap: .4rem; }
    nav.off { visibility: hidden; }
    nav button { width: 2.25rem; height: 2.25rem; padding: 0; border-radius: 50%; line-height: 1; }
    @media (hover: none) { nav { display: none; } }
    ul { display: grid; grid-auto-flow: column; grid-auto-columns: var(--perennial-card-width, 13rem);
         gap: var(--perennial-gap, 1rem); margin: 0; padding: 4px 4px .6rem; margin-inline: -4px; list-style: none;
         overflow-x: auto; overscroll-behavior-x: contain; scroll-snap-type: x proximity; scroll-padding: 4px;
         scroll-behavior: smooth; scrollbar-width: thin; scrollbar-color: #0003 transparent; }
    li { position: relative; display: flex; flex-direction: column; min-width: 0; scroll-snap-align: start;
         overflow: hidden; background: var(--perennial-surface, #fff); border-radius: var(--perennial-radius, 12px);
         box-shadow: 0 0 0 1px #00000014; transition: box-shadow .2s; }
    li:hover { box-shadow: 0 0 0 1px #0000001f, 0 8px 20px -8px #0000002e; }
    li:focus-within { z-index: 1; }
    a { display: block; color: inherit; text-decoration: none; }
    a::after { content: ""; position: absolute; inset: 0; border-radius: inherit; }
    img, .picture { display: block; width: 100%; aspect-ratio: 1; object-fit: cover;
                    background: var(--perennial-placeholder, #0000000a); }
    .text { flex: 1; display: flex; flex-direction: column; gap: .3rem; padding: .75rem .85rem .85rem; }
    .title, .reason { display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 2; overflow: hidden;
                      overflow-wrap: anywhere; margin: 0; }
    .title { height: 2.6em; font-size: .95rem; line-height: 1.3; font-weight: 500; }
    .price { height: 1.4em; line-height: 1.4; font-weight: 650; font-variant-numeric: tabular-nums; }
    .reason { height: 4.05em; -webkit-line-clamp: 3; font-size: .8rem; line-height: 1.35; color: var(--perennial-muted, #5b5b5b); }
    button { font: inherit; font-size: .875rem; font-weight: 600; cursor: pointer; color: inherit;
             background: transparent; border: 1px solid #0003; border-radius: 99px; }
    button:hover { background: #0000000d; }
    .add { position: relative; margin-top: .35rem; height: 2.5rem; color: var(--perennial-accent, inherit);
           border-color: currentColor; }
    @media (hover: hover) {
      .add:hover { background: var(--perennial-accent, #222); color: var(--perennial-on-accent, #fff); }
    }
    a:focus-visible { outline: none; }
    a:focus-visible::after, button:focus-visible { outline: 3px solid var(--perennial-accent, #1a5fd0);
                                                   outline-offset: -3px; }
    section > .add { padding: 0 1.2rem; }
    .add:focus-visible { outline-offset: 2px; }
    [role="status"] { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
    :host([state="loading"]) li :is(.picture, .title, .price) { border-radius: 6px;
      background: var(--perennial-placeholder, #0000000f); animation: breathe 1.4s ease-in-out infinite alternate; }
    :host([state="loading"]) .price { width: 40%; }
    :host([state="loading"]) .add { visibility: hidden; }
    @keyframes breathe { to { opacity: .45; } }
    @media (prefers-reduced-motion: reduce) {
      ul { scroll-behavior: auto; } li { transition: none; } :host li * { animation: none !important; }
    }`);

  class PerennialRecs extends HTMLElement {
    static observedAttributes = ["placement", "product-id", "cart", "category", "repeats", "customer-id", "customer-token", "k", "key", "endpoint",
      "heading", "currency", "locale", "add-to-cart", "consent"];

    turn = 0; // only the answer to the latest question is shown
    #answer = null;
    #list = element("ul", { part: "list", role: "list" });
    #heading = element("h2", { part: "heading", id: "heading" });
    #status = element("p", { role: "status", "aria-live": "polite" });
    #arrows = element("nav", { "aria-hidden": "true", class: "off" }); // keyboards have the arrow keys
    #all = element("button", { type: "button", class: "add", part: "button all" });
    #section = element("section", { "aria-labelledby": "heading" });
    #resized = new ResizeObserver(() => this.#toggleArrows());

    constructor() {
      super();
      this.attachShadow({ mode: "open" }).adoptedStyleSheets = [sheet];
      for (const [sign, direction] of [["‹", -1], ["›", 1]]) {
        const arrow = element("button", { type: "button", tabindex: "-1" }, sign);
        arrow.addEventListener("click", () => this.#list.scrollBy({ left: direction * this.#list.clientWidth * 0.8 }));
        this.#arrows.append(arrow);
      }
      this.#section.append(element("header", {}, this.#heading, this.#arrows), this.#list, this.#status);
      this.#all.addEventListener("click", () => this.#answer?.items.forEach((item) => this.#add(item, { product_id: item.product_id })));
      this.#list.addEventListener("keydown", (pressed) => this.#walk(pressed));
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

    /** Ask again; resolves when the answer, or the fallback, is on the page. */
    refresh() {
      this.#list.setAttribute("aria-busy", "true");
      return enqueue(this);
    }

    /** Show one placement's answer; without products, the element's own children. */
    show(answer) {
      const items = Array.isArray(answer?.items) ? answer.items : [];
      if (!items.length) return this.#fallBack();
      const again = this.#answer !== null;
      this.#answer = answer;
      this.#try(answer.experiment);
      this.#name();
      this.shadowRoot.replaceChildren(this.#section);
      this.#replaceCards(items.map((item) => this.#card(item)));
      this.#offerAll(answer.bundle);
      this.#list.removeAttribute("aria-busy");
      this.setAttribute("state", "ready");
      this.#toggleArrows();
      if (again) this.#status.textContent = `${this.#heading.textContent}: ${items.length}`;
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

    /** One click for a whole set. */
    #offerAll(bundle) {
      const label = this.getAttribute("add-to-cart");
      this.#all.remove();
      if (!bundle || !label) return;
      this.#list.after(this.#all);
      const { items, bundle_price, list_price, discount } = bundle;
      const money = (amount) => this.#money(amount, items[0].currency);
      this.#all.replaceChildren(`${label} (${items.length}): ${money(bundle_price)} `);
      if (discount) this.#all.append(element("s", {}, money(list_price)));
    }

    #money(amount, currency) {
      return priceText(amount, currency || this.getAttribute("currency"), languageOf(this));
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

    #name() {
      const tried = this.#answer?.experiment?.widget?.heading;
      this.#heading.textContent = tried || this.getAttribute("heading") || this.#answer?.heading || "\u00a0";
    }

    #await() {
      this.#name();
      this.setAttribute("state", "loading");
      const frames = Array.from({ length: countOf(this) }, () => this.#frame(element("div", { class: "picture" })));
      this.#list.replaceChildren(...frames);
      this.shadowRoot.replaceChildren(this.#section);
    }

    #fallBack() {
      const place = element("div", {}, element("slot"));
      place.style.minHeight = `${this.#section.offsetHeight}px`; // nothing below may jump
      this.#answer = null;
      seen.unobserve(this);
      this.shadowRoot.replaceChildren(place);
      this.setAttribute("state", this.childElementCount || this.textContent.trim() ? "fallback" : "empty");
    }

    /** A card; without texts, its skeleton, which is just as high. */
    #frame(picture, { title = "", price = "", reason = "", link = element("div"), add } = {}) {
      link.append(element("p", { class: "title", part: "title" }, title));
      const text = element("div", { class: "text" }, link,
        element("div", { class: "price", part: "price" }, price),
        element("p", { class: "reason", part: "reason", title: reason || undefined }, reason));
      const label = this.getAttribute("add-to-cart");
      if (label) {
        const name = title ? `${label}: ${title}` : undefined;
        const button = element("button", { type: "button", class: "add", part: "button", "aria-label": name }, label);
        button.addEventListener("click", () => add?.());
        text.append(button);
      }
      return element("li", { part: "card" }, picture, text);
    }

    #card(item) {
      const { recommendation_id } = this.#answer;
      const title = String(item.title ?? item.product_id);
      const image = safeUrl(item.image_url);
      const picture = image
        ? element("img", { part: "image", loading: "lazy", decoding: "async", src: image, alt: "" }) // the title follows
        : element("div", { class: "picture", part: "image" });
      const link = element("a", { part: "link", href: safeUrl(item.url) });
      const about = { product_id: item.product_id, recommendation_id };
      const properties = { placement: this.#answer.placement, rank: item.rank };
      link.addEventListener("click", () => beacon("click", { ...about, properties }, this));
      const price = this.#money(item.price, item.currency);
      const add = () => this.#add(item, about);
      return this.#frame(picture, { title, price, reason: String(item.reason?.text ?? ""), link, add });
    }

    #add(product, about) {
      const acknowledged = track("add_to_cart", { ...about, unit_price: product.price ?? undefined }, this);
      const { recommendation_id } = about;
      const detail = { product, recommendation_id, acknowledged, bundle: this.#answer?.bundle };
      this.dispatchEvent(new CustomEvent("perennial:add", { detail, bubbles: true, composed: true }));
    }

    #walk(pressed) {
      const links = [...this.#list.querySelectorAll("a[href]")];
      const at = links.indexOf(this.shadowRoot.activeElement?.closest("li")?.querySelector("a"));
      const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: links.length - 1 }[pressed.key];
      if (to === undefined || !links[to]) return;
      pressed.preventDefault();
      links[to].focus();
    }

    #toggleArrows() {
      this.#arrows.className = this.#list.scrollWidth > this.#list.clientWidth + 1 ? "" : "off";
    }
  }

  window.Perennial = { track: (type, fields) => track(type, fields), identify };
  customElements.define("perennial-recs", PerennialRecs);
})();
