/* SPDX-License-Identifier: BSD-2-Clause */
/* Runs and what is said about them; each returns the program's exit status. */
#ifndef SIM_CAMPAIGN_H
#define SIM_CAMPAIGN_H

/** By priority, once. */
int campaign_single(void);

/** Seed after seed, until one fails, or runs or time are used up. */
int campaign_random(void);

/** A schedule from a file. */
int campaign_replay(void);

/**
 * A failing schedule is in choice_taken: make it short, show it, keep it.
 *
 * @param how  what found it: "seed 7"
 */
void campaign_failed(const char *how);

#endif
