/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef BENCH_COMPARE_H
#define BENCH_COMPARE_H

/**
 * Compare the results of these sets (ends with NULL) with a baseline: figures_read() has both.
 * What no run of a case is without is a regression, and printed.
 *
 *   - A part, by over 3 % and by over 1 % of the case's total.
 *   - Where a system does not rest after each packet or request, how many come together is up to
 *     the host. There a part may grow as system calls do, which are what each batch costs once;
 *     these may double.
 *   - A case that was not measured.
 *
 * @return how many there are
 */
unsigned compare_results(const char *results, const char *baseline, const char *kind,
                         char *const sets[]);

#endif
