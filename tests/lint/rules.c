/* SPDX-License-Identifier: BSD-2-Clause */
/* What is refused; tests/lint/README.md lists it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lint.h"

#define MOST 1000

static struct finding {
    char text[640];
} findings[MOST];
static unsigned count;

static const char *function; /* that is being looked at */

static void find(CXCursor where, const char *rule, const char *what)
{
    CXFile file;
    unsigned line, column;
    CXString path;

    clang_getFileLocation(clang_getCursorLocation(where), &file, &line, &column, NULL);
    path = clang_getFileName(file);
    if (count < MOST) {
        snprintf(findings[count++].text, sizeof findings[0].text, "%s:%u:%u: %s: %s(): %s",
                 clang_getCString(path), line, column, rule, function, what);
    }
    clang_disposeString(path);
}

/* ---- Giving up ---- */

static bool dies(CXCursor call)
{
    static const char *const always[] = {"quoll_panic",   "__builtin_trap",
                                         "abort",         "__assert_fail",
                                         "__assert_func", "__builtin_unreachable"};
    CXCursor callee = callee_of(call);

    for (unsigned i = 0; i < sizeof always / sizeof always[0]; i++) {
        if (strcmp(name_of(callee), always[i]) == 0) {
            return true;
        }
    }
    return (facts_of(usr_of(callee)) & DIES) != 0;
}

static bool leaves(CXCursor cursor)
{
    enum CXCursorKind kind = clang_getCursorKind(cursor);
    struct children c = children_of(cursor);
    bool found = kind == CXCursor_ReturnStmt || kind == CXCursor_BreakStmt ||
                 kind == CXCursor_ContinueStmt || kind == CXCursor_GotoStmt;

    for (unsigned i = 0; i < c.count && !found; i++) {
        found = leaves(c.at[i]);
    }
    children_free(&c);
    return found;
}

static bool chooses(CXCursor e)
{
    switch (clang_getCursorKind(e)) {
    case CXCursor_IfStmt:
    case CXCursor_SwitchStmt:
    case CXCursor_WhileStmt:
    case CXCursor_ConditionalOperator:
        return true;
    case CXCursor_BinaryOperator:
        return strcmp(operator_of(e), "&&") == 0 || strcmp(operator_of(e), "||") == 0;
    default:
        return false;
    }
}

/*
 * Whether what comes here depends on a neighbour: below a condition about it, or after
 * one that may have left.
 */
static bool check_panics(CXCursor e, bool dependent)
{
    struct children c = children_of(e);
    bool choice = chooses(e) && c.count > 0 && mentions_peer(c.at[0]);
    bool after = dependent;

    if (dependent && clang_getCursorKind(e) == CXCursor_CallExpr && dies(e) &&
        !trusted_here(TRUST_PANIC)) {
        find(e, "panic", "gives up because of what a neighbour says");
    }
    for (unsigned i = 0; i < c.count; i++) {
        after = check_panics(c.at[i], after || (choice && i > 0)) || after;
    }
    children_free(&c);
    return after || (choice && leaves(e));
}

/* A function that ends the program whatever happens is one more way to do so. */
static void learn_death(CXCursor definition)
{
    struct children c = children_of(definition);
    struct children statements = children_of(c.at[c.count - 1]);

    for (unsigned i = 0; i < statements.count; i++) {
        CXCursor e = bare(statements.at[i]);
        if (clang_getCursorKind(e) == CXCursor_CallExpr && dies(e)) {
            facts_add(usr_of(definition), DIES);
        }
    }
    children_free(&statements);
    children_free(&c);
}

/* ---- Loops ---- */

static bool asks_source(CXCursor e)
{
    struct children c = children_of(e);
    int argument;
    bool found = clang_getCursorKind(e) == CXCursor_CallExpr &&
                 trusted(TRUST_SOURCE, name_of(callee_of(e)), &argument) && argument < 0;

    for (unsigned i = 0; i < c.count && !found; i++) {
        found = asks_source(c.at[i]);
    }
    children_free(&c);
    return found;
}

static bool compares(CXCursor e)
{
    static const char *const operators[] = {"<", "<=", ">", ">=", "==", "!="};
    struct children c = children_of(e);
    bool found = false;

    for (unsigned i = 0; i < sizeof operators / sizeof operators[0] && c.count == 2; i++) {
        found = found || strcmp(operator_of(e), operators[i]) == 0;
    }
    if (found) {
        CXType type = clang_getCanonicalType(clang_getCursorType(bare(c.at[0])));
        found = type.kind != CXType_Pointer;
    }
    children_free(&c);
    return found;
}

