/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where values go: from sources (entries, registers, information, shared memory) through
 * variables, fields, parameters and returns, over all files, without regard to order. A
 * field of a struct is one fact for all objects of that type; which element of an array
 * is chosen says nothing about what is in it.
 */
#include <stdio.h>
#include <string.h>

#include "lint.h"

#define TOLD (PEER | WIDE)

/* ---- Names ---- */

const char *parameter_usr(CXCursor function, unsigned number)
{
    char name[2048];

    snprintf(name, sizeof name, "%s#%u", usr_of(function), number);
    return facts_name(name);
}

/* A parameter's number cannot be asked for: its function's parameters are looked through. */
const char *variable_usr(CXCursor variable)
{
    if (clang_getCursorKind(variable) == CXCursor_ParmDecl) {
        CXCursor function = clang_getCursorSemanticParent(variable);
        int count = clang_Cursor_getNumArguments(function);
        for (int i = 0; i < count; i++) {
            if (clang_equalCursors(clang_Cursor_getArgument(function, (unsigned)i), variable)) {
                return parameter_usr(function, (unsigned)i);
            }
        }
    }
    return usr_of(variable);
}

static bool is_one_of(const char *operator, const char * const * list)
{
    for (; *list != NULL; list++) {
        if (strcmp(operator, * list) == 0) {
            return true;
        }
    }
    return false;
}

static bool ends_in(const char *name, const char *const *endings)
{
    for (; *endings != NULL; endings++) {
        size_t length = strlen(name), of_end = strlen(*endings);
        if (length > of_end && strcmp(name + length - of_end, *endings) == 0) {
            return true;
        }
    }
    return false;
}

/* Of a queue's handle: what QUEUE_OF makes. */
static bool is_made_for_queue(CXCursor function, const char *const *endings)
{
    CXCursor first = clang_Cursor_getArgument(function, 0);
    const char *record =
        clang_Cursor_isNull(first) ? "" : record_of(clang_getCursorType(first), true);

    return (strncmp(record, "queue_", 6) == 0 && strstr(record, "_half") == NULL) &&
           ends_in(name_of(function), endings);
}

bool takes_entry(CXCursor function)
{
    static const char *const made[] = {"_peek", "_take", "_next", "_take_many", NULL};

    return is_made_for_queue(function, made);
}

bool is_accessor(CXCursor function)
{
    static const char *const made[] = {"_drop", "_put", "_add", "_put_many", "_slots", NULL};

    return trusted(TRUST_ACCESSOR, name_of(function), NULL) || takes_entry(function) ||
           is_made_for_queue(function, made);
}

/* What it returns is ours, whatever it is given: it tells of the neighbour by an argument. */
static bool answers_itself(CXCursor function)
{
    int argument;

    return is_accessor(function) ||
           (trusted(TRUST_SOURCE, name_of(function), &argument) && argument >= 0);
}

/* ---- Values ---- */

static unsigned value_of_binary(CXCursor expression)
{
    static const char *const truths[] = {"==", "!=", "<", "<=", ">", ">=", "&&", "||", NULL};
    static const char *const bounds[] = {"&", "%", NULL};
    struct children c = children_of(expression);
    const char *operator= operator_of(expression);
    unsigned left = value_of(c.at[0]), right = value_of(c.at[1]);

    children_free(&c);
    if (strcmp(operator, "=") == 0 || strcmp(operator, ",") == 0) {
        return right;
    }
    if (is_one_of(operator, truths)) {
        return (left | right) & PEER;
    }
    if (is_one_of(operator, bounds)) {
        return ((left | right) & ~(unsigned)WIDE) | (left & right & WIDE);
    }
    return left | right;
}

/* What is read through a pointer. */
static unsigned behind(unsigned pointer)
{
    return pointer & (SHARED | OUT) ? TOLD : pointer & TOLD;
}

static unsigned value_of_member(CXCursor expression)
{
    struct children c = children_of(expression);
    unsigned value = facts_of(usr_of(clang_getCursorReferenced(expression)));

    if (c.count > 0) {
        CXType type = clang_getCursorType(c.at[0]);
        bool pointer = clang_getCanonicalType(type).kind == CXType_Pointer;
        unsigned base = value_of(c.at[0]);
        bool told = trusted(TRUST_RECORD, record_of(type, pointer), NULL);
        value |= told ? TOLD : pointer ? behind(base) : base & TOLD;
    }
    children_free(&c);
    return value;
}

