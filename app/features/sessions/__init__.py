"""Sessions: signing in and out, and the list of devices somebody is signed in on."""

ADDRESSES = {
    "public": ("/sign-in", "/sign-out", "/admin/sign-in", "/set-password", "/sign-up/confirmation"),
    "client": ("/client/security/sessions", "/client/impersonation"),
    "admin": ("/admin/security/sessions", "/admin/impersonations"),
    "api": ("/api/sessions",),
}
