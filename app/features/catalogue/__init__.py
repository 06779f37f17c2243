"""What we sell: products, their prices per currency and cycle, stock, and promo codes."""

ADDRESSES = {
    "admin": ("/admin/products", "/admin/promo-codes"),
    "api": ("/api/v1/billing/products", "/api/marketing-api/promo-codes"),
}
