"""Provisioning: what was paid for is set up, changed and taken down, step by step, by a driver or by hand."""
