// Draws a report (features/insights/report.py) in the console and in the page that `perennial report` writes.
// Everything is set as text: whatever a shop calls its products, nothing of it becomes markup.

const DRAWN = { bars, intervals, line };
const LINE_HEIGHT = 240; // CSS pixels
const DAY = 86400, MONTH = 30 * DAY, YEAR = 365 * DAY; // seconds, as uPlot takes the steps of its axis
const STEPS = [DAY, 7 * DAY, MONTH, 2 * MONTH, 3 * MONTH, 6 * MONTH, YEAR, 2 * YEAR, 5 * YEAR];
const NOTHING = "–";
const MOST_ROWS = 100;
const MOST_BARS = 25;
const FOLDED_FROM = 13; // rows: what is drawn already need not fill the screen
const WORTH_IT = 3; // LTV:CAC from which a channel pays, as in definitions.py
const PRECISE = { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" };

export function show(place, report) {
  const section = add(place, "section", "report");
  section.id = report.name;
  add(section, "h2", "", report.title);
  const told = day => new Intl.DateTimeFormat("en-GB", PRECISE).format(new Date(day));
  const { first, last } = report.period ?? {};
  add(section, "p", "as-of", first ? `${told(first)} to ${told(last)}` : `Up to ${told(report.as_of)}`);
  if (report.headline) add(section, "p", "headline", report.headline);
  for (const note of report.notes) add(section, "p", "note", note);
  for (const part of report.parts) {
    if (report.parts.length > 1) add(section, "h3", "currency", `In ${part.currency ?? "no currency"}`);
    if (part.figures.length) showFigures(section, part);
    for (const table of part.tables) showTable(section, table, part.currency);
  }
}

function showFigures(section, part) {
  const grid = add(section, "dl", "figures");
  for (const figure of part.figures) {
    const card = add(grid, "div", "figure");
    card.dataset.name = figure.name;
    add(card, "dt", "", figure.label);
    add(card, "dd", "value", estimate(figure, part.currency));
    if (figure.low !== null) add(card, "dd", "ends", ends(figure, part.currency));
    if (figure.before !== null) add(card, "dd", "ends", `before: ${text(figure.before, figure.unit, part.currency)}`);
    if (figure.note) add(card, "dd", "definition why", `${figure.note}.`);
    add(card, "dd", "definition", figure.definition);
  }
}

export function estimate(figure, currency) {
  return figure.low === null ? text(figure.value, figure.unit, currency) : rough(figure.value, figure.unit, currency);
}

export function ends(figure, currency) {
  return `${rough(figure.low, figure.unit)} to ${rough(figure.high, figure.unit, currency)}`;
}

// What is known within an interval has no cents.
function rough(value, unit, currency) {
  if (unit !== "money") return text(value, unit);
  return Math.round(value).toLocaleString("en-GB") + (currency ? ` ${currency}` : "");
}

function showTable(section, table, currency) {
  const card = add(section, "div", "card");
  card.dataset.name = table.name;
  add(card, "h3", "", table.title);
  if (table.text) add(card, "p", "text", table.text);
  const heat = table.plot?.kind === "heat";
  if (table.plot && !heat && table.rows.length) showPlot(card, table, currency);
  const scroll = add(heat || !table.plot || table.rows.length < FOLDED_FROM ? card : folded(card), "div", "scroll");
  scroll.tabIndex = 0;
  scroll.setAttribute("role", "region");
  scroll.setAttribute("aria-label", table.title);
  grid(scroll, table, currency, heat);
  const hidden = table.rows.length - MOST_ROWS;
  if (hidden > 0) add(card, "p", "text", `${hidden.toLocaleString("en-GB")} more rows: --format csv has them all.`);
  if (!heat) explain(card, table);
}

function folded(card) {
  const box = add(card, "details", "rows");
  add(box, "summary", "", "All rows");
  return box;
}

window.addEventListener("beforeprint", () => document.querySelectorAll("details.rows").forEach(box => { box.open = true; }));

function grid(place, table, currency, heat) {
  const drawn = add(place, "table", heat ? "heat" : "");
  const head = add(add(drawn, "thead"), "tr");
  for (const column of table.columns) {
    const cell = add(head, "th", wordy(column) ? "words" : "", column.label);
    cell.scope = "col";
    if (column.definition) cell.title = column.definition;
  }
  const strongest = heat ? Math.max(0, ...table.rows.flatMap(row => row.slice(3))) : 0;
  const body = add(drawn, "tbody");
  for (const row of table.rows.slice(0, MOST_ROWS)) {
    const line = add(body, "tr");
    row.forEach((value, place) => {
      const column = table.columns[place], shaded = heat && place > 1;
      const cell = add(line, "td", "", shaded ? short(value, column.unit) : text(value, column.unit));
      cell.className = shaded ? shade(value, strongest) : look(value, column);
    });
  }
}

function look(value, column) {
  if (value === null) return wordy(column) ? "words nothing" : "nothing";
  if (column.name === "verdict") return { pays: "words good", free: "words good", loses: "words bad" }[value] ?? "words";
  if (column.name === "ltv_to_cac") return value >= WORTH_IT ? "good" : value < 1 ? "bad" : "";
  if (wordy(column)) return String(value).length > 28 ? "words long" : "words";
  return "";
}

function shade(value, strongest) {
  if (value === null || !(strongest > 0)) return "cell";
  return `cell h${Math.max(1, Math.min(5, Math.ceil((value / strongest) * 5)))}`;
}

function explain(card, table) {
  const known = table.columns.filter(column => column.definition);
  if (!known.length) return;
  const box = add(card, "details");
  add(box, "summary", "", "What these columns mean");
  const list = add(box, "dl");
  for (const column of known) {
    const entry = add(list, "div");
    add(entry, "dt", "", column.label);
    add(entry, "dd", "", column.definition);
  }
}

// A picture of one column; its figures stand in the table below and in its name.
function showPlot(card, table, currency) {
  const picture = add(card, "div", `plot ${table.plot.kind}`);
  picture.setAttribute("role", "img");
  const place = table.columns.findIndex(column => column.name === table.plot.column);
  picture.setAttribute("aria-label", DRAWN[table.plot.kind](picture, table, place, currency));
}

function bars(picture, table, place, currency) {
  const column = table.columns[place], rows = table.rows.slice(0, MOST_BARS);
  const most = Math.max(...rows.map(row => row[place]), 0) || 1;
  for (const row of rows) {
    const track = addTrack(picture, row[0] ?? NOTHING);
    add(track, "span", `amount ${look(row[place], column)}`).style.width = `${Math.max(0, row[place] / most) * 100}%`;
    add(track, "span", "value", text(row[place], column.unit, currency));
  }
  return named(column, rows, row => text(row[place], column.unit, currency));
}

// A column as a dot, with the two columns after it as the ends of a line, around nought in the middle. What goes
// beyond the picture ends at its edge.
function intervals(picture, table, place) {
  const column = table.columns[place], told = value => signed(value, column.unit);
  const reach = Math.min(1, Math.max(...table.rows.flatMap(row => [Math.abs(row[place + 1]), Math.abs(row[place + 2])]))) || 1;
  const at = value => (Math.max(-1, Math.min(1, value / reach)) + 1) * 50;
  const span = row => `${told(row[place])}, between ${told(row[place + 1])} and ${told(row[place + 2])}`;
  for (const row of table.rows) {
    const [value, low, high] = row.slice(place, place + 3), track = addTrack(picture, row[0]);
    const sure = low > 0 ? "better" : high < 0 ? "worse" : "unsure";
    track.title = `${row[0]}: ${span(row)}`;
    Object.assign(add(track, "span", `span ${sure}`).style, { left: `${at(low)}%`, width: `${at(high) - at(low)}%` });
    add(track, "span", `dot ${sure}`).style.left = `${at(value)}%`;
  }
  const scale = add(picture, "span", "scale");
  for (const value of [-reach, 0, reach]) add(scale, "span", "", told(value));
  return named(column, table.rows, span);
}

// Months or days, drawn by uPlot as wide as the card is, again when that or the theme changes.
function line(picture, table, place, currency) {
  const column = table.columns[place], told = value => text(value, column.unit, currency);
  const daily = table.columns[0].name === "day";
  const times = table.rows.map(row => Date.parse(row[0]) / 1000);
  const size = () => ({ width: picture.clientWidth, height: LINE_HEIGHT });
  const colour = name => () => getComputedStyle(picture).getPropertyValue(name);
  const axis = { stroke: colour("--muted"), grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false } };
  const amounts = (_, ticks) => ticks.map(tick => tick.toLocaleString("en-GB"));
  const chart = new uPlot({
    ...size(),
    tzDate: seconds => uPlot.tzDate(new Date(seconds * 1000), "UTC"),
    cursor: { drag: { x: false } },
    scales: {
      x: { range: () => [times[0], Math.max(times.at(-1), times[0] + (daily ? DAY : MONTH))] },
      y: { range: { min: { soft: 0, mode: 1 }, max: { pad: 0.1 } } },
    },
    axes: [{ ...axis, grid: { show: false }, incrs: daily ? STEPS : STEPS.slice(2) }, { ...axis, size: 70, values: amounts }],
    series: [
      { label: table.columns[0].label, value: daily ? "{YYYY}-{MM}-{DD}" : "{YYYY}-{MM}" },
      { label: column.label, stroke: colour("--bar"), fill: colour("--bar-soft"), width: 2, value: (_, value) => told(value) },
    ],
  }, [times, table.rows.map(row => row[place])], picture);
  new ResizeObserver(() => chart.setSize(size())).observe(picture);
  for (const media of ["(prefers-color-scheme: dark)", "print"]) matchMedia(media).addEventListener("change", () => chart.redraw());
  return named(column, table.rows, row => told(row[place]));
}

