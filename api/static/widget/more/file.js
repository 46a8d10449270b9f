/* The second file: what the first one hands in are its own functions. */

const sheet = new CSSStyleSheet();
sheet.replaceSync(STYLES);

/** The styles of all but the carousel. */
function dress({ shadowRoot }) {
  if (!shadowRoot.adoptedStyleSheets.includes(sheet)) shadowRoot.adoptedStyleSheets.push(sheet);
}

return { listen, explain, dress, ask: { bundles: askForSet, offer: showOffer } };
