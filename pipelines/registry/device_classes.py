"""Classes of devices: their names in sentences, and what `devices.csv` means by them."""

from collections.abc import Mapping
from typing import NamedTuple


class DeviceClass(NamedTuple):
    """A class of devices, in words.

    Attributes:
        plural: Its devices, in a sentence.
        meaning: What the word in a list stands for.
    """

    plural: str
    meaning: str


DEVICE_CLASSES: Mapping[str, DeviceClass] = {
    "desktop": DeviceClass("desktops", "desktop computer"),
    "laptop": DeviceClass("laptops", "laptop"),
    "chromebook": DeviceClass("Chromebooks", "Chromebook"),
    "tablet": DeviceClass("tablets", "tablet of the district, such as an iPad"),
    "podium": DeviceClass(
        "podiums", "computer at a teacher's desk, used by any teacher in the room"
    ),
    "lab_pc": DeviceClass("lab computers", "computer of a lab, for many"),
    "kiosk": DeviceClass("public computers", "public computer"),
    "vdi_host": DeviceClass(
        "virtual desktops", "host of virtual desktops: many people at the same time"
    ),
    "server": DeviceClass("servers", "server"),
    "signage": DeviceClass("screens on walls", "screen on a wall"),
    "phone_byod": DeviceClass("private phones", "a personal phone"),
    "other": DeviceClass("other devices", "anything else"),
}
"""The values of `device_class`, in the order of documents."""

NO_CLASS = "unknown"
CLASSES: Mapping[str, DeviceClass] = {
    **DEVICE_CLASSES,
    NO_CLASS: DeviceClass("devices without a known class", "a class that no source identified"),
}
"""The same, with the value of models for a device whose class is not known."""
