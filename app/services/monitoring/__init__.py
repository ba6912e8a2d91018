"""What a scrape by Prometheus is given: the figures of this service, and gauges read from the database."""
