// The dashboard: fetches the reports with a secret key and draws them.

import { ends, estimate, show } from "/dashboard/report/report.js";

const REPORTS = [
  "kpi", "experiments", "cohorts", "segments", "channels", "affinities", "offers", "policy", "pricing", "model",
];
const KEPT = "perennial.secret-key";
const DEMO = "sk_demo"; // opens a demo shop, and nothing else
const byId = id => document.getElementById(id);
const reports = byId("reports"), form = byId("sign-in");

async function fetchReport(name, key) {
  const answer = await fetch(`/v1/insights/${name}`, { headers: { Authorization: `Bearer ${key}` } });
  if (answer.ok) return answer.json();
  const problem = await answer.json().catch(() => ({}));
  throw Object.assign(new Error(problem.detail ?? `The service answered ${answer.status}.`), { status: answer.status });
}

async function open(key, remembered) {
  reports.setAttribute("aria-busy", "true");
  reports.replaceChildren();
  const found = await Promise.allSettled(REPORTS.map(name => fetchReport(name, key)));
  const closed = found.find(each => [401, 403].includes(each.reason?.status));
  if (closed) ask(remembered ? closed.reason.message : "");
  else draw(found, key);
  reports.setAttribute("aria-busy", "false");
}

function draw(found, key) {
  form.hidden = true;
  byId("forget").hidden = key === DEMO;
  const problems = new Set(found.filter(each => each.reason).map(each => each.reason.message));
  for (const each of found) if (each.value) show(reports, each.value);
  earned(found.map(each => each.value).find(report => report?.name === "experiments"));
  for (const problem of problems) {
    reports.prepend(Object.assign(document.createElement("p"), { className: "note", textContent: problem }));
  }
  if (location.hash) document.querySelector(`[id="${CSS.escape(location.hash.slice(1))}"]`)?.scrollIntoView();
}

// What Perennial earned, in one look: the first part is in the currency of most orders.
function earned(report) {
  if (!report?.headline) return;
  const figure = report.parts[0].figures.find(each => each.name.startsWith("earned_"));
  const line = document.createElement("aside");
  line.id = "earned";
  line.setAttribute("aria-label", "What Perennial earned");
  const currency = report.parts[0].currency;
  if (figure && figure.value !== null) {
    line.append(piece("strong", estimate(figure, currency)), piece("span", ends(figure, currency)));
  }
  line.append(piece("p", report.headline));
  reports.prepend(line);
}

function piece(tag, words) {
  return Object.assign(document.createElement(tag), { textContent: words });
}

function ask(why) {
  sessionStorage.removeItem(KEPT);
  byId("forget").hidden = true;
  form.hidden = false;
  byId("refused").textContent = why;
  byId("key").focus();
}

form.addEventListener("submit", event => {
  event.preventDefault();
  const key = byId("key").value.trim();
  form.reset();
  sessionStorage.setItem(KEPT, key);
  open(key, true);
});
byId("forget").addEventListener("click", () => {
  reports.replaceChildren();
  ask("");
});

open(sessionStorage.getItem(KEPT) ?? DEMO, sessionStorage.getItem(KEPT) !== null);
