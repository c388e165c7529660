/* SPDX-License-Identifier: BSD-2-Clause */
/* lint TRUSTED FLAG... -- FILE...: 0 if there is nothing to say, 1 if there is, 2 if it cannot. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lint.h"

#define MOST_FUNCTIONS 4000
#define MOST_PASSES    50

static CXCursor functions[MOST_FUNCTIONS];
static unsigned count;
bool makes_pointer(CXCursor cast)
{
    CXCursor operand = bare(cast);
    struct children c = children_of(cast);

    operand = c.count > 0 ? bare(c.at[c.count - 1]) : operand;
    enum CXTypeKind from = clang_getCanonicalType(clang_getCursorType(operand)).kind;
    bool literal = clang_getCursorKind(operand) == CXCursor_IntegerLiteral;

    children_free(&c);
    return clang_getCanonicalType(clang_getCursorType(cast)).kind == CXType_Pointer &&
           from >= CXType_FirstBuiltin && from <= CXType_LastBuiltin && from != CXType_Void &&
           !literal;
}

unsigned pointer_made_by_function(void)
{
    bool own = trusted_here(TRUST_OWN);
    bool data = trusted_here(TRUST_DATA);

    return data ? SHARED : own ? 0 : UNKNOWN;
}

/*
 * Each function once, however many files include it; programs each have a pd_start(), and their
 * own of what a header that they include declares.
 */
static enum CXChildVisitResult collect(CXCursor cursor, CXCursor parent, CXClientData data)
{
    const char *usr = usr_of(cursor);
    bool own = clang_getCursorLinkage(cursor) == CXLinkage_External ||
               strcmp(file_of(cursor), file_of(clang_getCanonicalCursor(cursor))) != 0;

    (void)parent, (void)data;
    if (clang_getCursorKind(cursor) == CXCursor_FunctionDecl && clang_isCursorDefinition(cursor) &&
        !clang_Location_isInSystemHeader(clang_getCursorLocation(cursor)) &&
        (own || !(facts_of(usr) & BODY)) && count < MOST_FUNCTIONS) {
        facts_add(usr, BODY);
        functions[count++] = cursor;
    }
    return CXChildVisit_Continue;
}

static bool parse(CXIndex index, const char *file, const char *const *flags, int flag_count)
{
    CXTranslationUnit unit =
        clang_parseTranslationUnit(index, file, flags, flag_count, NULL, 0, CXTranslationUnit_None);
    unsigned wrong = 0;

    for (unsigned i = 0; unit != NULL && i < clang_getNumDiagnostics(unit); i++) {
        CXDiagnostic diagnostic = clang_getDiagnostic(unit, i);
        wrong += clang_getDiagnosticSeverity(diagnostic) >= CXDiagnostic_Error;
        clang_disposeDiagnostic(diagnostic);
    }
    if (unit == NULL || wrong > 0) {
        fprintf(stderr, "lint: %s does not compile\n", file);
        return false;
    }
    clang_visitChildren(clang_getTranslationUnitCursor(unit), collect, NULL);
    return true;
}

static void learn_all(void)
{
    for (unsigned pass = 0; pass < MOST_PASSES; pass++) {
        for (unsigned i = 0; i < count; i++) {
            if (!is_accessor(functions[i])) {
                learn(functions[i]);
            }
            learn_end(functions[i]);
        }
        if (!facts_changed()) {
            return;
        }
    }
    fprintf(stderr, "lint: no end in %d passes\n", MOST_PASSES);
    exit(2);
}

int main(int argc, char **argv)
{
    CXIndex index = clang_createIndex(1, 1);
    int files = 2;
    bool parsed = true;

    while (files < argc && strcmp(argv[files], "--") != 0) {
        files++;
    }
    if (files >= argc) {
        fprintf(stderr, "usage: lint TRUSTED FLAG... -- FILE...\n");
        return 2;
    }
    trusted_read(argv[1]);
    for (int i = files + 1; i < argc; i++) {
        parsed = parse(index, argv[i], (const char *const *)argv + 2, files - 2) && parsed;
    }
    if (!parsed) {
        return 2;
    }
    learn_all();
    for (unsigned i = 0; i < count; i++) {
        check(functions[i]);
    }
    unsigned wrong = findings_print() + trusted_unused();
    if (wrong > 0) {
        fprintf(stderr, "lint: %d files, %u functions, %u findings\n", argc - files - 1, count,
                wrong);
    }
    return wrong > 0;
}
