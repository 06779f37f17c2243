"""Money that comes in: by transfer, card or callback, credited to invoices, or kept as credit."""

ADDRESSES = {"api": ("/api/v1/billing/webhooks",)}
"""Where providers of payments call back (SPEC 2.5); the rest of `/api/v1/billing` is another room's."""
