/* SPDX-License-Identifier: BSD-2-Clause */
#include "scan.h"

#include <inttypes.h>
#include <string.h>

#include "lib/text.h"

#define MAX_SEGMENTS 64
#define WORD         4U

/*
 * Arm DDI 0487, C6.2 MSR (register) and MSRR: 1101 0101 0 p 0 1 o0 op1 CRn CRm op2 Rt,
 * p = 1 for MSRR; D19: CNTP_TVAL, CTL, CVAL_EL0 are op0 3, op1 3, CRn 14, CRm 2 and
 * op2 0, 1, 2.
 */
#define MSR_CNTP  0xd51be200U
#define MSR_MASK  0xffbfff00U /* either instruction, any op2 and Rt */
#define OP2(word) ((word) >> 5 & 7U)

static const char *const cntp[] = {"CNTP_TVAL_EL0", "CNTP_CTL_EL0", "CNTP_CVAL_EL0"};

static const char *written_register(uint32_t word)
{
    bool hit = (word & MSR_MASK) == MSR_CNTP && OP2(word) < sizeof cntp / sizeof cntp[0];

    return hit ? cntp[OP2(word)] : NULL;
}

bool scan_words(const void *bytes, uint64_t size, uint64_t address, struct timer_write *found)
{
    for (uint64_t at = -address % WORD; at + WORD <= size; at += WORD) {
        uint32_t word;
        memcpy(&word, (const unsigned char *)bytes + at, sizeof word);
        const char *name = written_register(word);
        if (name != NULL) {
            *found = (struct timer_write){address + at, name};
            return true;
        }
    }
    return false;
}

bool scan_for_timer_write(const struct elf_file *elf, struct timer_write *found)
{
    struct elf_segment segments[MAX_SEGMENTS];
    size_t count = elf_file_segments(elf, segments, MAX_SEGMENTS);

    for (size_t i = 0; i < count; i++) {
        const struct elf_segment *s = &segments[i];
        if (s->executable && scan_words(s->bytes, s->file_size, s->address, found)) {
            return true;
        }
    }
    return false;
}

struct symbol_search {
    uint64_t address;
    const char *text;
};

static bool covers(void *context, const char *name, struct elf_symbol symbol)
{
    struct symbol_search *search = context;

    if (search->address - symbol.address >= symbol.size) {
        return true;
    }
    search->text = text_format("%s + 0x%" PRIx64, name, search->address - symbol.address);
    return false;
}

const char *scan_symbol(const struct elf_file *elf, uint64_t address)
{
    struct symbol_search search = {.address = address};

    elf_file_each_symbol(elf, covers, &search);
    return search.text;
}
