"""Telling merchants of events by HTTP: their webhooks, and the deliveries to these."""
