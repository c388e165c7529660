#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# orders.sh ROOT: are the loads, stores and fences of the C those of the models, function by
# function, in order and with their memory orders? Says what differs.
set -eu
root=$1
here=$(dirname "$0")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# FUNCTION store|load PLACE ORDER, or FUNCTION fence; information, hints and counts are not modelled
cat "$root/include/quoll/queue.h" "$root/include/quoll/link.h" "$root/core/link.c" | tr '\n' ' ' |
    sed 's/\/\*[^*]*\*\+\([^*\/][^*]*\*\+\)*\// /g; s/atomic_/\n&/g; s/static inline/\n&/g; s/  */ /g; s/} /}\n/g' |
    awk '{
        if (match($0, /^(static|void|bool|enum|}?).*[a-z_]+\( *[a-z ]*(struct|void)/)) {
            line = $0; sub(/\( *(const )?(struct|void).*/, "", line); n = split(line, word, /[ *]/); name = word[n]
        }
        order = ""
        if (match($0, /memory_order_[a-z_]+/)) order = substr($0, RSTART + 13, RLENGTH - 13)
        place = ""
        if (match($0, /->[a-z_]+[,)]/)) place = substr($0, RSTART + 2, RLENGTH - 3)
        if ($0 ~ /^atomic_load_explicit\(&lives/) place = "lives"
        if (match($0, /->[a-z]+->[a-z_]+[,)]/)) { place = substr($0, RSTART, RLENGTH - 1); sub(/.*->/, "", place) }
        if (place == "generation" || name ~ /^link_t/) next
        if ($0 ~ /^atomic_load/) print name, "load", place, order
        if ($0 ~ /^atomic_store/) print name, "store", place, order
        if ($0 ~ /^atomic_thread_fence/) print name, "fence"
    }' | grep -v '^my_life \|^queue_awaited \|^is_guilty ' | sort -s -k1,1 >"$work/c"

awk '
    /^inline / { name = $2; sub(/\(.*/, "", name) }
    match($0, /(store|load_index|load_wish|fence)\([^;]*/) {
        split(substr($0, RSTART, RLENGTH), part, /[(,]/)
        what = part[1]; step = part[3]; place = tolower(part[4]); gsub(/ /, "", place)
        if (name ~ /^(store|fence|load|numbers_put)/) next
        if (what == "fence") { print name, "fence"; next }
        if (what == "load_wish") { print name, "load", place, "relaxed"; next }
        if (what == "load_index") { print name, "load", place, "acquire"; next }
        print name, "store", place, ($0 ~ /RELEASE/ ? "release" : "relaxed")
    }' "$here/queue.pml" "$here/lives.pml" | sort -s -k1,1 >"$work/model"

diff "$work/c" "$work/model" >"$work/diff" || {
    echo "models: the code's orders (<) are not those of verify/models (>):" >&2
    cat "$work/diff" >&2
    exit 1
}
echo "$(grep -c . "$work/c") loads, stores and fences as modelled"
