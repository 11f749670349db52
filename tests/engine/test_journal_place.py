"""Where a journal lies, and what is done about a network's file system and other hosts there."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import time

import pytest

from ttc.budget.cost import CostConfig
from ttc.budget.limits import BudgetConfig
from ttc.engine import journal_hosts, journal_place
from ttc.engine.engine import Engine
from ttc.engine.journal_hosts import HostNote, hosts
from ttc.engine.journal_merge import pull
from ttc.engine.journal_place import file_system, journal_path, network_type
from ttc.engine.settings import EngineSettings
from ttc.errors import TtcError


@pytest.fixture
def mounted(tmp_path, monkeypatch):
    """mounted({folder: type}): what the system says is mounted, besides a disk at the root."""

    def mount(kinds):
        lines = ["21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw"]
        lines += [
            f"{i} 21 0:{i} / {str(folder).replace(' ', chr(92) + '040')} rw - {kind} server:/x rw"
            for i, (folder, kind) in enumerate(kinds.items(), start=30)
        ]
        table = tmp_path / "mountinfo"
        table.write_text("\n".join(lines) + "\nnonsense\n")
        monkeypatch.setattr(journal_place, "_MOUNTS", table)

    return mount


@pytest.mark.parametrize("kind", ["nfs", "nfs4", "cifs", "lustre", "gpfs", "fuse.sshfs", "9p"])
def test_network_file_systems(mounted, tmp_path, kind):
    mounted({tmp_path / "home dir": kind, tmp_path / "home dir/scratch": "xfs"})
    assert network_type(tmp_path / "home dir/results/new/journal.sqlite") == kind
    assert network_type(tmp_path / "home dir/scratch/journal.sqlite") is None
    assert network_type(tmp_path / "home dirt/journal.sqlite") is None
    assert file_system(tmp_path) == ("ext4", False)


def test_links_are_followed(mounted, tmp_path):
    mounted({tmp_path / "far": "nfs4"})
    (tmp_path / "far").mkdir()
    (tmp_path / "near").symlink_to(tmp_path / "far")
    assert network_type(tmp_path / "near/journal.sqlite") == "nfs4"


def test_what_is_mounted_later_covers_what_was_before(mounted, tmp_path, monkeypatch):
    table = tmp_path / "mountinfo"
    mounted({tmp_path / "x": "nfs"})
    table.write_text(table.read_text() + f"60 21 0:9 / {tmp_path / 'x'} rw - tmpfs none rw\n")
    assert network_type(tmp_path / "x/journal.sqlite") is None
    monkeypatch.setattr(journal_place, "_MOUNTS", tmp_path / "absent")
    assert file_system(tmp_path) is None
    assert network_type(tmp_path) is None


def test_where_a_journal_is_put(mounted, tmp_path):
    results, shard = tmp_path / "results", tmp_path / "results/r/s0/shards/1-of-2"
    mounted({})
    assert journal_path(None, results) == results / "journal.sqlite"
    assert journal_path(None, results, shard) == results / "journal.sqlite"
    assert journal_path("/fast/j.sqlite", results, shard).as_posix() == "/fast/j.sqlite"
    mounted({results: "nfs"})
    assert journal_path(None, results) == results / "journal.sqlite"
    assert journal_path(None, results, shard) == shard / "journal.sqlite"


@pytest.mark.parametrize("path", ["${TMPDIR}/j.sqlite", "~/j.sqlite", ""])
def test_recipes_have_no_variables(path):
    with pytest.raises(ValueError, match=r"--journal|at least 1"):
        EngineSettings(journal=path)


def another_host(journal, monkeypatch, name="node17"):
    with monkeypatch.context() as there:
        there.setattr(journal_hosts.platform, "node", lambda: name)
        note = HostNote(journal)
        note.open()
    return note


def test_another_host_s_journal_is_refused_while_it_has_it_open(mounted, tmp_path, monkeypatch):
    journal = tmp_path / "results/journal.sqlite"
    mounted({tmp_path / "results": "nfs"})
    theirs = another_host(journal, monkeypatch)
    assert hosts(journal) == ["node17"]
    with pytest.raises(TtcError, match=r"open on the host node17.*--journal"):
        HostNote(journal).open()
    assert hosts(journal) == ["node17"], "who was refused leaves no note"
    theirs.close()
    mine = HostNote(journal)
    assert "network file system (nfs)" in mine.open()
    second = HostNote(journal)
    second.open()
    mine.close()
    second.close()
    assert not list(journal.parent.iterdir())


def test_a_host_that_died_is_no_hindrance(mounted, tmp_path, monkeypatch):
    journal = tmp_path / "journal.sqlite"
    mounted({tmp_path: "nfs"})
    theirs = another_host(journal, monkeypatch)
    long_ago = time.time() - 3600
    os.utime(theirs._path, (long_ago, long_ago))
    mine = HostNote(journal)
    assert mine.open()
    assert hosts(journal) != ["node17"]
    mine.close()
    theirs.close()


def test_of_two_that_come_at_once_one_stays(mounted, tmp_path, monkeypatch):
    journal = tmp_path / "journal.sqlite"
    mounted({tmp_path: "nfs"})
    first, second = HostNote(journal), HostNote(journal)
    first._leave()
    with monkeypatch.context() as there:
        there.setattr(journal_hosts.platform, "node", lambda: "node17")
        second._leave()
        assert second._other()
    assert not first._other()
    first.close()
    second.close()


def test_on_a_disk_of_one_s_own_nothing_is_noted(mounted, tmp_path):
    mounted({})
    note = HostNote(tmp_path / "journal.sqlite")
    assert note.open() == ""
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mountinfo"]
    note.close()


def test_damaged_notes_are_nobody(mounted, tmp_path):
    mounted({tmp_path: "nfs"})
    (tmp_path / "journal.sqlite-host-1").write_text("{")
    (tmp_path / "journal.sqlite-host-2").write_text(json.dumps(["x"]))
    note = HostNote(tmp_path / "journal.sqlite")
    assert note.open()
    note.close()


def test_a_run_warns_once_and_tells_its_status(mounted, tmp_path, caplog):
    mounted({tmp_path: "lustre"})
    engine = Engine(
        journal=tmp_path / "journal.sqlite",
        budget=BudgetConfig(),
        cost=CostConfig(),
        seed=0,
        problems=["p"],
    )

    async def opened():
        async with engine:
            assert len(list(tmp_path.glob("journal.sqlite-host-*"))) == 1

    with caplog.at_level(logging.WARNING):
        asyncio.run(opened())
    assert sum("lustre" in text for text in caplog.messages) == 1
    assert any("lustre" in text for text in engine.events.warnings)
    assert not list(tmp_path.glob("journal.sqlite-host-*"))


def test_a_pull_says_where_it_went_to(mounted, tmp_path):
    from ttc.engine.journal import Journal

    Journal(tmp_path / "one.sqlite").close()
    mounted({tmp_path: "cifs"})
    assert "cifs" in pull(tmp_path / "one.sqlite", tmp_path / "two.sqlite").warning
