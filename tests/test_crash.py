"""A bulk load that is killed thirty times; `make crash` does it 250 times."""

import re
import subprocess
import sys
from pathlib import Path

from tests.crash.load import DEEDS

ROOT = Path(__file__).parent.parent


def test_nothing_acknowledged_is_lost_whenever_the_process_is_killed() -> None:
    call = [sys.executable, "-m", "tests.crash", "--kills", "30", "--seed", "1"]
    ended = subprocess.run(call, cwd=ROOT, capture_output=True, text=True, timeout=600)
    assert ended.returncode == 0, ended.stderr
    assert "killed: 30\n" in ended.stdout
    struck = {deed for deed in (*DEEDS, "in commit", "any time") if re.search(rf" {deed}$", ended.stdout, re.M)}
    assert len(struck) >= 8, ended.stdout
    assert "name of the log" in ended.stdout or "end of the log" in ended.stdout
    assert re.search(r"verified and compared: [1-9]", ended.stdout)