function addTrack(picture, name) {
  add(picture, "span", "name", name).title = name;
  return add(picture, "span", "track");
}

function named(column, rows, told) {
  return `${column.label}: ${rows.map(row => `${row[0] ?? NOTHING} ${told(row)}`).join("; ")}`;
}

function signed(value, unit) {
  return `${value > 0 ? "+" : ""}${text(value, unit)}`;
}

function add(parent, name, className = "", words) {
  const node = document.createElement(name);
  if (className) node.className = className;
  if (words !== undefined) node.textContent = words;
  return parent.appendChild(node);
}

function wordy(column) {
  return column.unit === "text" || column.unit === "date";
}

function text(value, unit, currency) {
  if (value === null || value === undefined || value === "") return NOTHING;
  if (typeof value === "string") return value;
  const digits = places => value.toLocaleString("en-GB", { minimumFractionDigits: places, maximumFractionDigits: places });
  switch (unit) {
    case "money": return digits(Math.abs(value) >= 10000 ? 0 : 2) + (currency ? ` ${currency}` : "");
    case "share": return `${(value * 100).toLocaleString("en-GB", { minimumFractionDigits: 1, maximumFractionDigits: 1 })} %`;
    case "ratio": return `${digits(1)} : 1`;
    case "days": return `${digits(1)} days`;
    case "milliseconds": return `${digits(1)} ms`;
    case "count": return digits(0);
    default: return digits(2);
  }
}

function short(value, unit) {
  if (value === null) return "";
  return unit === "share" ? `${Math.round(value * 100)}%` : Math.round(value).toLocaleString("en-GB");
}
