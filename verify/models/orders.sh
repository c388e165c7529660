#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# orders.sh ROOT: are the loads, stores and fences of the C those of the models, function by
# function, in order and with their memory orders, and do the functions call one another in
# the same order? Says what differs.
set -eu
root=$1
here=$(dirname "$0")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
functions=$(sed -n 's/^inline \([a-z_]*\)(.*/\1/p' "$here/queue.pml" "$here/lives.pml" | tr '\n' ' ')

# FUNCTION store|load PLACE ORDER, FUNCTION fence or FUNCTION call FUNCTION. Not modelled:
# information, hints, what is put together of the queue's own steps (link_show_..., link_wake),
# what gives room back by the eighth (docs/verification.md), and the acquire
# fence of queue_blame_peer(), without which it is weaker.
cat "$root/include/quoll/queue.h" "$root/include/quoll/link.h" "$root/core/link.c" | tr '\n' ' ' |
    sed -E 's/\/\*[^*]*\*+([^*\/][^*]*\*+)*\// /g; s/atomic_/\n&/g; s/static inline/\n&/g; s/  */ /g; s/\} /}\n/g
            s/queue_read\(([^)]*)\)/\natomic_load_explicit(\1, memory_order_relaxed)/g
            s/queue_write\(([^,]*), /\natomic_store_explicit(\1, memory_order_relaxed, /g; s/_from\(/(/g
            s/\b(queue_|link_|set_up\(|agreed\()[a-z_]*\(?(q\b|link\b|&link\b|peer\b|\))/\n&/g' |
    awk -v functions="$functions" '
    BEGIN { for (n = split(functions, word, " "); n > 0; n--) modelled[word[n]] }
    {
        if (match($0, /^(static|void|bool|enum|}?).*[a-z_]+\( *[a-z ]*(struct|void)/)) {
            line = $0; sub(/\( *(const )?(struct|void).*/, "", line); n = split(line, word, /[ *]/); name = word[n]
        }
        if (match($0, /^[a-z_]+\((q|link|&link|peer|\))/)) {
            callee = $0; sub(/\(.*/, "", callee)
            if (callee in modelled && callee != name) print name, "call", callee
        }
        order = ""
        if (match($0, /memory_order_[a-z_]+/)) order = substr($0, RSTART + 13, RLENGTH - 13)
        place = ""
        if (match($0, /->[a-z_]+[,)]/)) place = substr($0, RSTART + 2, RLENGTH - 3)
        if (name == "link_peer_life" || name == "queue_blame_peer") place = "lives"
        if (match($0, /->[a-z]+->[a-z_]+[,)]/)) { place = substr($0, RSTART, RLENGTH - 1); sub(/.*->/, "", place) }
        if (place == "generation" || name ~ /^link_t/) next
        if ($0 ~ /^atomic_load/) print name, "load", place, order
        if ($0 ~ /^atomic_store/) print name, "store", place, order
        if ($0 ~ /^atomic_thread_fence\(memory_order_seq_cst/) print name, "fence"
    }' | grep -v '^my_life \|^queue_awaited \|^queue_has_room \|^queue_may_have \|^ \|^link_show_[a-z]* \|^link_wake \|^link_publish_one \|^queue_look_and_begin \|^link_[a-z_]*_by_batch ' | sort -s -k1,1 >"$work/c"

awk -v functions="$functions" '
    BEGIN { for (n = split(functions, word, " "); n > 0; n--) modelled[word[n]] }
    /^(proctype|init)/ { name = "" }
    /^inline / { name = $2; sub(/\(.*/, "", name); next }
    name == "" || /^#|^\/\*/ { next }
    {
        rest = $0
        while (match(rest, /[a-z_]+\(/)) {
            callee = substr(rest, RSTART, RLENGTH - 1); rest = substr(rest, RSTART + RLENGTH)
            if (callee in modelled && callee !~ /^(mortal|notify)$/) print name, "call", callee
        }
    }
    match($0, /(^|[^a-z_])(store|load_index|load_wish|fence)\([^;]*/) {
        line = substr($0, RSTART, RLENGTH); sub(/^[^a-z]*/, "", line)
        split(line, part, /[(,]/)
        what = part[1]; place = tolower(part[4]); gsub(/ /, "", place)
        if (name ~ /^numbers_/) next
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
echo "$(grep -c . "$work/c") loads, stores, fences and calls as modelled"
