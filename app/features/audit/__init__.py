"""Who did what, to which record, and when: written once, never changed."""
