"""A damaged file of the queue, as a loss of power leaves it, does not keep Flash from starting."""

import shlex
import subprocess
import time
from pathlib import Path

import pytest
import redis
import yaml

from flashsite.supervisor import redis_server
from flashsite.supervisor.console import Console
from flashsite.supervisor.plan import Plan, Program
from flashsite.supervisor.supervisor import Supervisor
from tests.redis_process import RedisProcess

ROOT = Path(__file__).resolve().parents[3]
pytestmark = [pytest.mark.slow, pytest.mark.redis]


@pytest.fixture
def damaged(tmp_path: Path) -> Path:
    """The folder of a Redis with some messages and a block of rubbish behind them."""
    folder = tmp_path / "redis"
    folder.mkdir()
    with RedisProcess() as process:
        with redis.Redis(unix_socket_path=str(process.path)) as client:
            client.rpush("queue", *range(100))
        process.stop()
        (process.folder / "appendonlydir").rename(folder / "appendonlydir")
    (incremental,) = (folder / "appendonlydir").glob("*.incr.aof")
    with incremental.open("ab") as file:
        file.write(b"\xff\x00rubbish" * 500)
    return folder


def _command(folder: Path) -> tuple[str, ...]:
    return redis_server.command(redis_server.find_binary(), folder=folder, socket_path=folder / "redis.sock")


def test_redis_itself_does_not_start_with_it(damaged: Path) -> None:
    done = subprocess.run(_command(damaged), capture_output=True, timeout=30, check=False)
    assert done.returncode == 1


def test_the_supervisor_sets_it_aside_says_so_and_goes_on(
    damaged: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = Plan(
        var_dir=damaged.parent,
        host="127.0.0.1",
        port=1,
        site="",
        redis=Program(name="redis", command=_command(damaged), quiet=True),
        redis_socket=damaged / "redis.sock",
        programs=(),
    )
    supervisor = Supervisor(plan, console=Console())
    started = time.monotonic()
    try:
        supervisor._start_redis()
        assert redis_server.answers(damaged / "redis.sock")
    finally:
        supervisor._stop_everything()
    assert time.monotonic() - started < 30
    assert (damaged / "appendonlydir.damaged").is_dir()
    assert "No job is lost" in capsys.readouterr().out


def test_the_container_sets_it_aside_too(damaged: Path) -> None:
    services = yaml.safe_load((ROOT / "deploy/compose/compose.yaml").read_text())["services"]
    shell = shlex.split(services["redis"]["command"])[2]
    assert "exec redis-server" in shell
    check = shell.replace("/data", str(damaged)).split("exec redis-server")[0]
    subprocess.run(["sh", "-c", check], check=True, timeout=30, stdout=subprocess.DEVNULL)
    assert (damaged / "damaged").is_dir()
    assert not (damaged / "appendonlydir").exists()


def test_only_the_latest_is_kept(tmp_path: Path) -> None:
    folder = tmp_path / "redis"
    folder.mkdir()
    assert redis_server.set_aside(folder) is None
    for text in ("first", "second"):
        (folder / "appendonlydir").mkdir()
        (folder / "appendonlydir" / "x").write_text(text)
        aside = redis_server.set_aside(folder)
    assert aside is not None
    assert (aside / "x").read_text() == "second"
    assert [path.name for path in folder.iterdir()] == [aside.name]
