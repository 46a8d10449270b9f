import {
  Configuration, CustomersApi, EMailApi, EventsApi, InsightsApi, MerchandisingApi, RecommendationsApi, ResponseError,
} from "perennial-client"

declare const process: { argv: string[] } // @types/node has it, too

const [url, key] = process.argv.slice(2)
const shop = new Configuration({ basePath: url, accessToken: key })

const home = await new RecommendationsApi(shop).recommendations({ placement: "home", customerId: "ann", k: 2 })
console.log("home", home.items.length, home.items[0].rank)

const received = await new EventsApi(shop).events({
  sentEvents: { events: [{ type: "view", anonymousId: "a-1", productId: "tea" }] },
})
console.log("accepted", received.accepted)

const ann = await new CustomersApi(shop).customerProfile({ customerId: "ann", _with: ["picks", "orders"] })
console.log("ann", ann.known, (ann.picks?.items.length ?? 0) > 0)

const lines = '{"customer_id": "ann"}\n{"customer_id": "bob"}\n'
const picks = await new EMailApi(shop).picksOfMany({ body: lines })
console.log("picks", (await picks.text()).trim().split("\n").length)

const saved = await new MerchandisingApi(shop).putRules({
  rulesToSave: { rules: [{ kind: "hide", id: "no-mugs", products: ["mug"] }] },
})
console.log("rules", saved.rules[0].kind)

try {
  await new InsightsApi(shop).insight({ name: "moods" })
} catch (error) {
  if (!(error instanceof ResponseError)) throw error
  console.log("refused", error.response.status, (await error.response.json()).detail.slice(0, 20))
}
