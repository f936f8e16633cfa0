"""What the district sets: its home, `district.toml`, roles, secrets."""
