#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# cost.sh WORK COMMIT...: what each commit costs: guest instructions per echoed packet of 64 B,
# with 1, 8 and 32 outstanding, before and after it, on the development kernel. WORK is where
# a second tree is checked out and built.
set -eu
work=$1
shift
mkdir -p "$(dirname "$work")"
[ -e "$work/.git" ] || git worktree add -q --detach "$work" HEAD

measure() {
    git -C "$work" checkout -q --detach "$1"
    make -C "$work" --no-print-directory SETUP="${SETUP:-yes}" bench BENCH=net BENCH_OPTIONS=only=64 \
        >"$work.log" 2>&1 || { tail "$work.log" >&2; exit 1; }
    awk '$1 == "total" { gsub(",", ""); print $2, $3, $4; exit }' "$work.log"
}

for commit; do
    before=$(measure "$commit^")
    after=$(measure "$commit")
    echo "$before $after" | awk -v commit="$commit" -v what="$(git log -1 --format=%s "$commit")" '{
        printf "%s  %5d %5d %5d  ->  %5d %5d %5d  %+5.1f%% %+5.1f%% %+5.1f%%  %s\n", commit, $1, $2, $3, $4, $5, $6,
            100 * ($4 / $1 - 1), 100 * ($5 / $2 - 1), 100 * ($6 / $3 - 1), what }'
done
