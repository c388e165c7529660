# SPDX-License-Identifier: BSD-2-Clause
"""Does the attack matrix notice? Programs that ship, each with one check left out, among all
the others as they are; an attacker who could make use of it; and whom that hurts.

    planted.py [--rounds N] [NAME ...]

prints for each mistake what gave it away. The status is 1 if one was not noticed.
"""
import argparse
import shutil
import subprocess
import sys
from pathlib import Path

import matrix
from judging import KINDS, hurts, not_served_again, starved

# name: (attacker, program, (source, what stands there, what stands there instead) ...). What one
# check would let through and a second one catches is planted in both.
PLANTED = {
    "partition": ("mallory", "block_virt",
                  ("block/virt_client.c", "r->count <= client->info.blocks - r->block", "true")),
    "partition-start": ("mallory", "block_virt",
                        ("block/virt_client.c", "r->block < client->info.blocks &&", "true &&")),
    "block-data": ("mallory", "block_virt", ("block/virt_client.c", "length <= size - r->data", "true")),
    "block-not-sent": ("disk_driver", "block_virt",
                       ("block/ledger.h", "((ledger->used & ~ledger->unsent) & LEDGER_BIT(id)) != 0", "true"),
                       ("block/virt_client.c", "is_up(client) && (client->held & LEDGER_BIT(slot)) != 0", "is_up(client)")),
    "block-not-asked": ("disk_virt", "victim", ("block/client.c", "(client->busy & SLOT(done->id)) != 0", "true")),
    "life": ("mallory", "net_tx_virt",
             ("include/quoll/link.h", "    return link_peer_life(link) == up_in;", "    return (void)up_in, link->up;")),
    "tx-done": ("nic_driver", "net_tx_virt", ("net/tx_ledger.h", "id < TX_LEDGER_HEADS ? ", "id < TX_LEDGER_HEADS + 1000U ? ")),
    "tx-stock": ("nic_driver", "net_tx_virt", ("net/tx_done.h", "if (owner != IN_STOCK) {", "if (true) {")),
    "tx-data": ("mallory", "net_tx_virt", ("net/tx_head.h", "offset < client->places || (offset <= client->size && length <= client->size - offset)", "true")),
    "tx-address": ("mallory", "net_tx_virt", ("net/tx_head.h", "mac_at(head + SOURCE_MAC) != client->mac", "false")),
    "rx-range": ("nic_driver", "net_rx_virt",
                 ("net/rx_ledger.h", "id < ledger->buffers && ledger->holders[id] == RX_LEDGER_DRIVER",
                  "ledger->holders[id] == RX_LEDGER_DRIVER")),
    "copier-client": ("mallory", "net_copier",
                      ("net/frames.h", "!within(size, buffer) || ", "")),
    "copier-pool": ("nic_rx", "net_copier", ("net/copier.c", "!within(copier.pool_size, &frame)", "false")),
    "copying-client": ("mallory", "net_rx_copy_virt",
                       ("net/frames.h", "!within(size, buffer) || ", "")),
    "net-buffer": ("nic_tx", "victim", ("net/client.c", "pool->holder[index] == SERVER", "true")),
    "timer-id": ("mallory", "timer_virt", ("timer/virt.c", "request->id >= TIMER_IDS", "false")),
    "timer-early": ("clock_virt", "victim", ("timer/client.c", "expiry->status == QUOLL_OK && now < when", "false")),
    "serial-byte": ("mallory", "serial_tx_virt", ("serial/tx_virt.c", "byte <= '~'", "true")),
    "serial-line": ("mallory", "serial_tx_virt", ("serial/tx_virt.c", "virt.length == SERIAL_LINE_MAX", "false")),
    "queue-index": ("mallory", "timer_virt", ("include/quoll/queue.h", "__builtin_expect(ready > capacity, 0)", "false")),
}


def plant(folder, edits):
    """The sources with their mistakes, among copies of those beside them."""
    for source, right, wrong in edits:
        place = folder / source
        shutil.copytree((matrix.ROOT / source).parent, place.parent, dirs_exist_ok=True)
    for source, right, wrong in edits:
        text = (folder / source).read_text()
        assert text.count(right) == 1, f"{source} does not say once: {right}"
        (folder / source).write_text(text.replace(right, wrong))


def build(folder, kind, program, sources):
    subprocess.run(["make", "--no-print-directory", "-C", matrix.ROOT, "SETUP=no", "hostile-planted", f"PLANT={folder}",
                    f"PLANT_KIND={kind}", f"NAME={program}", f"SOURCE={' '.join(sources)}"], check=True, capture_output=True)
    return folder / kind


def seen_of(folder, kind, disk, attacker, instead, rounds, copying):
    """Whom the attacker hurts, in words."""
    def run(plan, instead=()):
        return matrix.run_sim(folder / "run", kind, disk, plan, copying, instead)

    nobody = matrix.rates_of(run(matrix.plan_of(matrix.NOBODY, 5)))
    honest = matrix.rates_of(run(matrix.plan_of(attacker, 40, honest=True)), attacker)
    said = run(matrix.plan_of(attacker, rounds * len(KINDS)), instead)
    assert said.phases, said.text[-1000:]  # it does run
    return hurts(said, attacker) + not_served_again(said, nobody) + starved(said, attacker, honest, together=rounds < 20)


def notice(name, folder, disk, rounds=matrix.VALUES, kinds=("checked", "asan")):
    """What gives a mistake away, by the first kind of programs that does; []: nothing."""
    attacker, program, *edits = PLANTED[name]
    plant(folder, edits)
    for kind in kinds:
        planted = build(folder, kind, program, [source for source, _, _ in edits])
        hurt = seen_of(folder, kind, disk, attacker, [planted], rounds, program == "net_rx_copy_virt")
        if hurt:
            return [f"{kind}: {what}" for what in hurt]
    return []


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=matrix.VALUES, help="of all kinds of attack")
    parser.add_argument("--keep", type=Path, default=matrix.BUILD / "hostile" / "planted")
    parser.add_argument("names", nargs="*", default=list(PLANTED))
    options = parser.parse_args()
    options.keep.mkdir(parents=True, exist_ok=True)
    disk = matrix.make_disk(options.keep / "disk.img")
    missed = 0
    for name in options.names:
        hurt = notice(name, options.keep / name, disk, options.rounds)
        missed += not hurt
        print(f"  {name:16} {PLANTED[name][0]:12} {hurt[0][:110] if hurt else 'NOT NOTICED'}", flush=True)
    print(f"{len(options.names)} mistakes planted, {len(options.names) - missed} noticed")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
