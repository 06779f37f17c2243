"""Webhooks: every event, told to the endpoints that asked for it, signed, and again until it is heard."""

ADDRESSES = {"api": ("/api/marketing-api/webhooks",), "admin": ("/admin/integrations/webhooks",)}