/* &shared[n], &shared->field: nothing is read. */
static unsigned address_of(CXCursor operand)
{
    struct children c = children_of(bare(operand));
    unsigned value = value_of(operand);

    if (c.count > 0 && value_of(c.at[0]) & SHARED) {
        value = SHARED;
    }
    children_free(&c);
    return value;
}

static unsigned value_of_unary(CXCursor expression)
{
    struct children c = children_of(expression);
    const char *operator= operator_of(expression);
    unsigned value = 0;

    if (c.count == 1) {
        value = strcmp(operator, "&") == 0   ? address_of(c.at[0])
                : strcmp(operator, "*") == 0 ? behind(value_of(c.at[0]))
                : strcmp(operator, "!") == 0 ? value_of(c.at[0]) & PEER
                                             : value_of(c.at[0]);
    }
    children_free(&c);
    return value;
}

static unsigned value_of_cast(CXCursor expression)
{
    struct children c = children_of(expression);
    unsigned value = 0;

    for (unsigned i = 0; i < c.count; i++) {
        if (clang_isExpression(clang_getCursorKind(c.at[i]))) {
            value = value_of(c.at[i]);
        }
    }
    children_free(&c);
    return value;
}

static unsigned value_of_call(CXCursor call)
{
    CXCursor callee = callee_of(call);
    const char *name = name_of(callee);
    int count = clang_Cursor_getNumArguments(call), argument;
    unsigned any = 0, all = TOLD;

    for (int i = 0; i < count; i++) {
        unsigned value = value_of(clang_Cursor_getArgument(call, (unsigned)i));
        any |= value;
        all &= value;
    }
    if (trusted(TRUST_SOURCE, name, &argument) && argument < 0) {
        return TOLD;
    }
    if (answers_itself(callee)) {
        return 0;
    }
    if (trusted(TRUST_LEAST, name, NULL)) {
        return (any & PEER) | all;
    }
    if (facts_of(usr_of(callee)) & BODY) {
        return facts_of(usr_of(callee)) & (TOLD | SHARED);
    }
    return strncmp(name, "__builtin_", strlen("__builtin_")) == 0 ? any & PEER : any & TOLD;
}

static unsigned value_of_children(CXCursor expression)
{
    struct children c = children_of(expression);
    unsigned value = 0;

    for (unsigned i = 0; i < c.count; i++) {
        value |= value_of(c.at[i]);
    }
    children_free(&c);
    return value;
}

static unsigned value_of_subscript(CXCursor expression)
{
    struct children c = children_of(expression);
    unsigned value = behind(value_of(c.at[0]));

    children_free(&c);
    return value;
}

static unsigned value_of_bare(CXCursor e)
{
    switch (clang_getCursorKind(e)) {
    case CXCursor_DeclRefExpr:
        return facts_of(variable_usr(clang_getCursorReferenced(e))) & (TOLD | SHARED | OUT);
    case CXCursor_MemberRefExpr:
        return value_of_member(e);
    case CXCursor_ArraySubscriptExpr:
        return value_of_subscript(e);
    case CXCursor_UnaryOperator:
        return value_of_unary(e);
    case CXCursor_BinaryOperator:
        return value_of_binary(e);
    case CXCursor_CStyleCastExpr:
        return value_of_cast(e) | (makes_pointer(e) ? pointer_made_by_function() & SHARED : 0);
    case CXCursor_CallExpr:
        return value_of_call(e);
    case CXCursor_UnaryExpr: /* sizeof */
        return 0;
    case CXCursor_InitListExpr:
    case CXCursor_CompoundLiteralExpr:
        return record_of(clang_getCursorType(e), false)[0] != '\0' ? 0 : value_of_children(e);
    default:
        return clang_isExpression(clang_getCursorKind(e)) ? value_of_children(e) : 0;
    }
}

static bool is_address(CXType type)
{
    enum CXTypeKind kind = clang_getCanonicalType(type).kind;

    return kind == CXType_Pointer || kind == CXType_ConstantArray || kind == CXType_IncompleteArray;
}

unsigned value_of(CXCursor expression)
{
    CXCursor e = bare(expression);
    unsigned value = value_of_bare(e);

    return is_address(clang_getCursorType(e)) ? value : value & ~(unsigned)SHARED;
}

bool mentions_peer(CXCursor expression)
{
    if (clang_getCursorKind(expression) == CXCursor_CallExpr &&
        answers_itself(callee_of(expression))) {
        return false; /* what it is given is its own matter */
    }
    struct children c = children_of(expression);
    bool found = (value_of(expression) & PEER) != 0;

    for (unsigned i = 0; i < c.count && !found; i++) {
        found = mentions_peer(c.at[i]);
    }
    children_free(&c);
    return found;
}
