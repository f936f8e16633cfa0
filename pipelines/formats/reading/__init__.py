"""Code that several formats share; no plug-in is here."""
