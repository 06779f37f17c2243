"""Merging: two customers who are one become one, and nothing of either is lost."""

ADDRESSES = {
    "admin": ("/admin/customers/<uuid:customer_id>/merging",),
    "api": ("/api/v1/customers/<uuid:customer_id>/merge",),
}
