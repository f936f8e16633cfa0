"""What several formats read alike; no plug-in is here."""
