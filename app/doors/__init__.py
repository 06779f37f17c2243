"""Top floor: who may come in, and how a no is said, once each."""
