# SPDX-License-Identifier: BSD-2-Clause
"""Each race (test_race_*.c) finds a field that is read twice, once to be checked and once to be
used: planted in the program that it is about."""
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent


def again(entry, queue):
    """The entry that was taken last, where it lies."""
    return f"((const struct {entry} *)(const void *){queue}.peer->entries)[({queue}.head - 1U) & ({queue}.capacity - 1U)]"


def again_of(entry, batch):
    return f"((const struct {entry} *)(const void *){batch}.entries)[({batch}.at - 1U) & {batch}.mask]"


# (race, source, what stands there, what is put in its place)
PLANTED = [
    ("net_rx_virt", "net/rx_virt.c", "        batch = deliver(",
     "        done = " + again_of("net_rx_done", "in") + ";\n        batch = deliver("),
    ("net_rx_copy_virt", "net/rx_copy_virt.c", "        const unsigned char *frame = pool_frame(",
     "        done = " + again_of("net_rx_done", "in") + ";\n        const unsigned char *frame = pool_frame("),
    ("net_tx_virt", "net/tx_head.h", "mac_at(head + SOURCE_MAC) != client->mac", "mac_at(data + SOURCE_MAC) != client->mac"),
    ("net_copier", "net/copier.c", "quoll_copy(copier.data + buffer.offset, copier.pool + frame.offset, bytes);",
     "buffer = " + again("net_frame", "client->in") + ";\n        quoll_copy(copier.data + buffer.offset, copier.pool + frame.offset, bytes);"),
    ("net_copier", "net/copier.c", "quoll_copy(copier.data + buffer.offset, copier.pool + frame.offset, length);",
     "buffer = " + again_of("net_frame", "buffers") + ";\n        quoll_copy(copier.data + buffer.offset, copier.pool + frame.offset, length);"),
    ("block_virt", "block/virt_client.c", "            enter(virt, client, &request);",
     "            request = " + again("block_request", "client->link.in") + ";\n            enter(virt, client, &request);"),
    ("block_virt", "block/virt.c", "        virt.disk = info;\n        virt_table_read",
     "        (void)link_told(&virt.device, &virt.disk, sizeof virt.disk);\n        virt_table_read"),
    ("timer_virt", "timer/virt.c", "    forget(client, request->id);\n    if",
     "    request = &" + again("timer_request", "client->link.in") + ";\n"
     "    timeout = &client->timeout[request->id];\n    forget(client, request->id);\n    if"),
    ("serial_tx_virt", "serial/tx_virt.c", "byte = harmless(client, byte);",
     "(void)harmless(client, byte);\n        (void)serial_bytes_peek(&client->in, &byte);"),
    ("net_client", "net/client.c", "frame->length = entry.length;",
     "frame->length = " + again("net_frame", "rx->link.in") + ".length;"),
    ("block_client", "block/client.c", "client->busy &= ~SLOT(done->id);",
     "done->id = " + again("block_response", "in[0]") + ".id;\n            client->busy &= ~SLOT(done->id);"),
    ("timer_client", "timer/client.c", "    uint64_t when = client->timeout[id].when;\n    uint64_t period = client",
     "    id = " + again("timer_expiry", "client->link.in") + ".id;\n"
     "    uint64_t when = client->timeout[id].when;\n    uint64_t period = client"),
    ("serial_client", "include/quoll/queue.h", "    q->room = q->capacity - used;",
     "    q->room = q->capacity - (q->tail - atomic_load_explicit(&q->peer->head, memory_order_acquire));"),
    ("timer_driver", "include/quoll/queue.h", "    q->ready = ready;\n    return ready;",
     "    q->ready = ready == 0 ? 0 : atomic_load_explicit(&q->peer->tail, memory_order_acquire) - head;\n"
     "    return q->ready;"),
    ("serial_driver", "include/quoll/queue.h", "    q->ready = ready;\n    return ready;",
     "    q->ready = ready == 0 ? 0 : atomic_load_explicit(&q->peer->tail, memory_order_acquire) - head;\n"
     "    return q->ready;"),
    ("virtio_net", "include/quoll/virtqueue.h", "{slot->cookie, length};", "{slot->cookie, entry->length};"),
    ("virtio_blk", "include/quoll/virtqueue.h", "    struct virtqueue_slot *slot = &t->slot[id];",
     "    id = entry->id;\n    struct virtqueue_slot *slot = &t->slot[id];"),
    ("gpt", "block/gpt.c", "add(gpt, header, &entry)", "add(gpt, header, (const struct raw_entry *)(const void *)at)"),
    ("counters_json", "examples/webserver/counters_json.c", "add_pd(&t, &copy, first);",
     "add_pd(&t, (const struct quoll_counters *)page, first);"),
    ("link_info", "core/link.c", "if (atomic_load_explicit(&peer->generation, memory_order_relaxed) != before) {",
     "if (before == 1) {"),
]
TRIES = 40  # what the second thread does is chance


def test_each_race_has_one():
    assert {p[0] for p in PLANTED} == {path.stem.removeprefix("test_race_") for path in HERE.glob("test_race_*.c")}


@pytest.mark.parametrize("name, source, right, wrong", PLANTED, ids=[f"{p[0]}-{Path(p[1]).stem}" for p in PLANTED])
def test_what_is_read_twice_is_found(name, source, right, wrong, tmp_path):
    text = (ROOT / source).read_text()
    assert text.count(right) == 1
    planted = tmp_path / source
    planted.parent.mkdir(parents=True)
    if source.endswith(".h") and not source.startswith("include/"):  # found beside those who include it
        for beside in (ROOT / source).parent.glob("*.[ch]"):
            shutil.copy(beside, planted.parent)
    planted.write_text(text.replace(right, wrong))
    subprocess.run(["make", "--no-print-directory", "-C", ROOT, "SETUP=no", "race-planted", f"NAME={name}",
                    f"PLANT={tmp_path}", f"SOURCE={source}"], check=True, capture_output=True)
    # A race that is lost ends while its second thread writes: nobody is to look for leaks then, and wait for it.
    environment = dict(os.environ, ASAN_OPTIONS="detect_leaks=0")
    for _ in range(TRIES):
        done = subprocess.run([tmp_path / "race"], capture_output=True, text=True, errors="replace", timeout=120, env=environment)
        if done.returncode != 0:
            break
    assert done.returncode != 0
    assert re.search(r"FAILED|AddressSanitizer|runtime error|racing: ", done.stdout + done.stderr)
