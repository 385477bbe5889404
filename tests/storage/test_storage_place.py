"""Where the file lies: which file systems cannot carry the write-ahead log."""

from __future__ import annotations

from pathlib import Path

import pytest

from datagenflow_nb.storage.place import NETWORK_FILE_SYSTEMS, file_system_of, is_network_place

MOUNTS = """\
/dev/sda1 / ext4 rw 0 0
proc /proc proc rw 0 0
server:/users /users nfs4 rw,vers=4.2 0 0
/dev/sdb1 /users/me/scratch ext4 rw 0 0
//nas/data /net/my\\040data cifs rw 0 0
tmpfs /late tmpfs rw 0 0
me@host:/ /late fuse.sshfs rw 0 0
short
"""


@pytest.mark.parametrize(
    ("path", "kind", "is_network"),
    [
        ("/srv/x.db", "ext4", False),
        ("/users/me/x.db", "nfs4", True),
        ("/users/me/scratch/x.db", "ext4", False),
        ("/userss/x.db", "ext4", False),
        ("/net/my data/x.db", "cifs", True),
        ("/late/x.db", "fuse.sshfs", True),
    ],
)
def test_network_places(path: str, kind: str, is_network: bool) -> None:
    """The deepest mount counts, of two on one point the later."""
    assert file_system_of(Path(path), MOUNTS) == kind
    assert is_network_place(Path(path), MOUNTS) is is_network


def test_place_without_a_mount_table() -> None:
    """Not known is not a network."""
    assert file_system_of(Path("/x"), "") is None
    assert not is_network_place(Path("/x"), "")
    assert "ext4" not in NETWORK_FILE_SYSTEMS
