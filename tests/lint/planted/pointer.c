/* SPDX-License-Identifier: BSD-2-Clause */
/* Pointers made of numbers. */
#include <quoll/block.h>
#include <quoll/link.h>

void *of_an_entry(struct link *link)
{
    struct block_request request;

    (void)block_requests_take(&link->in, &request);
    return (void *)(uintptr_t)request.data; /* lint: pointer */
}

const uint8_t *of_the_configuration(const struct quoll_link_config *config)
{
    return (const uint8_t *)(uintptr_t)config->data.vaddr; /* lint: pointer */
}

/* As it should be: of no number at all. */
const void *of_a_pointer(const struct quoll_link_config *config)
{
    return (const void *)config->name;
}
