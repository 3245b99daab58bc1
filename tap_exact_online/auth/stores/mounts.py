"""On what kind of file system a path lies: on a shared one a lock may not reach the other machines."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import PurePath, PurePosixPath

_NETWORK: Mapping[str, str] = {
    "9p": "9P",
    "afs": "AFS",
    "beegfs": "BeeGFS",
    "ceph": "CephFS",
    "cifs": "SMB",
    "coda": "Coda",
    "glusterfs": "GlusterFS",
    "gpfs": "GPFS",
    "lustre": "Lustre",
    "ncpfs": "NCP",
    "nfs": "NFS",
    "nfs4": "NFS",
    "smb3": "SMB",
    "smbfs": "SMB",
    "vboxsf": "VirtualBox",
    # Drivers outside the kernel say so: `fuse.` and their own name.
    "fuse.blobfuse": "Azure Blob Storage",
    "fuse.blobfuse2": "Azure Blob Storage",
    "fuse.ceph-fuse": "CephFS",
    "fuse.gcsfuse": "Google Cloud Storage",
    "fuse.glusterfs": "GlusterFS",
    "fuse.goofys": "S3",
    "fuse.juicefs": "JuiceFS",
    "fuse.mountpoint-s3": "S3",
    "fuse.rclone": "rclone",
    "fuse.s3fs": "S3",
    "fuse.sshfs": "SSHFS",
}


def network_file_system(path: PurePath, mounts: str) -> str | None:
    """Name the network file system that a path lies on.

    Args:
        path: An absolute path without links.
        mounts: What `/proc/mounts` says: device, mount point, kind, options and two numbers on each line.

    Returns:
        Its name, or None where the file system is a local one, or unknown.
    """
    kind, longest = "", -1
    for line in mounts.splitlines():
        fields = line.split(" ")
        if len(fields) < 3:  # noqa: PLR2004  device, mount point, kind
            continue
        point = PurePosixPath(_unescaped(fields[1]))
        # Of two mounts on one point the later one hides the earlier.
        if path.is_relative_to(point) and len(point.parts) >= longest:
            kind, longest = fields[2], len(point.parts)
    return _NETWORK.get(kind)


def _unescaped(field: str) -> str:
    r"""Undo what the kernel does to spaces, tabs, line ends and backslashes: `\040` and the like."""
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), field)
