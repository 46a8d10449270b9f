import json
import sys

from perennial_client import (
    ApiClient,
    ApiException,
    Configuration,
    CustomersApi,
    EMailApi,
    EventsApi,
    InsightsApi,
    MerchandisingApi,
    RecommendationsApi,
    RulesToSave,
    SentEvent,
    SentEvents,
)

url, key = sys.argv[1:]
with ApiClient(Configuration(host=url, access_token=key)) as shop:
    home = RecommendationsApi(shop).recommendations("home", customer_id="ann", k=2)
    print("home", len(home.items), home.items[0].rank)

    sent = SentEvents(events=[SentEvent(type="view", anonymous_id="a-1", product_id="tea")])
    print("accepted", EventsApi(shop).events(sent).accepted)

    ann = CustomersApi(shop).customer_profile("ann", var_with=["picks", "orders"])
    print("ann", str(ann.known).lower(), str(bool(ann.picks.items)).lower())

    lines = '{"customer_id": "ann"}\n{"customer_id": "bob"}\n'
    print("picks", len(EMailApi(shop).picks_of_many(lines).splitlines()))

    rules = RulesToSave.from_dict({"rules": [{"kind": "hide", "id": "no-mugs", "products": ["mug"]}]})
    saved = MerchandisingApi(shop).put_rules(rules)
    print("rules", saved.rules[0].actual_instance.kind)

    try:
        InsightsApi(shop).insight("moods")
    except ApiException as error:
        print("refused", error.status, json.loads(error.body)["detail"][:20])
