"""The container's command: `python -m app.process.container` runs supervisord on supervisord.conf, with the settings filled in.

It exits with 1 when it gave up on a program, so that Docker or Kubernetes sees the failure.
"""

import os
import shutil
import sys
from pathlib import Path

from supervisor import supervisord

from app.config import ConfigurationError, require_sense, settings
from app.ops import logs
from app.ops.metrics import sharing
from app.process import alive, supervision

CONFIGURATION = Path(__file__).parent.parent.parent / "supervisord.conf"


def main() -> None:
    """Run supervisord in this process, in the foreground."""
    try:
        require_sense()
        os.environ.update(filled_in())
    except ConfigurationError as error:
        sys.exit(str(error))
    os.environ[sharing.VARIABLE] = str(_emptied(settings.run_dir / "metrics"))
    for directory in (settings.data_dir, settings.log_dir, settings.run_dir, _emptied(alive.directory())):
        directory.mkdir(parents=True, exist_ok=True)
    logs.configure()
    supervisord.main(["--nodaemon", "--configuration", str(CONFIGURATION)])
    if supervision.given_up:
        sys.exit(1)


def filled_in() -> dict[str, str]:
    """The variables that supervisord.conf refers to; raises ConfigurationError."""
    if settings.tunnelled and shutil.which("frpc") is None:
        raise ConfigurationError("frp is configured but frpc is not here: build the image with FRPC_URL and FRPC_SHA256")
    more = settings.processes - 1
    logs = ["be", *(f"be-more-{number}" for number in range(1, more + 1)), "worker", "frpc"]
    directories = {"DATA_DIR": settings.data_dir, "LOG_DIR": settings.log_dir, "RUN_DIR": settings.run_dir}
    return (
        {name: str(path.absolute()) for name, path in directories.items()}
        | {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
            "MORE_PROCESSES": str(more),
            "RELAYED": " ".join(f"{name}.log" for name in logs),
            "WORKER": str(settings.worker).lower(),
            "FRPC": str(settings.tunnelled).lower(),
            "FRP_SERVER_PORT": str(settings.frp_server_port),
        }
        | ({"PROXY_PORT": str(settings.proxy_port)} if settings.proxy_port else {})
    )


def _emptied(directory: Path) -> Path:
    """Remove what an earlier run left in a directory that the processes share."""
    shutil.rmtree(directory, ignore_errors=True)
    return directory.absolute()


if __name__ == "__main__":
    main()
