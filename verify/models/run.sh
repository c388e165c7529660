#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# run.sh OUT [ENTRIES]: search all states of each model, as it is and without each of its
# steps, JOBS (two) searches at a time. A line for each. What is to fail is tried with few
# entries first. Fails if `verdicts` says otherwise.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=$1

# A search with $1 entries: $found is "fails" or "holds", and $states how many it saw.
search() {
    spin -a "-DDELETE=$step" "-DENTRIES=$1" "-D${MEMORY:-ALL_ORDERS}" "$model.pml" >log
    gcc -O1 -w -DSAFETY -DNOCLAIM -DCOLLAPSE -DMEMLIM=6000 -o pan pan.c
    ./pan -E -m1000000 -w22 >result || true
    rm -f pan pan.?
    found=unknown
    grep -q 'errors: 1' result && found=fails
    grep -q 'errors: 0' result && ! grep -qE 'out of memory|max search depth|Search not completed' result && found=holds
    states=$(awk '/states, stored/ { print $1; exit }' result)
}

# One step: run.sh OUT ENTRIES MODEL STEP EXPECTED REASON...
if [ $# -gt 2 ]; then
    most=$2 model=$3 step=$4 expected=$5
    shift 5
    mkdir -p "$out/$model-$step"
    cd "$out/$model-$step"
    cp "$here"/*.pml .
    found=none
    [ "$expected" = holds ] || for entries in 2 5; do
        [ "$found" = fails ] || [ "$entries" -ge "$most" ] || search "$entries"
    done
    [ "$found" = fails ] || search "$((entries = most))"
    ok='  WRONG'
    [ "$found" = "$expected" ] || [ "$expected" = any ] && ok=
    printf '%-8s %-20s %-6s %9s states, %d entries  %s%s\n' "$model" "$step" "$found" "$states" "$entries" "$*" "$ok"
    exit
fi

entries=${2:-6}
mkdir -p "$out"
for model in transfer:queue lives:lives; do
    awk '$1 == "#define" && $2 ~ /_/ && $2 !~ /[A-Z(]/ { print $2 }' "$here/${model#*:}.pml"
done | while read -r step; do
    grep -q " $step  *\(fails\|holds\)" "$here/verdicts" || { echo "models: no verdict on $step" >&2; exit 1; }
done
grep -v '^#' "$here/verdicts" | sed "s/'//g; s|^|$out $entries |" | xargs -P "${JOBS:-2}" -L 1 sh "$0" | tee "$out/summary"
echo "$(grep -c . "$out/summary") searches, $(awk '{ n += $4 } END { print n }' "$out/summary") states"
if grep -q WRONG "$out/summary" || [ "$(grep -c . "$out/summary")" != "$(grep -cv '^#' "$here/verdicts")" ]; then
    echo "models: not as 'verdicts' says; see $out" >&2
    exit 1
fi
