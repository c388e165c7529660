/* SPDX-License-Identifier: BSD-2-Clause */
#include "faults.h"

#include "text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static _Noreturn void misread(const char *text, const char *what)
{
    diag_fatal("--inject %s: %s", text, what);
}

/* The text up to the first of `ends`, which is passed over; `*end` says which it was. */
static char *take(const char **text, const char *ends, char *end)
{
    size_t length = strcspn(*text, ends);
    char *word = text_format("%.*s", (int)length, *text);

    *end = (*text)[length];
    *text += length + (*end != '\0');
    return word;
}

static uint64_t number(const char *word, const char *text)
{
    char *end;
    uint64_t value = strtoull(word, &end, 0);

    if (!isdigit((unsigned char)word[0]) || *end != '\0') {
        misread(text, text_format("'%s' is not a number", word));
    }
    return value;
}

static size_t find_pd(const struct description *d, const char *name, const char *text)
{
    for (size_t i = 0; i < d->pd_count; i++) {
        if (strcmp(d->pds[i].name, name) == 0) {
            return i;
        }
    }
    misread(text, text_format("there is no protection domain '%s'", name));
}

static uint64_t find_place(const struct program *program, const char *word, const char *text)
{
    struct elf_symbol symbol;

    if (isdigit((unsigned char)word[0])) {
        return number(word, text);
    }
    if (!elf_file_symbol(program->elf, word, &symbol)) {
        misread(text, text_format("there is no symbol '%s' in '%s'", word, program->path));
    }
    return symbol.address;
}

static void find_target(struct injection *fault, const char *word, const char *text)
{
    uint64_t index = word[0] == 'x' ? strtoul(word + 1, NULL, 10) : 0;

    if (strcmp(word, "instruction") == 0) {
        fault->kind = INJECT_INSTRUCTION;
    } else if (isdigit((unsigned char)word[0])) {
        fault->kind = INJECT_MEMORY;
        fault->address = number(word, text);
    } else if (strcmp(word, "sp") == 0 || strcmp(word, "pc") == 0) {
        fault->address = word[0] == 's' ? REGISTER_SP : REGISTER_PC;
    } else if (index <= 30 && strcmp(word, text_format("x%lu", index)) == 0) {
        fault->address = index;
    } else {
        misread(text, text_format("'%s' is no register, address or 'instruction'", word));
    }
}

void faults_add(struct system *system, const struct description *d, const struct program *programs,
                const char *text)
{
    struct injection fault = {.kind = INJECT_REGISTER, .time = 1};
    const char *at = text;
    char end;

    if (system->injection_count == MAX_FAULTS) {
        misread(text, text_format("there are %d already", MAX_FAULTS));
    }
    fault.pd = (uint32_t)find_pd(d, take(&at, "@", &end), text);
    fault.place = find_place(&programs[fault.pd], take(&at, "#+:", &end), text);
    if (end == '#') {
        fault.time = number(take(&at, "+:", &end), text);
    }
    if (end == '+') {
        fault.count = number(take(&at, ":", &end), text);
    }
    if (end != ':') {
        misread(text, "PD@PLACE[#TIME][+COUNT]:WHAT=VALUE");
    }
    find_target(&fault, take(&at, "=", &end), text);
    fault.value = number(at, text);
    system->injections[system->injection_count++] = fault;
}
