"""Product exports of PrestaShop, BigCommerce, Squarespace, Wix and Shopware."""

from catalogues import product, products, take

from features.home import Home


def test_prestashop(home: Home) -> None:
    take(
        home,
        "Product ID;Active (0/1);Name *;Categories (x,y,"
        "z...);Price tax excluded;Price tax included;On sale (0/1);"
        "Wholesale price;Reference #;EAN13;Manufacturer;Quantity;Image URLs (x,y,z...)\n"
        "1;1;T-Shirt;Home,Clothing;20.00;24.00;0;9.00;TS-1;4006381333931;Fern;5;https://s/1.jpg,"
        "https://s/2.jpg\n"
        "2;0;Old;Home,Clothing;20.00;24.00;0;9.00;TS-2;;Fern;5;\n",
    )
    shirt = product(home, "TS-1")
    assert (shirt["price"], shirt["cost"], shirt["category"], shirt["brand"]) == (24, 9, "Clothing", "Fern")
    assert (shirt["image_url"], product(home, "TS-2")["retired"]) == ("https://s/1.jpg", True)


def test_prestashops_table_of_products(home: Home) -> None:
    take(
        home,
        "Product ID;Image;Name;Reference;Category;Price (tax excl.);Quantity;Status;Position\n"
        "1;https://s/1.jpg;T-Shirt;TS-1;Clothing;20.00;5;1;1\n",
    )
    assert (product(home, "TS-1")["price"], product(home, "TS-1")["retired"]) == (20, False)


def test_bigcommerce(home: Home) -> None:
    summary = take(
        home,
        "Item Type,Product ID,Product Name,Product Type,Product Code/SKU,Brand Name,Product Description,"
        "Price,"
        "Cost Price,Sale Price,Product Visible?,Track Inventory,Current Stock Level,Category,"
        "Product Image File - 1,Product URL\n"
        "Product,7,Mug,P,MUG,Fern,<p>Big</p>,10,4,8,Y,none,0,Kitchen/Mugs;Sale,https://s/m.jpg,/mug/\n"
        "Product,8,Tee,P,TEE,Fern,,20,,,Y,by option,0,Clothing,https://s/t.jpg,/tee/\n"
        "  SKU,21,[S]Size=Small,,TEE-S,,,,,,,,3,,,\n"
        "  SKU,22,[S]Size=Large,,TEE-L,,,,,,,,0,,,\n"
        "  Rule,,,,,,,22,,,,,,,,\n",
    )
    assert summary.format == "bigcommerce"
    mug = product(home, "MUG")
    assert (mug["price"], mug["regular_price"], mug["category_path"], mug["stock"]) == (
        8,
        10,
        "Kitchen > Mugs",
        None,
    )
    assert products(home, "group_id", "title")["TEE-S"] == ["8", "Tee, Small"]
    assert (product(home, "TEE-L")["price"], product(home, "TEE-L")["available"]) == (20, False)


def test_squarespace(home: Home) -> None:
    take(
        home,
        "Product ID [Non Editable],Variant ID [Non Editable],Product Type [Non Editable],Product Page,"
        "Product URL,"
        "Title,Description,SKU,Option Name 1,Option Value 1,Price,Sale Price,On Sale,Stock,Categories,"
        "Visible,"
        "Hosted Image URLs\n"
        "p1,v1,PHYSICAL,shop,tee,Tee,<p>Soft</p>,SQ1,Size,S,20.00,15.00,Yes,Unlimited,/clothing/tees,Yes,"
        "https://s/1.jpg https://s/2.jpg\n"
        ",v2,,,,,,SQ2,Size,M,20.00,15.00,No,0,,,\n"
        "p2,v3,PHYSICAL,shop,mug,Mug,,SQ3,,,9.00,0.00,No,4,/kitchen,No,\n",
    )
    assert products(home, "group_id") == {"SQ1": "p1", "SQ2": "p1", "SQ3": None}
    assert products(home, "price") == {"SQ1": 15, "SQ2": 20, "SQ3": 9}
    small = product(home, "SQ1")
    assert (small["url"], small["image_url"], small["available"]) == ("/shop/tee", "https://s/1.jpg", None)
    assert (product(home, "SQ2")["title"], product(home, "SQ3")["retired"]) == ("Tee, M", True)


def test_wix(home: Home) -> None:
    take(
        home,
        "handleId,fieldType,name,description,productImageUrl,collection,sku,price,surcharge,visible,"
        "discountMode,"
        "discountValue,inventory,weight,cost,productOptionName1,productOptionDescription1,brand\n"
        "tee,Product,Tee,Soft,https://s/1.jpg;https://s/2.jpg,Shirts;Sale,,20,,true,PERCENT,10,InStock,,"
        ",Size,S;M,Fern\n"
        "tee,Variant,,,,,TEE-S,,0,,,,4,,,,S,\n"
        "tee,Variant,,,,,TEE-M,,2,,,,OutOfStock,,,,M,\n",
    )
    assert products(home, "price") == {"tee": 18, "TEE-S": 18, "TEE-M": 19.8}
    assert products(home, "available") == {"tee": True, "TEE-S": True, "TEE-M": False}
    assert set(products(home, "group_id").values()) == {"tee"}


def test_shopware(home: Home) -> None:
    take(
        home,
        "id;parent_id;product_number;active;stock;name;description;price_net;price_gross;purchase_prices_net;"
        "manufacturer_name;category_names\n"
        "0a;;SW1;1;5;Tee;Soft;16,81;20,00;8,00;Fern;Clothing|Tees\n"
        "0b;0a;SW1.1;1;0;;;;;;;\n"
        "0c;;SW2;0;5;Mug;;8,40;10,00;;;\n",
    )
    assert products(home, "group_id") == {"SW1": "0a", "SW1.1": "0a", "SW2": None}
    assert (product(home, "SW1.1")["title"], product(home, "SW1.1")["price"]) == ("Tee", 20)
    assert (product(home, "SW1")["cost"], product(home, "SW2")["retired"]) == (8, True)
