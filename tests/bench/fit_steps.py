# SPDX-License-Identifier: Apache-2.0
"""Runs `yolotrain-fit …` under a terminal and times its steps by its progress line: images per second from the
third step on, seconds from the start to the first step, peak memory of the largest process in MiB."""
import os
import pty
import re
import sys
import time

STEP = re.compile(rb"epoch (\d+)/\d+ \[[^\]]*\] (\d+)/(\d+)")

start = time.monotonic()
pid, terminal = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], sys.argv[1:])
batch = int(sys.argv[sys.argv.index("--batch") + 1])
seen, text = {}, b""
while True:
    try:
        piece = os.read(terminal, 65536)
    except OSError:
        break
    if not piece:
        break
    now = time.monotonic() - start
    text = (text + piece)[-4096:]
    for epoch, step, steps in STEP.findall(text):
        seen.setdefault((int(epoch) - 1) * int(steps) + int(step), now)
_, status, usage = os.wait4(pid, 0)
if status != 0:
    sys.exit(text.decode(errors="replace"))
counted = sorted(n for n in seen if n >= 2)
first, last = counted[0], counted[-1]
rate = (last - first) * batch / (seen[last] - seen[first])
print(f"img/s {rate:.2f} steps {last} first_step_s {seen[min(seen)]:.1f} peak_rss_mb {usage.ru_maxrss // 1024}")
