"""The commit is read without running what the working folder's configuration names."""

import os
import subprocess

import pytest

from ttc.store.provenance import git_commit, git_dirty


def git(folder, *words):
    who = ["-c", "user.name=t", "-c", "user.email=t@localhost"]
    subprocess.run(["git", *who, *words], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path):
    folder = tmp_path / "work"
    folder.mkdir()
    git(folder, "init", "-q")
    (folder / "a.txt").write_text("a\n")
    (folder / "b.bin").write_text("b\n")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "first")
    return folder


def touch(path):
    os.utime(path, (1_000_000_000, 1_000_000_000))


def test_a_hostile_configuration_runs_nothing(repository, tmp_path):
    ran = tmp_path / "ran"
    trap = tmp_path / "trap.sh"
    trap.write_text(f"#!/bin/sh\necho $0 $@ >> {ran}\ncat\n")
    trap.chmod(0o755)
    hooks = repository / ".git" / "hooks"
    hooks.mkdir(exist_ok=True)
    for name in (
        "post-index-change",
        "fsmonitor-watchman",
        "post-checkout",
        "reference-transaction",
    ):
        (hooks / name).write_text(trap.read_text())
        (hooks / name).chmod(0o755)
    for key, value in {
        "core.fsmonitor": str(trap),
        "core.hooksPath": str(hooks),
        "core.pager": str(trap),
        "core.sshCommand": str(trap),
        "core.editor": str(trap),
        "core.alternateRefsCommand": str(trap),
        "diff.external": str(trap),
        "diff.x.textconv": str(trap),
        "diff.x.command": str(trap),
        "filter.x.clean": str(trap),
        "filter.x.smudge": str(trap),
        "filter.y.process": str(trap),
        "filter.x.required": "true",
        "alias.rev-parse": f"!{trap}",
        "alias.diff-index": f"!{trap}",
        "pager.diff-index": str(trap),
        "credential.helper": f"!{trap}",
        "protocol.ext.allow": "always",
        "remote.origin.url": f"ext::{trap}",
        "remote.origin.promisor": "true",
        "remote.origin.uploadpack": str(trap),
        "extensions.partialClone": "origin",
        "gpg.program": str(trap),
    }.items():
        subprocess.run(["git", "config", key, value], cwd=repository, check=True)
    (repository / ".gitattributes").write_text("*.txt filter=x diff=x\n*.bin filter=y\n")
    for name in ("a.txt", "b.bin"):
        touch(repository / name)
    assert len(git_commit(repository) or "") == 40
    assert git_dirty(repository) is False
    (repository / "a.txt").write_text("changed\n")
    assert git_dirty(repository) is True
    for thing in (repository / ".git" / "objects").glob("??/*"):
        thing.chmod(0o600)
        thing.unlink()
    assert len(git_commit(repository) or "") == 40  # or it would be fetched from the remote
    assert git_dirty(repository) is None
    assert not ran.exists(), ran.read_text()


def test_what_is_dirty(repository):
    assert git_dirty(repository) is False
    touch(repository / "a.txt")
    assert git_dirty(repository) is False
    (repository / "new").write_text("not tracked")
    assert git_dirty(repository) is False
    (repository / "a.txt").chmod(0o755)
    assert git_dirty(repository) is True
    (repository / "a.txt").chmod(0o644)
    (repository / "a.txt").unlink()
    assert git_dirty(repository) is True
    (repository / "a.txt").symlink_to("b.bin")
    assert git_dirty(repository) is True


def test_from_a_folder_below_and_in_a_worktree(repository, tmp_path):
    below = repository / "below"
    below.mkdir()
    (repository / "a.txt").write_text("changed\n")
    assert git_commit(below) == git_commit(repository)
    assert git_dirty(below) is True
    git(repository, "worktree", "add", "-q", str(tmp_path / "other"))
    assert git_commit(tmp_path / "other") == git_commit(repository)
    assert git_dirty(tmp_path / "other") is False
