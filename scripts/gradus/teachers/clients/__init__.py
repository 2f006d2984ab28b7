"""Clients: one small class per provider, all behind the same two methods."""
