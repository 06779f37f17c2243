"""Payments: money that came in, from whichever gateway, and what it settled."""

ADDRESSES = {"api": ("/api/v1/billing/webhooks",)}
