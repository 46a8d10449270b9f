// Charts of the console, drawn by uPlot from the data beside them, and the menu of a narrow page.
const FORMATS = {
  number: () => ({ maximumFractionDigits: 2 }),
  money: (currency) => (currency ? { style: "currency", currency, maximumFractionDigits: 0 } : { maximumFractionDigits: 0 }),
  percent: () => ({ style: "percent", maximumFractionDigits: 1 }),
};

function draw(figure) {
  const plot = figure.querySelector(".plot");
  if (plot.childElementCount || !plot.clientWidth) return;
  const data = JSON.parse(figure.querySelector("script").textContent);
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(name).trim();
  const colours = colour("--lines").split(",");
  const format = new Intl.NumberFormat(data.locale, FORMATS[data.unit](data.currency));
  const value = (_, number) => (number == null ? "–" : format.format(number));
  const day = new Intl.DateTimeFormat(data.locale, { day: "numeric", month: "short", timeZone: "UTC" });
  const axis = { stroke: colour("--muted"), grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false } };
  const options = {
    width: plot.clientWidth,
    height: 220,
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "UTC"),
    cursor: { y: false },
    legend: { show: data.series.length > 1 || matchMedia("(hover: hover)").matches },
    series: [
      { value: (_, seconds) => (seconds == null ? "–" : day.format(seconds * 1000)), label: data.day },
      ...data.series.map((each, index) => ({
        label: each.label, stroke: colours[index % colours.length].trim(), width: 2, value, dash: each.before ? [4, 4] : undefined,
        points: { show: data.days.length < 3 },
      })),
    ],
    axes: [
      { ...axis, values: (_, all) => all.map((seconds) => day.format(seconds * 1000)) },
      { ...axis, size: 64, values: (_, all) => all.map((number) => format.format(number)) },
    ],
    scales: { y: { range: (_, low, high) => [Math.min(0, low), high > 0 ? high * 1.08 : 1] } },
  };
  const times = data.days.map((each) => Date.parse(each + "T00:00:00Z") / 1000);
  new uPlot(options, [times, ...data.series.map((each) => each.values)], plot);
}

const drawAll = () => document.querySelectorAll("figure.chart").forEach(draw);
const narrow = matchMedia("(max-width: 800px)");
const fold = () => { document.querySelector(".menu").open = !narrow.matches; };

document.addEventListener("htmx:afterSettle", drawAll);
document.addEventListener("toggle", drawAll, true);
let waiting;
addEventListener("resize", () => {
  clearTimeout(waiting);
  waiting = setTimeout(() => {
    document.querySelectorAll("figure.chart .plot").forEach((plot) => plot.replaceChildren());
    drawAll();
  }, 200);
});
narrow.addEventListener("change", fold);
fold();
drawAll();
