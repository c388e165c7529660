/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef BENCH_DRAW_H
#define BENCH_DRAW_H

/** From results: curves as SVG files, and all tables as figures.md, into a directory. */
void draw_all(const char *results, const char *directory);

#endif
