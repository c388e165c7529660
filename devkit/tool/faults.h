/* SPDX-License-Identifier: BSD-2-Clause */
/* Faults to inject, as the command line says them. */
#ifndef DEVKIT_FAULTS_H
#define DEVKIT_FAULTS_H

#include "build.h"
#include "image.h"

/** Read PD@PLACE[#TIME][+COUNT]:WHAT=VALUE into the system. Ends the program if it is
 *  not that, or speaks of what there is not. */
void faults_add(struct system *system, const struct description *d, const struct program *programs,
                const char *text);

#endif
