"""Accounts: customers, the people who sign in, and the links that let them set a password."""

ADDRESSES = {
    "public": ("/reset-password", "/admin/reset-password", "/sign-up", "/terms", "/confirm-email", "/undo-email"),
    "admin": (
        "/admin/customers",
        "/admin/customers/<uuid:customer_id>/details",
        "/admin/customers/<uuid:customer_id>/notes",
        "/admin/customers/<uuid:customer_id>/reopening",
        "/admin/settings/sign-up",
        "/admin/profile",
    ),
    "api": ("/api/v1/customers", "/api/v1/account"),
    "client": ("/client/account", "/client/terms"),
}
