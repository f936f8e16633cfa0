"""What the district says of itself: home, settings, registry, policy.

    home       the folders and files of one district
    settings   `district.toml` as one frozen model, every mistake at once
    registry   the files in `registry/` as canonical frames, with what is wrong
               in them (a bad row is set aside, the rest goes on) and what the
               absence of a file disables

Everything here reads; only `home.create` writes. What logs say does not belong
here, nor does any judgement. Names of people stay in `Registry.people_names`.
"""
