"""Who may see what: pseudonyms, editions, what is withheld, what is copied out."""
