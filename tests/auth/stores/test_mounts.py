"""Which paths lie on a network file system, and that it is said once."""

from __future__ import annotations

import logging
import sys
from pathlib import Path, PurePosixPath

import pytest

from tap_exact_online.auth.form import Form
from tap_exact_online.auth.stores import file
from tap_exact_online.auth.stores.file import FileStore
from tap_exact_online.auth.stores.mounts import network_file_system

MOUNTS = r"""
overlay / overlay rw,relatime 0 0
proc /proc proc rw 0 0
server:/home /home nfs4 rw,vers=4.2 0 0
/dev/sdb1 /home/local ext4 rw 0 0
//server/share /mnt/two\040words cifs rw 0 0
me@server: /mnt/far fuse.sshfs rw 0 0
encfs /mnt/near fuse.encfs rw 0 0
server:/data /data nfs rw 0 0
/dev/sdc1 /data ext4 rw 0 0
a line that is cut
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        pytest.param("/var/tokens.json", None, id="local"),
        pytest.param("/home/me/tokens.json", "NFS", id="nfs"),
        pytest.param("/home/local/tokens.json", None, id="local-within-nfs"),
        pytest.param("/homes/tokens.json", None, id="only-the-beginning-of-its-name"),
        pytest.param("/mnt/two words/tokens.json", "SMB", id="a-space"),
        pytest.param("/mnt/far/tokens.json", "SSHFS", id="fuse"),
        pytest.param("/mnt/near/tokens.json", None, id="fuse-over-a-local-disk"),
        pytest.param("/data/tokens.json", None, id="the-later-mount-hides-the-earlier"),
    ],
)
def test_the_nearest_mount_decides(path: str, kind: str | None) -> None:
    assert network_file_system(PurePosixPath(path), MOUNTS) == kind


def test_no_mounts_are_no_network() -> None:
    assert network_file_system(PurePosixPath("/a"), "") is None


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux says how its folders are mounted")
def test_a_network_file_system_is_warned_of_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    asked: list[str] = []

    def network(path: PurePosixPath, mounts: str) -> str:
        asked.append(mounts)
        return f"NFS of {path.parent.name}"

    monkeypatch.setattr(file, "network_file_system", network)
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    store = FileStore(tmp_path / "link" / "tokens.json", Form("someone"))
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            with store.lock():
                pass
    (said,) = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert said.startswith(f"The token store {store.place} lies on a network file system (NFS of real)")
    assert " / " in asked[0]
