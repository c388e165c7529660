/* SPDX-License-Identifier: BSD-2-Clause */
#include "pool.h"

void pool_open(struct net_pool *pool)
{
    const struct quoll_region_config *own = &quoll_config.own;

    const unsigned char *data = (const unsigned char *)(uintptr_t)own->vaddr;

    pool->frames = data + NET_HEADROOM;
    pool->io = quoll_io_address(own);
    pool->coherent = own->coherent != 0;
    pool->buffers = least((uint32_t)(own->size / NET_BUFFER_SIZE), RX_LEDGER_BUFFERS);
    if (!pool->coherent) {
        cache_clean(data, own->size); /* no line of ours may fall on what the device writes */
    }
    link_open(&pool->driver, quoll_find_link(LINK_NET_RX_DEVICE, NULL, 0),
              sizeof(struct net_rx_buffer));
    pool->most = least(pool->buffers, pool->driver.out.capacity);
    pool->at_once = (least(pool->most, pool->driver.in.capacity) + 15U) / 16U;
    pool->by = pool->at_once;
}

void pool_refuse(struct net_pool *pool, struct rx_ledger *ledger, struct net_rx_done done)
{
    if (!rx_ledger_lent(ledger, done.id)) {
        link_count(&pool->driver, COUNT_REFUSED, 1);
        return;
    }
    link_count(&pool->driver, COUNT_REFUSED, done.length != 0);
    rx_ledger_hand_on(ledger, done.id, 0);
}

void pool_supply(struct net_pool *pool, struct rx_ledger *ledger, uint32_t most)
{
    struct queue_producer *out = &pool->driver.out;
    uint32_t stock = ledger->stock, with_driver = ledger->with_driver;
    uint32_t number = with_driver < most ? least(stock, most - with_driver) : 0;

    if (out->room < number) {
        number = least(number, queue_look_for_room(out));
    }
    struct queue_putting to = queue_putting_begin(out);
    struct net_rx_buffer buffer = {0};

    for (uint32_t left = stock - number; stock > left;) {
        buffer.id = rx_ledger_lend(ledger, --stock);
        buffer.address = pool_address(pool, buffer.id);
        (void)net_rx_buffers_add(&to, &buffer);
    }
    rx_ledger_lend_end(ledger, stock);
    queue_putting_end(out, &to);
}