/* Of the parts of a condition joined by &&: whether one of ours ends it, and the worst. */
struct bounds {
    bool ours;
    bool theirs;
};

static void judge(CXCursor condition, struct bounds *bounds)
{
    CXCursor e = bare(condition);
    struct children c = children_of(e);
    bool binary = clang_getCursorKind(e) == CXCursor_BinaryOperator && c.count == 2;

    if (binary && strcmp(operator_of(e), "&&") == 0) {
        judge(c.at[0], bounds);
        judge(c.at[1], bounds);
    } else if (!mentions_peer(e)) {
        bounds->ours = bounds->ours || (binary && compares(e));
    } else {
        bool bounded = binary && compares(e) && !asks_source(e) &&
                       !((value_of(c.at[0]) | value_of(c.at[1])) & WIDE);
        bounds->theirs = bounds->theirs || !bounded;
    }
    children_free(&c);
}

static bool is_endless(CXCursor condition)
{
    CXEvalResult result;
    bool endless;

    if (clang_Cursor_isNull(condition)) {
        return true;
    }
    result = clang_Cursor_Evaluate(condition);
    endless = result != NULL && clang_EvalResult_getKind(result) == CXEval_Int &&
              clang_EvalResult_getAsLongLong(result) != 0;
    clang_EvalResult_dispose(result);
    return endless;
}

static bool asks_for_more(CXCursor e)
{
    struct children c = children_of(e);
    CXCursor callee = callee_of(e);
    bool found = clang_getCursorKind(e) == CXCursor_CallExpr &&
                 (trusted(TRUST_MORE, name_of(callee), NULL) || (facts_of(usr_of(callee)) & MORE));

    for (unsigned i = 0; i < c.count && !found; i++) {
        found = asks_for_more(c.at[i]);
    }
    children_free(&c);
    return found;
}

/* Whoever answers with a truth and has asked for that. */
static void learn_more(CXCursor definition)
{
    CXType answer = clang_getCanonicalType(clang_getCursorResultType(definition));

    if (answer.kind == CXType_Bool && asks_for_more(definition)) {
        facts_add(usr_of(definition), MORE);
    }
}

static void check_loop(CXCursor loop)
{
    CXCursor condition = condition_of(loop);
    struct bounds bounds = {false, false};

    if (is_endless(condition)) {
        if (!trusted_here(TRUST_LOOP)) {
            find(loop, "loop", "has no end of its own");
        }
        return;
    }
    judge(condition, &bounds);
    if (bounds.theirs && !bounds.ours && !trusted_here(TRUST_LOOP)) {
        find(loop, "loop", "ends when a neighbour says so");
    } else if (asks_for_more(condition) && !bounds.ours && !trusted_here(TRUST_LOOP)) {
        find(loop, "loop", "goes on while a neighbour with a core of its own has more");
    }
}

/* ---- Memory ---- */

static bool is_shared_record(CXType type)
{
    return trusted(TRUST_RECORD, record_of(type, true), NULL);
}

static void check_cast(CXCursor cast)
{
    struct children c = children_of(cast);
    CXCursor operand = c.count > 0 ? c.at[c.count - 1] : cast;
    CXType from = clang_getCursorType(bare(operand)), to = clang_getCursorType(cast);

    if (makes_pointer(cast) && pointer_made_by_function() == UNKNOWN) {
        find(cast, "pointer", "makes a pointer of a number");
    }
    if (is_shared_record(from) && !is_shared_record(to) &&
        clang_getCanonicalType(to).kind == CXType_Pointer) {
        find(cast, "raw", "looks at a neighbour's memory as if it were something else");
    }
    children_free(&c);
}

static void check_call(CXCursor call)
{
    const char *name = name_of(callee_of(call));
    bool known = (facts_of(usr_of(callee_of(call))) & BODY) != 0;
    int arguments = clang_Cursor_getNumArguments(call);

    if (trusted(TRUST_COPY, name, NULL) || is_accessor(callee_of(call))) {
        return;
    }
    for (int i = 0; i < arguments; i++) {
        CXCursor argument = clang_Cursor_getArgument(call, (unsigned)i);
        bool typed = is_shared_record(clang_getCursorType(argument));
        bool record = is_shared_record(clang_getCursorType(bare(argument)));
        if ((record && !typed) || (!known && value_of(argument) & SHARED)) {
            find(call, "raw", "gives a neighbour's memory to a function that is not told of it");
        }
    }
}

