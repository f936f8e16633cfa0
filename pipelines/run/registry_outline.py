"""Notes an outline of the registry after a run; see `registry.outline`."""

from dataclasses import replace

from pipelines.district import District, Reading, note_outline, noted_outline, outline_digest
from pipelines.privacy.pseudonyms import about_students
from pipelines.registry.registry import is_settled, load_registry, outline_of
from pipelines.state.findings import finding_ids, stored_findings


def keep_outline(district: District) -> None:
    """Record the outline of the current registry, if it is not recorded yet.

    A registry with refused or unaccepted files is read in full
    until that has ended.
    """
    home, settings = district.home, district.settings
    digest = outline_digest(home, settings)
    noted = noted_outline(district.store, digest)
    if noted and noted.is_student.keys() >= finding_ids(district.store):
        return
    registry = load_registry(home, settings)
    if not is_settled(home, registry) or outline_digest(home, settings) != digest:
        return
    read = replace(district, reading=Reading.of(registry))
    is_student = about_students(read.store, read.home, read.reading)
    outline = replace(
        outline_of(registry),
        is_student={one["finding_id"]: is_student(one) for one in stored_findings(district.store)},
    )
    note_outline(district.store, digest, outline)
