/* Why a call got no answer that can be read. */

async function explain(url, error) {
  const { origin } = new URL(url, document.baseURI);
  if (error.name === "TimeoutError") return say(`no answer from ${origin} in time`);
  const isThere = origin !== location.origin && (await fetch(origin, { mode: "no-cors" }).then(() => true, () => false));
  say(isThere
    ? `${origin} does not allow this page to ask: start it with PERENNIAL_CORS_ORIGINS=${location.origin}`
    : `${origin} cannot be reached, or the page's connect-src does not allow it`);
}
