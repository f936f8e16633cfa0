"""The district's settings: its home, `district.toml`, roles, secrets."""
