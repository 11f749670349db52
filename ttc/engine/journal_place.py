"""Where a run's journal lies, and whether that is a disk that SQLite can keep its promises on.

SQLite in WAL mode shares memory between the processes that have it open: they must be of one host.
On a network file system nothing tells it of another host's; a journal there is safe for one host at
a time at best.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

JOURNAL_NAME = "journal.sqlite"
_MOUNTS = Path("/proc/self/mountinfo")
_NETWORK = frozenset(
    {
        *("nfs", "nfs4", "cifs", "smb3", "smbfs", "smb2", "ncpfs", "9p", "virtiofs", "vboxsf"),
        *("lustre", "gpfs", "beegfs", "fhgfs", "ceph", "glusterfs", "panfs", "wekafs", "pvfs2"),
        *("orangefs", "afs", "kafs", "coda", "ocfs2", "gfs2", "acfs", "quobyte", "prl_fs"),
        *(
            "fuse.sshfs",
            "fuse.ceph",
            "fuse.ceph-fuse",
            "fuse.glusterfs",
            "fuse.mfs",
            "fuse.quobyte",
        ),
        *("fuse.juicefs", "fuse.s3fs", "fuse.gcsfuse", "fuse.goofys", "fuse.rclone", "fuse.davfs"),
        *("fuse.blobfuse", "fuse.blobfuse2", "fuse.mountpoint-s3", "fuse.cvmfs2", "fuse.pvfs2"),
        *("fuse.lizardfs", "fuse.seaweedfs", "fuse.curlftpfs", "fuse.vmhgfs-fuse"),
    }
)
"""Types of file systems that several hosts, or a host and its guests, may have mounted at once."""


def journal_path(asked: str | None, results: Path, own: Path | None = None) -> Path:
    """The journal of a run. asked: the recipe's `engine.journal`; own: the folder of a shard, which
    keeps its journal to itself where hosts may share the folder of results.
    """
    if asked is not None:
        return Path(asked)
    if own is not None and network_type(results) is not None:
        return own / JOURNAL_NAME
    return results / JOURNAL_NAME


def file_system(path: Path) -> tuple[str, bool] | None:
    """The type of file system that a path is or would be on, and whether that is one of a network;
    None where the system does not tell.
    """
    place = os.path.realpath(path)
    best, found = "", None
    for point, kind in _mounted():
        inside = place == point or place.startswith(point.rstrip("/") + "/")
        if inside and len(point) >= len(best):  # what was mounted later covers what was before
            best, found = point, kind
    return None if found is None else (found, found in _NETWORK)


def network_type(path: Path) -> str | None:
    """The type of the network file system that a path is on; None where it is on none, or where
    that can't be told.
    """
    found = file_system(path)
    return found[0] if found is not None and found[1] else None


def on_network(journal: Path, kind: str) -> str:
    """What a person should know of a journal there, and the mend."""
    return (
        f"the journal {journal} is on a network file system ({kind}), where only one host may use "
        "it at a time and a power cut may cost samples that were paid for; put it on a disk of "
        "this host by --journal PATH (engine.journal), and exchange samples by ttc journal pull "
        "and push"
    )


def _mounted() -> list[tuple[str, str]]:
    """Mount points and types, in the order of mounting; none where the system has no such list."""
    try:
        lines = _MOUNTS.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return []
    found = []
    for line in lines:
        before, separator, after = line.partition(" - ")
        fields = before.split(" ")
        if separator and len(fields) > 4 and after:
            found.append((_plain(fields[4]), after.split(" ")[0]))
    return found


def _plain(text: str) -> str:
    """A path as it is; blanks and backslashes are written as octal numbers."""
    return re.sub(r"\\([0-7]{3})", lambda code: chr(int(code[1], 8)), text)
