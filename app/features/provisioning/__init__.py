"""Provisioning: what was paid for is set up, changed and taken down, step by step, by a driver or by hand."""

ADDRESSES = {
    "admin": ("/admin/provisioning", "/admin/subscriptions/<uuid:subscription_id>"),
    "client": ("/client/services/<uuid:subscription_id>",),
}
