"""People: who works here and who belongs to a customer, invited, given a role, shut out and let go."""
