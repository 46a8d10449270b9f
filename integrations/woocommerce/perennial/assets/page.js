// What this page tells the widget: products that were put into the cart, and the browser's id for the checkout.
window.Perennial = window.Perennial || [];
(function () {
  const data = document.getElementById("perennial-page");
  const { added } = data ? JSON.parse(data.textContent) : { added: [] };
  for (const each of added) window.Perennial.push(["track", "add_to_cart", each]);

  // Buttons in lists add without a new page; WooCommerce fires this on the body, by jQuery alone.
  if (window.jQuery) {
    window.jQuery(document.body).on("added_to_cart", (event, fragments, hash, button) => {
      const from = button && button.data ? button.data() : {};
      const product = String(from.product_sku || from.product_id || "");
      if (product) {
        window.Perennial.push(["track", "add_to_cart", { product_id: product, quantity: Number(from.quantity) || 1 }]);
      }
    });
  }

  // A widget's own button puts the product into the cart by WooCommerce's address for it.
  document.addEventListener("perennial:add", (event) => {
    const url = event.detail.product && event.detail.product.url;
    if (url) window.location.assign(url);
  });

  // The order carries the browser's id. Without consent the widget keeps none, so there is none to carry.
  const keep = () => {
    let id = null;
    try {
      id = window.localStorage.getItem("perennial_anonymous_id");
    } catch {
      return;
    }
    if (id) document.cookie = `perennial_id=${encodeURIComponent(id)}; path=/; max-age=2592000; SameSite=Lax`;
  };
  window.addEventListener("pagehide", keep);
  window.Perennial.push(keep);
})();
