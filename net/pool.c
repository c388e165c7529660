/* SPDX-License-Identifier: BSD-2-Clause */
#include "pool.h"

#include "frames.h"

void pool_memory_open(struct net_pool_memory *memory)
{
    const struct quoll_region_config *own = &quoll_config.own;

    memory->data = (const unsigned char *)(uintptr_t)own->vaddr;
    memory->io = quoll_io_address(own);
    memory->coherent = own->coherent != 0;
    memory->buffers = least((uint32_t)(own->size / NET_BUFFER_SIZE), RX_LEDGER_BUFFERS);
    if (!memory->coherent) {
        cache_clean(memory->data,
                    own->size); /* no line of ours may fall on what the device writes */
    }
}

uint32_t pool_link(struct link *driver, const struct net_pool_memory *memory)
{
    link_open(driver, quoll_find_link(LINK_NET_RX_DEVICE, NULL, 0), sizeof(struct net_rx_buffer));
    return least(memory->buffers, driver->out.capacity);
}

void pool_open(struct net_pool *pool)
{
    pool_memory_open(&pool->memory);
    rx_ledger_open(&pool->ledger, pool->memory.buffers);
    pool->most = pool_link(&pool->driver, &pool->memory);
    pool->plenty = pool->most - (pool->most + 15U) / 16U;
}

void pool_refuse(struct net_pool *pool, const struct net_rx_done *done)
{
    if (!rx_ledger_lent(&pool->ledger, done->id)) {
        link_count(&pool->driver, COUNT_REFUSED, 1);
        return;
    }
    link_count(&pool->driver, COUNT_REFUSED, done->length != 0);
    rx_ledger_hand_on(&pool->ledger, done->id, 0);
}

void pool_supply(struct net_pool *pool)
{
    struct queue_producer *out = &pool->driver.out;
    uint32_t stock = pool->ledger.stock;
    uint32_t number = least(stock, pool->most - pool->ledger.with_driver);

    if (out->room < number) {
        number = least(number, queue_look_for_room(out));
    }
    struct queue_putting to = queue_putting_begin(out);
    struct net_rx_buffer buffer = {0};

    for (uint32_t left = stock - number; stock > left;) {
        buffer.id = rx_ledger_lend(&pool->ledger, --stock);
        buffer.address = pool_address(&pool->memory, buffer.id);
        (void)net_rx_buffers_add(&to, &buffer);
    }
    rx_ledger_lend_end(&pool->ledger, stock);
    queue_putting_end(out, &to);
}
