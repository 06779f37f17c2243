"""Dashboard: the whole in view: the homes of staff and customers, and a customer with everything."""

ADDRESSES = {
    "admin": ("/admin", "/admin/customers/<uuid:customer_id>", "/admin/checklist", "/admin/search"),
    "client": ("/client", "/client/account/closing"),
    "api": ("/api/marketing-api/reports",),
}
