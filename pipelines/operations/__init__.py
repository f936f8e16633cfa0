"""Maintenance of an installation: examine, copy, restore, upgrade, delete."""
