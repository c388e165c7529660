/* SPDX-License-Identifier: BSD-2-Clause */
#include "gpt_virtualiser.h"

#include "../block/gpt_reader.h"
#include "lib/text.h"

#define BLOCK     512U
#define MAX_COUNT 8U

const char *gpt_virtualiser_refuses(FILE *image, uint64_t blocks)
{
    uint8_t *memory = text_alloc(1, GPT_READER_MEMORY);
    struct gpt_reader *reader = text_alloc(1, sizeof *reader);
    struct gpt_read want;

    gpt_reader_start(reader, &(struct gpt_disk){blocks, BLOCK}, MAX_COUNT, memory);
    while (gpt_reader_wants(reader, &want)) {
        size_t bytes = (size_t)want.count * BLOCK;
        bool there = fseeko(image, (off_t)(want.block * BLOCK), SEEK_SET) == 0 &&
                     fread(memory + want.offset, 1, bytes, image) == bytes;
        gpt_reader_got(reader, there ? QUOLL_OK : QUOLL_EIO);
    }
    return reader->primary;
}
