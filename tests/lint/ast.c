/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What libclang does not say directly. It names no operators and leaves out the parts of
 * a `for` that are not there; both are read from the source text between the parts.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lint.h"

static enum CXChildVisitResult collect(CXCursor cursor, CXCursor parent, CXClientData data)
{
    struct children *c = data;

    (void)parent;
    if ((c->count & (c->count - 1U)) == 0) {
        c->at = realloc(c->at, (c->count == 0 ? 1U : 2U * c->count) * sizeof *c->at);
    }
    c->at[c->count++] = cursor;
    return CXChildVisit_Continue;
}

struct children children_of(CXCursor cursor)
{
    struct children c = {0};

    clang_visitChildren(cursor, collect, &c);
    return c;
}

void children_free(struct children *children)
{
    free(children->at);
}

static CXCursor child(CXCursor cursor, unsigned number)
{
    struct children c = children_of(cursor);
    CXCursor found = number < c.count ? c.at[number] : clang_getNullCursor();

    children_free(&c);
    return found;
}

CXCursor bare(CXCursor cursor)
{
    for (;;) {
        enum CXCursorKind kind = clang_getCursorKind(cursor);
        CXCursor inner = clang_getNullCursor();

        if (kind == CXCursor_ParenExpr || kind == CXCursor_UnexposedExpr) {
            inner = child(cursor, 0);
        }
        if (clang_Cursor_isNull(inner) || !clang_isExpression(clang_getCursorKind(inner))) {
            return cursor;
        }
        cursor = inner;
    }
}

struct span {
    CXFile file;
    unsigned start, end;
};

static struct span span_of(CXCursor cursor)
{
    CXSourceRange range = clang_getCursorExtent(cursor);
    struct span span = {0};
    CXFile end_file;

    clang_getSpellingLocation(clang_getRangeStart(range), &span.file, NULL, NULL, &span.start);
    clang_getSpellingLocation(clang_getRangeEnd(range), &end_file, NULL, NULL, &span.end);
    return span;
}

static const char *text_of(CXCursor cursor, CXFile file, size_t *size)
{
    CXTranslationUnit unit = clang_Cursor_getTranslationUnit(cursor);
    const char *text = file != NULL ? clang_getFileContents(unit, file, size) : NULL;

    return text;
}

/* Operators stand alone between two places in the text; what else is there is a macro's. */
static const char *operator_between(CXCursor cursor, CXFile file, unsigned from, unsigned to)
{
    char found[4];
    size_t size, n = 0;
    const char *text = text_of(cursor, file, &size);

    if (text == NULL || from > to || to > size) {
        return "";
    }
    for (unsigned at = from; at < to; at++) {
        if (isspace((unsigned char)text[at]) || text[at] == '(' || text[at] == ')') {
            continue;
        }
        if (n == sizeof found - 1 || strchr("=<>!&|+-*/%^~,", text[at]) == NULL) {
            return "";
        }
        found[n++] = text[at];
    }
    found[n] = '\0';
    return facts_name(found);
}

const char *operator_of(CXCursor cursor)
{
    struct children c = children_of(cursor);
    struct span whole = span_of(cursor);
    const char *found = "";

    if (c.count == 2) {
        struct span left = span_of(c.at[0]), right = span_of(c.at[1]);
        found = operator_between(cursor, left.file, left.end, right.start);
    } else if (c.count == 1) {
        struct span operand = span_of(c.at[0]);
        found = operand.start > whole.start
                    ? operator_between(cursor, whole.file, whole.start, operand.start)
                    : operator_between(cursor, whole.file, operand.end, whole.end);
    }
    children_free(&c);
    return found;
}

/* The places of the two semicolons in the head of a `for`. */
static bool semicolons(CXCursor loop, unsigned at[2])
{
    struct span whole = span_of(loop);
    size_t size;
    const char *text = text_of(loop, whole.file, &size);
    unsigned found = 0;
    int depth = 0;

    for (unsigned i = whole.start; text != NULL && i < size && i < whole.end && found < 2; i++) {
        depth += text[i] == '(' || text[i] == '{';
        depth -= text[i] == ')' || text[i] == '}';
        if (text[i] == ';' && depth == 1) {
            at[found++] = i;
        }
    }
    return found == 2;
}

static CXCursor condition_of_for(CXCursor loop)
{
    struct children c = children_of(loop);
    CXCursor found = clang_getNullCursor();
    unsigned at[2];

    if (c.count == 4) {
        found = c.at[1];
    } else if (semicolons(loop, at)) {
        for (unsigned i = 0; i < c.count; i++) {
            struct span part = span_of(c.at[i]);
            if (part.start > at[0] && part.start < at[1]) {
                found = c.at[i];
            }
        }
    }
    children_free(&c);
    return found;
}

CXCursor condition_of(CXCursor loop)
{
    switch (clang_getCursorKind(loop)) {
    case CXCursor_ForStmt:
        return condition_of_for(loop);
    case CXCursor_DoStmt:
        return child(loop, 1);
    default:
        return child(loop, 0);
    }
}

CXCursor body_of(CXCursor loop)
{
    struct children c = children_of(loop);
    CXCursor body = clang_getCursorKind(loop) == CXCursor_DoStmt ? c.at[0] : c.at[c.count - 1];

    children_free(&c);
    return body;
}

static const char *keep(CXString string)
{
    const char *text = clang_getCString(string);
    const char *kept = facts_name(text == NULL ? "" : text);

    clang_disposeString(string);
    return kept;
}

const char *name_of(CXCursor cursor)
{
    const char *name = keep(clang_getCursorSpelling(cursor));
    char operation[256];

    if (clang_getCursorKind(cursor) != CXCursor_FieldDecl) {
        return name;
    }
    snprintf(operation, sizeof operation, ".%s", name);
    return facts_name(operation);
}

const char *file_of(CXCursor cursor)
{
    CXFile file;

    clang_getFileLocation(clang_getCursorLocation(cursor), &file, NULL, NULL, NULL);
    return keep(clang_getFileName(file));
}

/*
 * A USR of what is not external names the file without its folder: two may have one name. What a
 * header declares and a program defines has the header's.
 */
const char *usr_of(CXCursor cursor)
{
    char name[2048];
    CXCursor first = clang_getCanonicalCursor(cursor);
    const char *usr = keep(clang_getCursorUSR(first)), *path = "";

    if (usr[0] != '\0' && clang_getCursorLinkage(first) != CXLinkage_External) {
        path = file_of(first);
    }
    snprintf(name, sizeof name, "%s%s%s", path, path[0] != '\0' ? ":" : "", usr);
    return facts_name(name);
}

const char *record_of(CXType type, bool pointee)
{
    type = clang_getCanonicalType(type);
    if (pointee) {
        type = clang_getCanonicalType(clang_getPointeeType(type));
    }
    return type.kind == CXType_Record ? name_of(clang_getTypeDeclaration(type)) : "";
}

CXCursor callee_of(CXCursor call)
{
    CXCursor callee = clang_getCursorReferenced(call);

    return clang_Cursor_isNull(callee) ? clang_getCursorReferenced(bare(child(call, 0))) : callee;
}
