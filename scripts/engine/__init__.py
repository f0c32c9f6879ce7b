"""Computes plans: what the database can do it does, the rest is done here, in columns."""
