/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A check of the sources of protection domains: what they do with what neighbours say.
 * tests/lint/README.md says which rules there are; tests/lint/trusted names the functions
 * that are exempt, with the reasons.
 */
#ifndef TESTS_LINT_H
#define TESTS_LINT_H

#include <stdbool.h>
#include <stddef.h>

#include <clang-c/Index.h>

/* What is known of a value; a set. */
enum {
    PEER = 1,   /* a neighbour had a say in it */
    WIDE = 2,   /* and nothing of ours bounds it */
    SHARED = 4, /* it is an address in memory that a neighbour writes */
    OUT = 8,    /* of a parameter: the function puts a neighbour's value behind it */
    DIES = 16,  /* of a function: it ends the program, whatever happens */
    BODY = 32,  /* of a function: it is among those that are looked at */
    UNKNOWN = 64,
    MORE = 128, /* of a function: it says whether a neighbour has more */
};

/* ---- trusted.c: the file of exemptions ---- */

enum trust {
    TRUST_RECORD,    /* a struct that a neighbour writes */
    TRUST_REGISTERS, /* a device's registers: their addresses are for <quoll/mmio.h> */
    TRUST_ACCESSOR,  /* a function that may touch such memory; its answers are ours */
    TRUST_SOURCE,    /* a function or operation whose results are a neighbour's */
    TRUST_OWN,       /* a function that makes a pointer of a number: into memory of our own */
    TRUST_DATA,      /* the same: into memory that a neighbour writes */
    TRUST_COPY,  /* a function that copies bytes, or works on caches: may be given such memory */
    TRUST_LEAST, /* a function that returns the least of its arguments */
    TRUST_LOOP,  /* a function with a loop that looks worse than it is */
    TRUST_PANIC, /* the same for a check of what is our own */
    TRUST_MORE,  /* a function or operation that says whether a neighbour has more */
};

/** Read the file; ends the program with a message if it is malformed. */
void trusted_read(const char *path);

/** Whether FILE:NAME of the function that is being looked at is listed. */
bool trusted_here(enum trust trust);
void trusted_look_at(CXCursor function);

/** Whether a name is listed; which argument for TRUST_SOURCE, -1: what it returns. */
bool trusted(enum trust trust, const char *name, int *argument);

/** Tell of lines that nothing needed. @return how many */
unsigned trusted_unused(void);

/* ---- facts.c: what is known, over all files ---- */

/** What is known of what a name (clang's USR) stands for, and adding to it. */
unsigned facts_of(const char *name);
void facts_add(const char *name, unsigned bits);

/** The same text, kept for good. */
const char *facts_name(const char *text);

/** Whether anything was added since the last call. */
bool facts_changed(void);

/* ---- ast.c: what libclang does not say directly ---- */

struct children {
    CXCursor *at;
    unsigned count;
};

struct children children_of(CXCursor cursor);
void children_free(struct children *children);

/** Without parentheses and what the compiler put around. */
CXCursor bare(CXCursor cursor);

/** The operator between the operands of a binary or before that of a unary one; "" if unknown. */
const char *operator_of(CXCursor cursor);

/** The condition of a loop; a null cursor if it has none. */
CXCursor condition_of(CXCursor loop);
CXCursor body_of(CXCursor loop);

/** The name of a cursor's struct type, or of that which it points to; "" if there is none. */
const char *record_of(CXType type, bool pointee);

/** The spelling (".NAME" of a field), and the name for facts: a USR, with the file of what is not
 * external. */
const char *name_of(CXCursor cursor);
const char *usr_of(CXCursor cursor);

/** The file in which it stands. */
const char *file_of(CXCursor cursor);

/** The function, operation or variable that a call calls. */
CXCursor callee_of(CXCursor call);

/* ---- flow.c: where values go ---- */

/** What is known of an expression's value. */
unsigned value_of(CXCursor expression);

/** Whether anything in it is a neighbour's. */
bool mentions_peer(CXCursor expression);

/** Whether QUEUE_OF made it to copy a neighbour's entries to its second argument. */
bool takes_entry(CXCursor function);

/** Whether a function is an accessor: listed, or one of those that QUEUE_OF makes. */
bool is_accessor(CXCursor function);

/** The name of a variable or parameter for facts. */
const char *variable_usr(CXCursor variable);

/** Learn from a whole function: what goes where. */
void learn(CXCursor function);

/** The name of a parameter for facts: they are the same in declarations and definitions. */
const char *parameter_usr(CXCursor function, unsigned number);

/** A cast from a number to a pointer; what the function's pointers so made are: 0, SHARED, UNKNOWN.
 */
bool makes_pointer(CXCursor cast);
unsigned pointer_made_by_function(void);

/* ---- calls.c: who calls whom ---- */

void calls_add(CXCursor caller, CXCursor callee);
bool calls_itself(CXCursor function);

/* ---- rules.c: what is refused ---- */

void learn_end(CXCursor function);
void check(CXCursor function);

/** @return how many findings; printed in order, each once */
unsigned findings_print(void);

#endif
