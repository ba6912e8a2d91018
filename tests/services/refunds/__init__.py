"""Tests of refunds on their way to buyers."""
