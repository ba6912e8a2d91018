"""Refunds on their way to buyers: what the platform owes for settled tickets, and what it has paid."""
