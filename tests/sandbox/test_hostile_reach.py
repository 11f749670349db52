"""Programs that reach for what is not theirs."""

from __future__ import annotations

import json
import os
import socket
import sys
from pathlib import Path

import pytest

ATTEMPTS = """
import json, os, sys
given = json.load(sys.stdin)
for source in given["attempts"]:
    try:
        exec(source, {"given": given})
    except (OSError, ImportError, AssertionError, ValueError, KeyError) as error:
        print(f"refused {type(error).__name__}: {error}"[:200].replace(chr(10), " "))
    else:
        print("THROUGH", source)
print("end")
"""


@pytest.fixture
def tries(run, journal):
    """tries(attempt, ...): none of them may get through."""

    def tries(*attempts: str, **more) -> str:
        given = {"attempts": attempts, "parent": os.getpid(), "journal": str(journal), **more}
        done = run(ATTEMPTS, stdin=json.dumps(given))
        assert done.stdout.endswith("end\n"), done
        assert "THROUGH" not in done.stdout, done.stdout
        assert os.environ["TTC_PLANTED"] not in done.stdout + done.stderr
        return done.stdout

    return tries


def test_the_environment_is_clean(run):
    done = run("import os, json; print(json.dumps(dict(os.environ)))")
    assert os.environ["TTC_PLANTED"] not in done.stdout
    assert not set(json.loads(done.stdout)) & {"USER", "LOGNAME", "SSH_AUTH_SOCK", "TTC_PLANTED"}
    assert str(Path.home()) != json.loads(done.stdout)["HOME"]


def test_the_folder_is_empty_and_its_files_are_there(run):
    source = "import os, helper; print(os.listdir('.'), helper.x, open('helper.py').read())"
    assert run("import os; print(os.listdir('.'))").stdout == "[]\n"
    assert run(source, files={"helper.py": "x = 3"}).stdout == "['helper.py'] 3 x = 3\n"


def test_no_file_of_ours_is_read(tries):
    tries(
        "open(given['journal']).read()",
        "open('/proc/self/root' + given['journal']).read()",
        "open('/proc/self/cwd/../../..' + given['journal']).read()",
        "open(given['repository'] + '/pyproject.toml').read()",
        "open('/etc/passwd').read()",
        "open('/etc/shadow').read()",
        "assert [n for n in __import__('os').listdir(given['home']) if not n.startswith('.py')]",
        "assert 'ttc' in __import__('os').listdir(given['repository'])",
        "open('/dev/mem', 'rb')",
        "assert __import__('os').listdir('/var')",
        home=str(Path.home()),
        repository=str(Path(__file__).parents[2]),
    )


def test_nothing_is_written_outside(tries, tmp_path):
    library = os.path.dirname(os.__file__)
    places = [tmp_path, Path.home(), library, sys.prefix, "/", "/etc", "/dev", "/usr", "/launch"]
    places += ["/proc/sys/kernel", "/var/tmp"]
    writes = [f"open({str(place)!r} + '/ttc-written', 'w')" for place in places]
    changes = [
        "open(given['journal'], 'a')",
        "os.remove(given['journal'])",
        "os.rename(given['journal'], 'mine')",
        "os.chmod(given['journal'], 0)",
        "os.utime(given['journal'])",
        "os.truncate(given['journal'], 0)",
        "open(os.__file__, 'r+')",
        "os.mknod('disk', 0o60666, os.makedev(8, 0))",
    ]
    tries(*writes, *(f"import os; {change}" for change in changes))
    assert not [place for place in places if os.path.exists(f"{place}/ttc-written")]


def test_links_lead_nowhere(tries):
    tries(
        "import os; os.symlink(given['journal'], 'link'); open('link').read()",
        "import os; os.symlink(given['journal'], 'link2'); open('link2', 'a')",
        "import os; os.symlink('/', 'root'); open('root' + given['journal']).read()",
        "import os; os.link(given['journal'], 'hard')",
        "import os; fd = os.open(given['journal'], os.O_PATH); "
        "os.link(f'/proc/self/fd/{fd}', 'hard', follow_symlinks=True)",
        "import os, ctypes; fd = os.open(given['journal'], os.O_PATH); "
        "assert ctypes.CDLL(None).linkat(fd, b'', -100, b'hard', 0x1000) == 0",
        "import os; fd = os.open(given['journal'], os.O_PATH); open(f'/proc/self/fd/{fd}').read()",
        "import os; os.chdir(os.path.dirname(given['journal'])); open('journal.jsonl').read()",
    )


def test_a_folder_that_turns_into_a_link(run, journal):
    """What is counted and removed must be the sandbox's own."""
    victim = journal.parent / "victim"
    victim.mkdir()
    (victim / "kept").write_text("kept")
    source = f"""
import os, time
os.chdir("/")
box = os.path.dirname(os.environ["HOME"])
try:
    os.rename(box + "/work", box + "/moved")
    os.symlink({str(victim)!r}, box + "/work")
    os.symlink({str(victim)!r}, box + "/tmp/link")
except OSError as error:
    print(error)
time.sleep(0.3)
"""
    assert run(source).ended in ("exit", "disk")
    assert (victim / "kept").read_text() == "kept"


