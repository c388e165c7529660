#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# run.sh ROOT LOGS [UNIT...]: prove the units (all), JOBS (two) at a time, of the sources below
# ROOT. A line for each, then what is taken for granted. Fails if a goal is open.
set -eu
root=$1 logs=$2
shift 2
here=$(dirname "$0")
mkdir -p "$logs"

# One unit, in a process of its own: run.sh ROOT LOGS --one UNIT TOOL OPTIONS...
if [ "${1:-}" = --one ]; then
    unit=$2 tool=$3
    shift 3
    log=$logs/$unit.log
    cd "$root"
    case $tool in
    wp) set -- -wp -wp-rte -wp-model Typed+Cast -wp-prover cvc4,z3 -wp-timeout "${TIMEOUT:-60}" -wp-par 1 -wp-cache none "$@" ;;
    eva) set -- -eva -eva-precision 3 -eva-split-return auto "$@" ;;
    esac
    begin=$(date +%s)
    frama-c -machdep gcc_x86_64 -c11 -kernel-warn-key annot-error=abort \
        -cpp-extra-args="-Iinclude -Isim/include -I." "verify/proofs/$unit" "$@" >"$log" 2>&1 || true
    awk -v unit="${unit%.c}" -v tool="$tool" -v seconds=$(($(date +%s) - begin)) '
        /Proved goals:/ { proved = $(NF - 2); goals = $NF }
        /^  [0-9]+ alarms? generated/ { alarms = $1; finished = 1 }
        /loop invariant got status unknown/ { elsewhere++ } # by WP, in the unit of the same source
        /^    (Assertions|Preconditions) / { proved += $2; goals += $NF == "total" ? $(NF - 1) : 0 }
        END {
            if (tool == "eva") { goals += alarms - elsewhere + 1; proved += finished } # and that it ends
            verdict = goals > 0 && proved == goals ? "proved" : "OPEN"
            printf "%-12s %-4s %5d of %5d goals %4d s  %s\n", unit, tool, proved, goals, seconds, verdict
        }' "$log"
    exit
fi

while read -r unit tool options; do
    case " $* " in *" $unit "* | "  ") ;; *) continue ;; esac
    case $unit in '#'*) ;; *) echo "$root $logs --one $unit $tool $options" ;; esac
done <"$here/units" | xargs -P "${JOBS:-2}" -L 1 sh "$0" | tee "$logs/summary"

awk '{ proved += $3; goals += $5; time += $7 } END { print proved " of " goals " goals, " time " s" }' "$logs/summary"
echo "Taken for granted:"
(cd "$root" && grep -n 'TRUSTED:' verify/proofs/*.[ch]) | sed 's/^verify.proofs.//; s/  *\\$//; s/^/  /'
if grep -q 'OPEN' "$logs/summary" || ! grep -q proved "$logs/summary"; then
    echo "proofs: not all is proved; see $logs" >&2
    exit 1
fi
