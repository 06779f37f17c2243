"""Accounts: customers, the people who sign in, and the links that let them set a password."""

ADDRESSES = {
    "public": ("/reset-password", "/admin/reset-password", "/sign-up", "/terms"),
    "admin": ("/admin/customers", "/admin/settings/sign-up"),
    "client": ("/client/account", "/client/terms"),
}
