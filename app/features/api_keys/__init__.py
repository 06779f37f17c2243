"""Keys that programs show instead of a login: made, shown once, counted, revoked."""

ADDRESSES = {"admin": ("/admin/api-keys",), "api": ("/api/marketing-api/admin/api-keys",)}
