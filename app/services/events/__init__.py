"""What happened: the ledger of events, its audit, and the live stream of a merchant."""
