"""What the settings say of an alert channel, held against the channel's own needs."""

from collections.abc import Iterator, Mapping, Sequence

from pydantic import ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from pipelines.alerts.channels import WRONG_SETTING, channels, prepared, report_channels
from pipelines.district import District
from pipelines.errors import SettingsError
from pipelines.settings.alert_settings import Channel
from pipelines.settings.problems import Fault, nearest
from pipelines.settings.toml_reader import ALLOWED, is_secret, secret_line, shown_found
from pipelines.settings.toml_text import toml


def channel_faults(
    district: District, name: str, configured: Channel
) -> Iterator[Fault]:
    """Kind, keys, secrets and recipients of one channel."""
    at = ("alerts", "channels", name)
    known = channels()
    if configured.type not in known:
        guess = nearest(configured.type, known) or report_channels()[0]
        path, paste = (*at, "type"), f'type = "{guess}"'
        what, allowed = "there is no such type of channel", ", ".join(sorted(known))
        yield Fault(path, what, configured.type, allowed, paste)
        return
    try:
        channel, settings = prepared(
            name, configured.type, configured.settings, district.home.path
        )
    except SettingsError as error:
        cause = error.__cause__
        if isinstance(cause, ValidationError):
            yield from _keys(at, configured, cause)
        else:
            yield _secret(at, configured, error)
    else:
        yield from _strangers(district, at, channel.recipients(settings))


def _keys(
    at: tuple[str, ...], configured: Channel, error: ValidationError
) -> Iterator[Fault]:
    fields = channels()[configured.type].settings.model_fields
    for detail in error.errors(include_input=False, include_url=False):
        key = str(detail["loc"][0])
        if detail["type"] == "extra_forbidden":
            yield _unknown(at, key, configured, fields)
            continue
        if detail["type"] == WRONG_SETTING:
            words = detail["ctx"]
            place = (*at, key)
            yield Fault(place, words["what"], None, words["allowed"], words["paste"])
            continue
        is_missing = detail["type"] == "missing"
        what = "is missing" if is_missing else "is not allowed"
        found = None if is_missing else shown_found(key, configured.settings.get(key))
        allowed = ALLOWED.get(detail["type"], detail["msg"])
        yield Fault((*at, key), what, found, allowed, _line(key, fields[key]))


def _unknown(
    at: tuple[str, ...], key: str, configured: Channel, fields: Mapping[str, FieldInfo]
) -> Fault:
    """A key that the channel does not know; its value may be a secret."""
    guess = nearest(key, fields)
    what = f"unknown key (did you mean {guess}?)" if guess else "unknown key"
    paste = f"# {key} ="
    if guess and (is_secret(guess) or is_secret(key)):
        paste = secret_line(guess)
    elif guess:
        paste = f"{guess} = {toml(configured.settings[key])}"
    return Fault((*at, key), what, key, ", ".join(fields), paste)


def _line(key: str, field: FieldInfo) -> str:
    """A line that would be right: the example or the default."""
    if is_secret(key):
        return secret_line(key)
    if field.examples:
        return f"{key} = {toml(field.examples[0])}"
    is_set = field.default is not PydanticUndefined and field.default is not None
    return f"{key} = {toml(field.default)}" if is_set else f"# {key} ="


def _secret(at: tuple[str, ...], configured: Channel, error: SettingsError) -> Fault:
    """A secret that is not where the reference says."""
    key = error.where.rpartition(" ")[2]
    found = configured.settings.get(key)
    return Fault(
        (*at, key),
        error.what,
        toml(found),  # a reference, which is no secret itself
        "a file that the account of Schoolbell can read, or a variable that is set",
        secret_line(key),
    )


def _strangers(
    district: District, at: tuple[str, ...], given: Sequence[str]
) -> Iterator[Fault]:
    """Recipients of a mail that no mail may go to."""
    allowed = district.settings.alerts.recipients
    strangers = [address for address in given if address not in allowed]
    if strangers:
        yield Fault(
            ("alerts", "recipients"),
            f"lacks recipients of [{'.'.join(at)}], so that nothing is sent to them",
            ", ".join(strangers),
            "every address to which anything may be sent",
            f"recipients = {toml([*allowed, *strangers])}",
        )
