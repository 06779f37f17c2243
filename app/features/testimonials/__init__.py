"""Testimonials: what customers say about the house, shown on the site once somebody has approved it."""

ADDRESSES = {"api": ("/api/marketing/testimonials", "/api/v1/testimonials")}
