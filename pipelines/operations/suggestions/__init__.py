"""Proposes registry rows that the logs suggest; a person accepts or refuses them.

Each module knows one kind of proposal and gives the rows of one file of the
registry, each with its reason. Nothing is written into the registry.
"""
