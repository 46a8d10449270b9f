"""The plug-in Advanced Order Export For WooCommerce: one row a product, with the cells of its order."""

from features.importers.lines import Format
from features.importers.order_lines import order_lines

WOO_ADVANCED = Format(
    name="woo-advanced",
    label="WooCommerce plug-in Advanced Order Export: WooCommerce > Export Orders > Export (orders-….csv)",
    columns={
        "order_id": ("Order Number", "Order ID"),
        "timestamp": ("Order Date", "Paid Date"),
        "changed_at": ("Modification Date",),
        "status": ("Order Status",),
        "email": ("Email (Billing)", "Customer User Email", "Billing Email"),
        "phone": ("Phone (Billing)",),
        "customer_id": ("Customer User ID",),
        "sku": ("SKU",),
        "variant_id": ("Product Variation ID", "Variation ID"),
        "product_id": ("Product ID", "Product Id"),
        "title": ("Item Name", "Name", "Product Name", "Product Name (main)"),
        "options": ("Product Variation",),
        "quantity": ("Quantity", "Qty"),
        "unit_price": ("Item Cost", "Item Cost Before Discount"),
        "line_total": ("Order Line Total", "Order Line (w/o tax)", "Order Line Subtotal"),
        "line_discount": ("Item Discount Amount",),
        "discount": ("Cart Discount Amount", "Discount Amount"),
        "shipping": ("Order Shipping Amount",),
        "tax": ("Order Total Tax Amount", "Order Tax Amount"),
        "total": ("Order Total Amount",),
        "refunded": ("Order Refund Amount", "Order Total Refunded Amount"),
        "refunded_at": ("Date of first refund",),
        "currency": ("Currency", "Order Currency"),
        "country": ("Country Code (Shipping)", "Country Code (Billing)"),
        "coupon": ("Coupon Code",),
    },
    required=("order_id", "timestamp", "status", "sku|title", "quantity", "unit_price|line_total"),
    read=order_lines,
)
