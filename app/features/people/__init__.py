"""People: who works here and who belongs to a customer, invited, given a role, shut out and let go."""

ADDRESSES = {
    "public": ("/invitation",),
    "admin": ("/admin/staff", "/admin/customers/<uuid:customer_id>/people"),
    "api": ("/api/v1/staff",),
}
