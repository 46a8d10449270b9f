// Draws the report that stands in the page.
import { show } from "/console/static/report/report.js";

show(document.getElementById("reports"), JSON.parse(document.getElementById("data").textContent));
