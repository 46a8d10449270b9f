/** The examples of the gallery. {product} and {key} stand for what the form says.
    html: as it goes into a page; css and run: what belongs to it, where anything does. */

const inHours = (hours) => new Date(Date.now() + hours * 3_600_000).toISOString();

/** As POST /v1/offers answers the shop's server. */
const tenPerCent = () => ({ offer_id: "ten", kind: "percentage", discount: 10, decision_id: "9b1c1f0a", decided_at: inHours(-1), expires_at: inHours(30) });

export const EXAMPLES = [
  { title: "Carousel", text: "What a list looks like by itself. The button's label is the page's; without one there is no button.",
    html: `<perennial-recs placement="product_similar" product-id="{product}" add-to-cart="Add to cart"></perennial-recs>` },
  { title: "Grid", text: "As many columns as fit.",
    html: `<perennial-recs placement="home" layout="grid" k="6"></perennial-recs>` },
  { title: "List", text: "One below the other, with reasons.",
    html: `<perennial-recs placement="trending" layout="list" k="3" heading="Wanted now" add-to-cart="Add"></perennial-recs>` },
  { title: "Compact", text: "For a cart or a sidebar.", className: "narrow",
    html: `<perennial-recs placement="cart" cart="{product}" layout="compact" k="3" add-to-cart="Add"></perennial-recs>` },
  { title: "A set", text: "Products at one price; one click adds them all.",
    html: `<perennial-recs placement="bundles" product-id="{product}" add-to-cart="Add all"></perennial-recs>` },
  { title: "An offer", text: "What the shop's server got from POST /v1/offers. It goes when it ends.",
    html: `<perennial-recs placement="offer" terms="On orders from 30.00. Not with other offers.">
  <a slot="action" href="#">Shop now</a>
</perennial-recs>`,
    run: (recs) => { recs.offer = tenPerCent(); } },
  { title: "An offer as the page is written", text: "The attribute holds the same, as JSON; slot=\"terms\" is for terms with links.",
    html: () => `<perennial-recs placement="offer" offer='${JSON.stringify({ ...tenPerCent(), kind: "free_shipping" })}'>
  <p slot="terms">Our <a href="#">terms</a> hold.</p>
</perennial-recs>` },
  { title: "A heading of the page's own", text: "Any element; without one, an h2 that looks like the page's.",
    html: `<perennial-recs placement="new" k="4"><h3 slot="heading">Just in</h3></perennial-recs>` },
  { title: "Language, country and currency", text: "Else the page's lang; prices and titles as the catalogue has them there.",
    html: `<perennial-recs placement="trending" locale="de-AT" country="AT" currency="EUR" k="3"></perennial-recs>` },
  { title: "A customer, only what is new to them, of one category", text: "The token is made by the shop's server.",
    html: `<perennial-recs placement="home" customer-id="c-17" customer-token="..." repeats="none" category="Tea" heading="New to you" k="4"></perennial-recs>` },
  { title: "Without consent", text: "Nothing is stored or told, the answers depend on the page alone: for all of it, here for three seconds.",
    html: `<perennial-recs placement="product_complements" product-id="{product}" consent="denied" k="4"></perennial-recs>`,
    run: (recs) => setTimeout(() => recs.removeAttribute("consent"), 3000) },
  { title: "Another service, key and patience", text: "On the element, or as data-endpoint and so on of the script. views and data-layer: off leaves both to the page.",
    html: `<perennial-recs placement="new" endpoint="${location.origin}" key="{key}" heading="From there" timeout-ms="3000" views="off" data-layer="off" k="3"></perennial-recs>` },
  { title: "What stands inside is shown where no answer comes", text: "There is no such placement. The console says so.",
    html: `<perennial-recs placement="nowhere"><a href="#">Our best sellers</a></perennial-recs>` },
  { title: "Colours and sizes", text: "All there are, and the heading, which is the page's.",
    html: `<perennial-recs class="themed" placement="home" heading="In brown" k="5" add-to-cart="Add"></perennial-recs>`,
    css: `.themed > h2 { color: #3a2b1f; font-family: Georgia, serif; }
.themed {
  padding: 1rem; background: #fffdf9;
  --perennial-ink: #3a2b1f; --perennial-muted: #6a5747; --perennial-accent: #8a3b12; --perennial-surface: #fff8ef;
  --perennial-placeholder: #f0e2d0; --perennial-radius: 0; --perennial-gap: 1.5rem; --perennial-card-width: 11rem;
  --perennial-image-ratio: 4 / 3; --perennial-image-fit: contain;
}` },
  { title: "Parts", text: "Whatever the properties do not reach.",
    html: `<perennial-recs class="parts" placement="home" heading="Round" k="5" add-to-cart="Add"></perennial-recs>
<perennial-recs class="parts" placement="offer"></perennial-recs>
<perennial-recs class="parts" placement="bundles" heading="A round set" product-id="{product}" add-to-cart="Add all"></perennial-recs>`,
    css: `.parts::part(header) { border-bottom: 2px solid currentColor; }
.parts::part(list) { padding-bottom: 1.5rem; }
.parts::part(card) { box-shadow: none; }
.parts::part(image) { border-radius: 50%; }
.parts::part(link) { text-align: center; }
.parts::part(title) { font-weight: 700; }
.parts::part(price) { text-align: center; }
.parts::part(reason) { font-style: italic; }
.parts::part(button) { border-radius: 4px; }
.parts::part(all) { text-transform: uppercase; }
.parts::part(arrow) { border-radius: 4px; }
.parts::part(previous), .parts::part(next) { width: 3rem; }
.parts::part(total) { font-size: 1.5rem; }
.parts::part(offer) { letter-spacing: .02em; }
.parts::part(until) { font-style: italic; }
.parts::part(countdown) { font-size: 1.25rem; }
.parts::part(terms) { text-decoration: underline; }`,
    run: (recs) => { recs.parentElement.querySelector('[placement="offer"]').offer = { ...tenPerCent(), kind: "amount", discount: 5, currency: "EUR" }; } },
  { title: "On a dark page", text: "It takes on the page's ink and background.", className: "dark-page",
    html: `<perennial-recs placement="next_order" heading="In the dark" add-to-cart="Add" k="5"></perennial-recs>` },
  { title: "Properties, methods and events", text: "The log at the end of this page tells what happened.",
    html: `<perennial-recs placement="buy_again" k="4"></perennial-recs>`,
    run: async (recs) => {
      recs.addEventListener("perennial:add", ({ detail }) => detail.acknowledged.then((taken) => console.log(taken)));
      recs.addEventListener("perennial:experiment", ({ detail }) => console.log(detail.arm));
      document.addEventListener("perennial:exchange", ({ detail }) => console.log(detail.milliseconds));
      await recs.refresh();
      recs.show({ placement: "home", heading: "Shown by the page", items: [{ product_id: "own", title: "A product of the page's", price: 9.5, currency: "EUR" }] });
      recs.add(recs.answer.items[0]);
    } },
  { title: "The page's own code", text: "Before the script is there the same calls wait: window.Perennial = window.Perennial || []; Perennial.push([\"track\", ...]).",
    html: `<perennial-recs placement="next_order" k="4"></perennial-recs>`,
    run: () => {
      Perennial.configure({ "timeout-ms": "3000" });
      Perennial.track("search", { query: "tea" });
      Perennial.identify(null); // an id and its token sign in
      Perennial.consent("granted");
      Perennial.push(["track", "search", { query: "cup" }], (loaded) => loaded.track("search", { query: "tray" }));
    } },
];
