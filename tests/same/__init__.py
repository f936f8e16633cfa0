"""Compares what two commits make of the same homes."""