/* The operand of a dereference, subscript or member. */
static void check_access(CXCursor e, CXCursor base, bool address)
{
    bool pointer = clang_getCanonicalType(clang_getCursorType(base)).kind == CXType_Pointer;
    const char *record = record_of(clang_getCursorType(base), pointer);

    if (clang_getCursorKind(e) == CXCursor_MemberRefExpr && trusted(TRUST_RECORD, record, NULL)) {
        find(e, "raw", "touches a field that a neighbour writes, outside its accessors");
    } else if (!address && trusted(TRUST_REGISTERS, record, NULL)) {
        find(e, "raw", "touches a register, not by <quoll/mmio.h>");
    } else if (value_of(base) & SHARED &&
               (pointer || clang_getCursorKind(e) != CXCursor_MemberRefExpr)) {
        find(e, "raw", "reads or writes a neighbour's memory in place");
    }
}

/* &a.b[n].c: nothing is loaded until a pointer is followed, which the type says. */
static bool is_part(CXCursor base, enum CXCursorKind kind)
{
    bool around = kind == CXCursor_ParenExpr || kind == CXCursor_UnexposedExpr;
    bool part = kind == CXCursor_MemberRefExpr || kind == CXCursor_ArraySubscriptExpr;
    CXType type = clang_getCanonicalType(clang_getCursorType(bare(base)));

    return around || (part && type.kind != CXType_Pointer);
}

/* `address`: only the address of this is taken, nothing is touched. */
static void check_memory(CXCursor cursor, bool address)
{
    enum CXCursorKind kind = clang_getCursorKind(cursor);
    const char *operator= kind == CXCursor_UnaryOperator ? operator_of(cursor) : "";

    if (kind == CXCursor_UnaryExpr) {
        return; /* sizeof */
    }
    struct children c = children_of(cursor);

    if (kind == CXCursor_CStyleCastExpr) {
        check_cast(cursor);
    } else if (kind == CXCursor_CallExpr) {
        check_call(cursor);
    } else if ((strcmp(operator, "*") == 0 && !address) || kind == CXCursor_MemberRefExpr ||
               (kind == CXCursor_ArraySubscriptExpr && !address)) {
        if (c.count > 0) {
            check_access(cursor, c.at[0], address);
        }
    }
    for (unsigned i = 0; i < c.count; i++) {
        check_memory(c.at[i],
                     strcmp(operator, "&") == 0 || (address && i == 0 && is_part(c.at[i], kind)));
    }
    children_free(&c);
}

static void check_loops(CXCursor cursor)
{
    enum CXCursorKind kind = clang_getCursorKind(cursor);
    struct children c = children_of(cursor);

    if (kind == CXCursor_GotoStmt) {
        find(cursor, "loop", "jumps, perhaps back");
    }
    if (kind == CXCursor_ForStmt || kind == CXCursor_WhileStmt || kind == CXCursor_DoStmt) {
        check_loop(cursor);
    }
    for (unsigned i = 0; i < c.count; i++) {
        check_loops(c.at[i]);
    }
    children_free(&c);
}

void learn_end(CXCursor definition)
{
    learn_death(definition);
    learn_more(definition);
}

void check(CXCursor definition)
{
    function = name_of(definition);
    trusted_look_at(definition);
    if (is_accessor(definition)) {
        return;
    }
    check_memory(definition, false);
    check_loops(definition);
    if (calls_itself(definition)) {
        find(definition, "recursion", "comes to call itself");
    }
    (void)check_panics(definition, false);
}

static int compare(const void *a, const void *b)
{
    return strcmp(((const struct finding *)a)->text, ((const struct finding *)b)->text);
}

unsigned findings_print(void)
{
    unsigned printed = 0;

    qsort(findings, count, sizeof findings[0], compare);
    for (unsigned i = 0; i < count; i++) {
        if (i == 0 || strcmp(findings[i].text, findings[i - 1].text) != 0) {
            puts(findings[i].text);
            printed += 1;
        }
    }
    return printed;
}
