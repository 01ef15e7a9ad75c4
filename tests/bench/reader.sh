#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# reader.sh BENCH_FOLDER [FOLDER [MIB]]: reading shards from a cold disk against dd, under a limit of 512 MiB, and
# shared by four processes. Makes a set of MIB (default 5200) in FOLDER (default $TMPDIR) and removes it.
set -euo pipefail
bench=$(realpath "$1") where=${2:-${TMPDIR:-/tmp}} mib=${3:-5200}
set=$(mktemp -d "$where/yolo-reader-XXXXXX")
trap 'rm -rf "$set"' EXIT

"$bench/reader_epochs" make "$set" "$mib"
sync
bytes=$(cat "$set"/*.yds | wc -c)
cool() { for f in "$set"/*.yds; do dd of="$f" oflag=nocache conv=notrunc,fdatasync count=0 status=none; done; }

echo "# cold, one after the other; three rounds"
for _ in 1 2 3; do
    cool
    start=$(date +%s.%N)
    for f in "$set"/*.yds; do dd if="$f" of=/dev/null bs=4M iflag=direct status=none; done
    echo "$(date +%s.%N) $start $bytes" | awk '{printf "dd iflag=direct   %6.0f MB/s\n", $3 / ($1 - $2) / 1e6}'
    cool; "$bench/reader_epochs" read "$set" mmap 1
    cool; "$bench/reader_epochs" read "$set" mmap 1 ahead
    cool; "$bench/reader_epochs" read "$set" pread 1
    cool; "$bench/reader_epochs" read "$set" direct 1
done

echo "# ulimit -v 512 MiB, three epochs in random order, two threads"
for io in auto pread direct; do
    (ulimit -v 524288; "$bench/reader_epochs" read "$set" "$io" 3 random threads=2)
done
if [ -w /sys/fs/cgroup/cgroup.procs ] && mkdir /sys/fs/cgroup/yolo-reader-$$ 2> /dev/null; then
    group=/sys/fs/cgroup/yolo-reader-$$
    if echo 512M > "$group/memory.max" 2> /dev/null; then
        echo "# cgroup memory.max 512 MiB, three epochs"
        for flags in "auto 3 random" "auto 3 behind"; do
            # shellcheck disable=SC2086
            (echo 0 > "$group/cgroup.procs"; "$bench/reader_epochs" read "$set" $flags threads=2)
        done
    fi
    rmdir "$group" || true
else
    echo "# no cgroup that can be written: skipped"
fi

echo "# one process, then four at once, on a set of 300 MiB: pss is each one's share of what all map"
rm -rf "$set"
"$bench/reader_epochs" make "$set" 300
"$bench/reader_epochs" read "$set" mmap 2 | tail -1
for _ in 1 2 3 4; do "$bench/reader_epochs" read "$set" mmap 2 hold | tail -1 & done
wait