def test_no_network(tries, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as tcp, socket.socket(socket.AF_UNIX) as unix:
        unix.bind(str(tmp_path / "socket"))
        unix.listen()
        os.chmod(tmp_path / "socket", 0o777)
        tries(
            "import socket; socket.create_connection(('127.0.0.1', given['port']), timeout=5)",
            "import socket; socket.create_connection(('localhost', given['port']), timeout=5)",
            "import socket; socket.socket().bind(('127.0.0.1', 0))",
            "import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', "
            "('127.0.0.1', given['port']))",
            "import socket; socket.socket(socket.AF_INET6)",
            "import socket; socket.socket(socket.AF_UNIX).connect(given['unix'])",
            "import socket; a, b = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM); "
            "a.sendto(b'x', given['unix'])",
            "import socket; a, b = socket.socketpair(); a.connect(given['unix'])",
            "import socket; socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)",
            "import socket; socket.socket(socket.AF_PACKET, socket.SOCK_RAW)",
            "import urllib.request; urllib.request.urlopen(f\"http://127.0.0.1:{given['port']}\")",
            port=tcp.getsockname()[1],
            unix=str(tmp_path / "socket"),
        )
        tcp.settimeout(0.1)
        with pytest.raises(TimeoutError):
            tcp.accept()


def test_asyncio_works_all_the_same(run):
    source = "import asyncio\nasync def f(): return 7\nprint(asyncio.run(f()))"
    assert run(source).stdout == "7\n"


def test_processes_outside_are_out_of_reach(tries):
    tries(
        *(
            f"import os, signal; assert given['parent'] > 9; os.kill(given['parent'], {number})"
            for number in (0, 9, 19)
        ),
        "import os, resource; resource.prlimit(given['parent'], resource.RLIMIT_CPU, (1, 1))",
        "import os; os.setpriority(os.PRIO_PROCESS, given['parent'], 19)",
        "import os; os.sched_setaffinity(given['parent'], {0})",
        "import ctypes; assert ctypes.CDLL(None).ptrace(16, given['parent'], 0, 0) == 0",
        "import ctypes; assert ctypes.CDLL(None).ptrace(0, 0, 0, 0) == 0",
        "assert given['parent'] > 9; open(f\"/proc/{given['parent']}/environ\").read()",
        "assert given['parent'] > 9; open(f\"/proc/{given['parent']}/mem\", 'r+b')",
        'import os; os.readlink(f"/proc/{os.getppid()}/exe")',
        "assert 'TTC' in open('/proc/1/environ').read()",
        "import os; os.setpriority(os.PRIO_USER, 0, -5)",
    )


def test_all_signals_at_once(run):
    """kill(-1) ends the program's own processes, and at most the sandbox's."""
    source = "import os, signal\nsignal.signal(15, signal.SIG_IGN)\n"
    source += "try:\n    os.kill(-1, 15)\nexcept OSError: pass\nprint('here')"
    assert run(source).stdout == "here\n"
    assert run("import os; os.kill(-1, 9)").ended in ("exit", "signal")


def test_rights_are_not_won_back(tries):
    tries(
        "import os; os.setuid(0)",
        "import os; os.setgid(0)",
        "import os; os.setgroups([0])",
        "import os; os.chroot('.')",
        "import ctypes; assert ctypes.CDLL(None).unshare(0x10000000) == 0",
        "import ctypes; assert ctypes.CDLL(None).unshare(0x40000000) == 0",
        "import ctypes; assert ctypes.CDLL(None).mount(b'x', b'.', b'tmpfs', 0, 0) == 0",
        "import ctypes; assert ctypes.CDLL(None).prctl(4, 0, 0, 0, 0) == 0",
        "import ctypes; assert ctypes.CDLL(None).syscall(425, 8, 0) >= 0",
        "import resource; resource.setrlimit(resource.RLIMIT_NPROC, (9999, 9999))",
        "import resource; resource.setrlimit(resource.RLIMIT_AS, (-1, -1))",
        "import fcntl; fcntl.ioctl(0, 0x5412, b'x')",
        "import os; os.nice(-5)",
    )


def test_no_descriptor_of_ours(run):
    source = """
import os
for number in range(3, 200):
    try:
        os.fstat(number)
        print(number, "is open")
    except OSError:
        pass
"""
    assert run(f"exec({source!r})").stdout == ""


def test_children_left_behind(run):
    source = """
import os, time
for _ in range(5):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            while True:
                time.sleep(1)
        os._exit(0)
print("bye")
"""
    done = run(source)
    assert (done.ended, done.exit_code, done.stdout) == ("exit", 0, "bye\n")
    assert done.seconds < 20, "nobody waits for them"


def test_many_children_that_end_as_orphans(run):
    """A program's limit of processes is for those that live."""
    source = """
import os, time
for _ in range(100):
    pid = os.fork()
    if pid == 0:
        if os.fork() == 0:
            os._exit(0)
        os._exit(0)
    os.waitpid(pid, 0)
    time.sleep(0.01)
print("done")
"""
    assert run(source, processes=40).stdout == "done\n"
