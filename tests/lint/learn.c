/* SPDX-License-Identifier: BSD-2-Clause */
/* What one function does with values, as facts for all others. */
#include <string.h>

#include "lint.h"

static CXCursor function; /* that is being looked at */

static void walk(CXCursor cursor);

/* Whoever is told through a parameter is told by the caller's peer. */
static void put_behind(CXCursor pointer, unsigned bits);

static void put(CXCursor place, unsigned bits)
{
    CXCursor e = bare(place);
    struct children c = children_of(e);

    switch (clang_getCursorKind(e)) {
    case CXCursor_DeclRefExpr:
        facts_add(variable_usr(clang_getCursorReferenced(e)), bits & ~(unsigned)OUT);
        break;
    case CXCursor_MemberRefExpr:
        facts_add(usr_of(clang_getCursorReferenced(e)), bits & ~(unsigned)OUT);
        break;
    case CXCursor_ArraySubscriptExpr:
    case CXCursor_UnaryOperator:
        put_behind(c.at[0], bits);
        break;
    default:
        break;
    }
    children_free(&c);
}

static void put_behind(CXCursor pointer, unsigned bits)
{
    CXCursor e = bare(pointer);
    struct children c = children_of(e);

    switch (clang_getCursorKind(e)) {
    case CXCursor_DeclRefExpr: {
        CXCursor variable = clang_getCursorReferenced(e);
        bool parameter = clang_getCursorKind(variable) == CXCursor_ParmDecl;
        facts_add(variable_usr(variable), parameter && (bits & PEER) ? OUT : bits);
        break;
    }
    case CXCursor_UnaryOperator:
        if (strcmp(operator_of(e), "&") == 0) {
            put(c.at[0], bits);
        }
        break;
    case CXCursor_BinaryOperator:
    case CXCursor_CStyleCastExpr:
        for (unsigned i = 0; i < c.count; i++) { /* pointer + number */
            enum CXTypeKind kind = clang_getCanonicalType(clang_getCursorType(bare(c.at[i]))).kind;
            if (kind == CXType_Pointer || kind == CXType_ConstantArray) {
                put_behind(c.at[i], bits);
            }
        }
        break;
    default:
        put(e, bits);
        break;
    }
    children_free(&c);
}

/* ---- Initialisers of structs: each value belongs to a field ---- */

struct fields {
    CXCursor at[64];
    unsigned count;
};

static enum CXVisitorResult add_field(CXCursor field, CXClientData data)
{
    struct fields *fields = data;

    if (fields->count < sizeof fields->at / sizeof fields->at[0]) {
        fields->at[fields->count++] = field;
    }
    return CXVisit_Continue;
}

static void initialise(CXCursor list)
{
    struct fields fields = {.count = 0};
    struct children values = children_of(list);

    clang_Type_visitFields(clang_getCanonicalType(clang_getCursorType(list)), add_field, &fields);
    for (unsigned i = 0; i < values.count; i++) {
        struct children c = children_of(values.at[i]);
        bool designated = c.count > 1 && clang_getCursorKind(c.at[0]) == CXCursor_MemberRef;
        if (designated) {
            facts_add(usr_of(clang_getCursorReferenced(c.at[0])), value_of(c.at[c.count - 1]));
        } else if (i < fields.count) {
            facts_add(usr_of(fields.at[i]), value_of(values.at[i]));
        }
        children_free(&c);
    }
    children_free(&values);
}

/* ---- Calls ---- */

static bool copies(const char *name)
{
    return strcmp(name, "memcpy") == 0 || strcmp(name, "memmove") == 0 ||
           strcmp(name, "__builtin_memcpy") == 0;
}

static void call(CXCursor e)
{
    CXCursor callee = callee_of(e);
    const char *name = name_of(callee);
    int count = clang_Cursor_getNumArguments(e), told = -1;

    calls_add(function, callee);
    if (trusted(TRUST_SOURCE, name, &told) && told >= 0 && told < count) {
        put_behind(clang_Cursor_getArgument(e, (unsigned)told), PEER | WIDE);
    } else if (takes_entry(callee)) {
        put_behind(clang_Cursor_getArgument(e, 1), PEER | WIDE);
    } else if (copies(name) && value_of(clang_Cursor_getArgument(e, 1)) & (PEER | SHARED)) {
        put_behind(clang_Cursor_getArgument(e, 0), PEER | WIDE);
    }
    if (!(facts_of(usr_of(callee)) & BODY) || is_accessor(callee) ||
        trusted(TRUST_COPY, name, NULL)) {
        return;
    }
    for (int i = 0; i < count; i++) {
        CXCursor argument = clang_Cursor_getArgument(e, (unsigned)i);
        facts_add(parameter_usr(callee, (unsigned)i), value_of(argument) & (PEER | WIDE | SHARED));
        if (facts_of(parameter_usr(callee, (unsigned)i)) & OUT) {
            put_behind(argument, PEER | WIDE);
        }
    }
}

/* ---- The walk ---- */

static void declare(CXCursor variable, const struct children *c)
{
    CXCursor last = c->count > 0 ? c->at[c->count - 1] : clang_getNullCursor();

    if (!clang_Cursor_isNull(last) && clang_isExpression(clang_getCursorKind(last))) {
        facts_add(variable_usr(variable), value_of(last) & (PEER | WIDE | SHARED));
    }
}

static void look_at(CXCursor e, const struct children *c)
{
    switch (clang_getCursorKind(e)) {
    case CXCursor_VarDecl:
        declare(e, c);
        break;
    case CXCursor_BinaryOperator:
        if (strcmp(operator_of(e), "=") == 0) {
            put(c->at[0], value_of(c->at[1]));
        }
        break;
    case CXCursor_CompoundAssignOperator:
        put(c->at[0], value_of(c->at[1]));
        break;
    case CXCursor_InitListExpr:
        if (record_of(clang_getCursorType(e), false)[0] != '\0') {
            initialise(e);
        }
        break;
    case CXCursor_ReturnStmt:
        if (c->count > 0) {
            facts_add(usr_of(function), value_of(c->at[0]) & (PEER | WIDE | SHARED));
        }
        break;
    case CXCursor_CallExpr:
        call(e);
        break;
    default:
        break;
    }
}

static void walk(CXCursor cursor)
{
    struct children c = children_of(cursor);

    look_at(cursor, &c);
    for (unsigned i = 0; i < c.count; i++) {
        walk(c.at[i]);
    }
    children_free(&c);
}

void learn(CXCursor definition)
{
    function = definition;
    trusted_look_at(definition);
    walk(definition);
}
