/* placement="offer": the offer that the shop's server got from /v1/offers, with its terms, until it ends. */

const WORDS = { // free shipping, gift, valid until
  de: ["Versandkostenfrei", "Geschenk zur Bestellung", "Gültig bis {}"],
  en: ["Free shipping", "A gift with your order", "Valid until {}"],
  es: ["Envío gratis", "Un regalo con su pedido", "Válido hasta el {}"],
  fr: ["Livraison offerte", "Un cadeau avec votre commande", "Valable jusqu’au {}"],
  it: ["Spedizione gratuita", "Un regalo con il tuo ordine", "Valido fino al {}"],
  nl: ["Gratis verzending", "Een cadeau bij je bestelling", "Geldig tot {}"],
  pl: ["Darmowa dostawa", "Prezent do zamówienia", "Ważne do {}"],
  pt: ["Envio grátis", "Uma oferta com a sua encomenda", "Válido até {}"],
};
const DAY_S = 86_400;
const timers = new WeakMap(); // element -> what counts its offer down

function offerOf(widget) {
  try {
    return widget.offer ?? JSON.parse(widget.getAttribute("offer"));
  } catch {
    return null;
  }
}

/** The offer as an answer to show; null without one, and once it is over. */
function showOffer(widget) {
  clearInterval(timers.get(widget));
  const offer = offerOf(widget);
  const ends = Date.parse(offer?.expires_at ?? "");
  if (!offer?.decision_id || offer.offer_id === "none" || !(ends > Date.now())) return null;
  const language = languageOf(widget) ?? "en";
  const [shipping, gift, until] = WORDS[language.slice(0, 2).toLowerCase()] ?? WORDS.en;
  const amount = { percentage: percentText(offer.discount, language), amount: moneyText(-offer.discount, offer.currency, widget) };
  const text = amount[offer.kind] ?? offer.name ?? "";
  const heading = text || { free_shipping: shipping, gift }[offer.kind];
  if (!heading) return null;
  return { placement: "offer", items: [], heading, body: terms(widget, until, ends, isClockRight(offer), language) };
}

/** The offer was decided by the service's clock: a browser that is behind it would count down wrongly. */
const isClockRight = (offer) => !(Date.parse(offer.decided_at) > Date.now() + 60_000);

const percentText = (points, language) =>
  new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: 1 }).format(-points / 100);

function terms(widget, until, ends, isCounting, language) {
  const date = new Intl.DateTimeFormat(language, { dateStyle: "long", timeStyle: "short" }).format(ends);
  const body = element("div", { class: "offer", part: "offer" },
    element("p", { part: "until" }, element("time", { datetime: new Date(ends).toISOString() }, until.replace("{}", date))));
  if (isCounting) body.append(countdown(widget, ends, language));
  const own = widget.getAttribute("terms");
  body.append(element("slot", { name: "terms" }, ...(own ? [element("p", { part: "terms" }, own)] : [])), element("slot", { name: "action" }));
  return body;
}

/** Days, hours, minutes and seconds that are left; at the end the offer goes. */
function countdown(widget, ends, language) {
  const clock = element("p", { class: "countdown", part: "countdown", role: "timer" });
  const unit = (amount, name) => new Intl.NumberFormat(language, { style: "unit", unit: name, unitDisplay: "narrow" }).format(amount);
  const tick = () => {
    const left = Math.ceil((ends - Date.now()) / 1000);
    if (left <= 0) {
      clearInterval(timer);
      return widget.refresh();
    }
    const parts = [[Math.floor(left / DAY_S), "day"], [Math.floor((left % DAY_S) / 3600), "hour"], [Math.floor((left % 3600) / 60), "minute"], [left % 60, "second"]];
    const first = parts.findIndex(([amount]) => amount);
    clock.textContent = parts.slice(first, first + (first ? 3 : 2)).map(([amount, name]) => unit(amount, name)).join(" ");
  };
  const timer = setInterval(tick, 1000);
  timers.set(widget, timer);
  tick();
  return clock;
}
