"""Which SFTP servers are believed: those in the account's `known_hosts` alone.

Logs are evidence. A server that anybody on the way can stand in for would let
anybody write them.
"""

from functools import cache
from pathlib import Path
from typing import Any

KNOWN_HOSTS = (Path("~/.ssh/known_hosts"), Path("/etc/ssh/ssh_known_hosts"))


@cache
def known_hosts_only() -> Any:
    """A paramiko policy that takes no key it does not know.

    Raises:
        ImportError: The extra `sftp` is not installed.
    """
    import paramiko

    class KnownHostsOnly(paramiko.MissingHostKeyPolicy):  # type: ignore[misc]
        def missing_host_key(self, _client: Any, hostname: str, key: Any) -> None:
            if not _is_known(hostname, key):
                message = (
                    f"the key of {hostname} is not known here. Compare its "
                    f"fingerprint {key.fingerprint} with the server's, then run as "
                    "this account: ssh-keyscan HOST >> ~/.ssh/known_hosts"
                )
                raise paramiko.SSHException(message)

    return KnownHostsOnly()


def _is_known(hostname: str, key: Any) -> bool:
    from paramiko.hostkeys import HostKeys

    for file in KNOWN_HOSTS:
        path = file.expanduser()
        if path.is_file() and HostKeys(str(path)).check(hostname, key):
            return True
    return False
