/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SIM_OPTIONS_H
#define SIM_OPTIONS_H

/** Read the command line into sim_options. Ends the program if it is wrong or asks for help. */
void options_read(int argc, char **argv);

#endif
