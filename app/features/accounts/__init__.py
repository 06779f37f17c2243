"""Accounts: customers, the people who sign in, and the links that let them set a password."""

ADDRESSES = {
    "public": ("/reset-password", "/admin/reset-password"),
    "admin": ("/admin/customers",),
    "client": ("/client/account",),
}
