/** "Behind the scenes": each call of the widgets and the shop, with its answer, reasons and milliseconds. */

import { h } from "./elements.js";
import { decision } from "./offer.js";

const KEPT = 20;
const drawer = document.getElementById("drawer");
const toggle = document.getElementById("drawer-toggle");
const list = document.getElementById("exchanges");

function open(yes) {
  drawer.hidden = !yes;
  toggle.setAttribute("aria-expanded", String(yes));
  document.body.classList.toggle("with-drawer", yes);
  (yes ? drawer : toggle).focus({ preventScroll: true });
}

toggle.addEventListener("click", () => open(drawer.hidden));
document.getElementById("drawer-close").addEventListener("click", () => open(false));
document.addEventListener("keydown", (pressed) => {
  if (pressed.key === "Escape" && !drawer.hidden) open(false);
});

document.addEventListener("perennial:exchange", ({ detail }) => {
  list.querySelector(".nothing")?.remove();
  list.prepend(row(detail));
  while (list.children.length > KEPT) list.lastChild.remove();
  if (detail.answer?.answers) toggle.querySelector(".latest").textContent = milliseconds(detail);
});

const milliseconds = (exchange) =>
  exchange.milliseconds === undefined ? "sent" : `${exchange.milliseconds.toFixed(exchange.milliseconds < 10 ? 1 : 0)} ms`;

/** The server's own figure: the sum of `Server-Timing: state;dur=0.4, recommend;dur=1.1 ...`. */
function serverMilliseconds({ serverTiming }) {
  const stages = [...(serverTiming ?? "").matchAll(/dur=([\d.]+)/g)].map((stage) => Number(stage[1]));
  return stages.length ? stages.reduce((sum, stage) => sum + stage).toFixed(1) : null;
}

function row(exchange) {
  const { pathname } = new URL(exchange.url, location.href);
  const answers = exchange.answer?.answers ?? [];
  const asked = exchange.request?.requests;
  const what = exchange.title ?? (exchange.method === "GET" ? "a set" : asked ? asked.map((one) => one.placement).join(", ") : describe(exchange.request));
  const inside = serverMilliseconds(exchange);
  return h("li", {},
    h("details", {},
      h("summary", {},
        h("span", { class: "what" }, what),
        h("span", { class: "time" }, milliseconds(exchange)),
        h("span", { class: "route" }, `${exchange.method} ${pathname}`, inside && ` · ${inside} ms in the server`),
        badges(exchange, answers)),
      answers.filter((answer) => answer?.items?.length).map(reasons),
      exchange.answer?.reason && decision(exchange.answer),
      json("Request", { url: exchange.url, body: exchange.request }),
      exchange.answer !== undefined && json("Answer", exchange.answer),
      exchange.error && h("p", { class: "failed" }, exchange.error)));
}

const describe = (event) => [event.type, event.product_id ?? event.query ?? event.order?.order_id].filter(Boolean).join(" ");

function badges(exchange, answers) {
  const degraded = answers.some((answer) => answer?.degraded);
  const why = [...new Set(answers.flatMap((answer) => answer?.degraded_reasons ?? []))].join(", ");
  const version = answers[0]?.model_version;
  return h("span", { class: "badges" },
    version && h("span", { class: "badge" }, `model ${version}`),
    answers.length > 0 && h("span", { class: degraded ? "badge warn" : "badge good" }, degraded ? `degraded: ${why}` : "not degraded"),
    exchange.status && exchange.status !== 200 && h("span", { class: "badge" }, String(exchange.status)),
    exchange.error && h("span", { class: "badge warn" }, "no answer"));
}

function reasons(answer) {
  const line = (item) => h("tr", {},
    h("td", {}, String(item.rank)),
    h("td", {}, h("b", {}, item.title ?? item.product_id), h("span", {}, item.reason?.text ?? "")),
    h("td", {}, h("code", {}, item.source), h("code", {}, evidence(item.reason?.evidence))));
  return h("section", {},
    h("h3", {}, answer.placement),
    h("table", {}, h("tbody", {}, answer.items.map(line))));
}

const evidence = (counts) =>
  Object.entries(counts ?? {})
    .map(([name, value]) => `${name} ${typeof value === "number" ? +value.toFixed(2) : JSON.stringify(value)}`)
    .join(", ");

const json = (title, value) =>
  h("details", { class: "json" }, h("summary", {}, title), h("pre", { tabindex: "0" }, JSON.stringify(value, null, 2)));
