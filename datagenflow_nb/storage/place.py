"""Whether the folder of a store can carry SQLite's write-ahead log."""

from __future__ import annotations

from pathlib import Path

__all__ = ["NETWORK_FILE_SYSTEMS", "file_system_of", "is_network_place"]

#: WAL needs shared memory between processes, which these do not give (sqlite.org/wal.html, 2.2).
NETWORK_FILE_SYSTEMS = frozenset(
    {
        "nfs", "nfs3", "nfs4", "cifs", "smb", "smb2", "smb3", "smbfs", "afs", "ncpfs", "9p",
        "fuse.sshfs", "fuse.gcsfuse", "fuse.s3fs", "fuse.rclone", "fuse.blobfuse", "fuse.glusterfs",
        "glusterfs", "lustre", "beegfs", "ceph", "fuse.ceph", "gpfs", "davfs", "fuse.davfs2",
    }
)  # fmt: skip


def file_system_of(path: Path, mounts: str | None = None) -> str | None:
    """The type of the file system that holds ``path``, or None where the system does not tell.

    Parameters
    ----------
    mounts : str, optional
        A mount table in the form of ``/proc/mounts``; default: this machine's.
    """
    if mounts is None:
        try:
            mounts = Path("/proc/mounts").read_text(encoding="utf-8", errors="replace")
        except OSError:
            return None
    best, kind = -1, None
    for line in mounts.splitlines():
        parts = line.split()
        if len(parts) < 3:
            continue
        point = Path(parts[1].replace("\\040", " "))
        depth = len(point.parts)
        # The later of two mounts on one point is the one that counts.
        if depth >= best and (path == point or point in path.parents):
            best, kind = depth, parts[2]
    return kind


def is_network_place(path: Path, mounts: str | None = None) -> bool:
    """True when ``path`` lies on a network file system."""
    return file_system_of(path, mounts) in NETWORK_FILE_SYSTEMS
