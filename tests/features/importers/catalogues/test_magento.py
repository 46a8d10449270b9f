"""Magento's products export."""

from catalogues import product, products, take

from features.home import Home

HEADER = (
    "sku,store_view_code,attribute_set_code,product_type,categories,name,description,product_online,"
    "visibility,"
    "price,special_price,special_price_from_date,special_price_to_date,url_key,base_image,created_at,qty,"
    "allow_backorders,configurable_variations\n"
)
ROWS = (
    'B1-S,,Default,simple,,"Bag S",,1,"Not Visible Individually",30,,,,bag-s,,"1/5/24, 8:00 AM",4,0,\n'
    'B1-L,,Default,simple,,"Bag L",,1,"Not Visible Individually",34,,,,bag-l,/b/l.jpg,"1/5/24,'
    ' 8:00 AM",0,0,\n'
    'B1,,Default,configurable,"Default Category/Gear,Default Category/Gear/Bags",Bag,<p>Big</p>,1,'
    '"Catalog, Search",,,,,bag,/b/b.jpg,"1/5/24, 8:00 AM",0,0,"sku=B1-S,size=S|sku=B1-L,size=L"\n'
    "B1,de,,,,Tasche,,,,,,,,,,,,,\n"
    'C1,,Default,simple,"Default Category/Gear",Cap,,2,"Catalog, Search",9,,,,cap,,"1/5/24, 8:00 AM",4,0,\n'
    'D1,,Default,simple,"Default Category/Gear",Bottle,,1,"Catalog, Search",9,7,,,bottle,,"1/5/24,'
    ' 8:00 AM",0,1,\n'
)


def test_configurables_are_groups(home: Home) -> None:
    summary = take(home, HEADER + ROWS)
    assert (summary.format, summary.taken, summary.rows) == ("magento", 5, 6)
    assert products(home, "group_id") == {"B1": "B1", "B1-S": "B1", "B1-L": "B1", "C1": None, "D1": None}
    assert {name for name, gone in products(home, "retired").items() if gone} == {"C1"}
    small = product(home, "B1-S")
    assert (small["category_path"], small["price"], small["url"]) == ("Gear > Bags", 30, "/bag-s.html")
    assert small["image_url"] == "/media/catalog/product/b/b.jpg"
    bottle = product(home, "D1")
    assert (bottle["price"], bottle["regular_price"], bottle["available"], bottle["stock"]) == (
        7,
        9,
        True,
        None,
    )
