"""Invoices with their lines and numbers, and the ledger in which every movement of money balances."""
