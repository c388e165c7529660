# SPDX-License-Identifier: BSD-2-Clause
"""Short runs of the fuzzers: all inputs that are kept, then a fixed number of new ones,
always the same (make fuzz runs them for long); and that they find what is planted."""
import re
import shutil
import subprocess

import pytest

from campaign import CORPUS, ENVIRONMENT, HERE, options_of

ROOT = HERE.parent.parent
OUT = ROOT / "build" / "fuzz"
NAMES = sorted(path.stem.removeprefix("fuzz_") for path in HERE.glob("fuzz_*.c"))
# New inputs per target: a second or two each.
RUNS = {"block_virt": 1500, "net_tx_virt": 1500, "gpt": 1000, "disk_image": 1000}


pytestmark = pytest.mark.skipif(shutil.which("clang") is None,
                                reason="no clang (Debian packages clang, libclang-rt-dev)")


def fuzz(program, name, tmp_path, runs):
    """libFuzzer writes what is new into the first folder."""
    (tmp_path / "new").mkdir()
    folders = [tmp_path / "new"] + ([CORPUS / name] if (CORPUS / name).is_dir() else [])
    return subprocess.run([program, *options_of(name), "-seed=1", f"-runs={runs}", f"-artifact_prefix={tmp_path}/",
                           *folders], capture_output=True, text=True, errors="replace", timeout=300,
                          env=ENVIRONMENT)


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_found(name, tmp_path):
    done = fuzz(OUT / f"fuzz_{name}", name, tmp_path, RUNS.get(name, 4000))
    assert done.returncode == 0, done.stderr[-4000:]
    assert re.search(r"^Done \d+ runs", done.stderr, re.M), done.stderr[-4000:]


def test_every_corpus_has_its_fuzzer():
    assert sorted(path.name for path in CORPUS.iterdir()) == NAMES
    assert sum(path.stat().st_size for path in CORPUS.rglob("*") if path.is_file()) < 300 * 1024


# (target, source, what stands there, what is put in its place)
PLANTED = [
    ("net_rx_virt", "net/rx_virt.c", "used > out->tail - copier->returned", "false"),
    ("net_rx_virt", "net/pool.h", "rx_ledger_lent(ledger, done.id)", "done.id < ledger->buffers"),
    ("net_rx_virt", "net/rx_virt.c", "hand_on(&virt.ledger, done.id, copier->bit)", "hand_on(&virt.ledger, done.id, 0)"),
    ("net_rx_copy_virt", "net/rx_copy_virt.c", "return id < rx.pool.most && ", "return "),
    ("net_rx_copy_virt", "net/frames.h", "frame->length <= size - frame->offset", "frame->length <= size"),
    ("net_rx_copy_virt", "net/takers.h", "if (rx.key[i] == key) {", "if (rx.key[i] != key) {"),
    ("net_tx_virt", "net/tx_head.h", "mac_at(head + SOURCE_MAC) != client->mac", "mac_at(data + SOURCE_MAC) == 0"),
    ("net_tx_virt", "net/tx_head.h", "length <= client->size - offset", "length <= client->size"),
    ("net_copier", "net/copier.c", "if (link_still_up(&copier.virt))", "if (true)"),
    ("block_virt", "block/virt_client.c", "r->count <= client->info.blocks - r->block", "true"),
    ("serial_tx_virt", "serial/tx_virt.c", "byte <= '~'", "true"),
    ("timer_virt", "timer/virt.c", "request->id >= TIMER_IDS", "request->id > TIMER_IDS"),
    ("supervisor", "supervisor/supervisor.c", "child->faults <= MAX_FAULTS", "true"),
    ("virtio_net", "include/quoll/virtqueue.h", "length >= t->slot[id].limit", "length > 65536"),
    ("virtio_blk", "include/quoll/virtqueue.h", "length >= t->slot[id].limit", "(t->slot[id].limit != 0 && length >= t->slot[id].limit)"),
    ("pl011", "serial/driver.c", "        if (!device->put(byte)) {", "        if (!device->put(byte) && byte % 16U != 0) {"),
    ("arm_timer", "timer/driver.c", "quoll_now() >= driver.when", "quoll_now() + 9 >= driver.when"),
    ("block_client", "block/client.c", "(client->busy & SLOT(done->id)) != 0", "true"),
    ("net_client", "net/client.c", "at / NET_BUFFER_SIZE | at << (32U - BUFFER_SHIFT)", "at / NET_BUFFER_SIZE"),
    ("serial_client", "serial/client.c", "size < room ? size : room", "size <= room ? size : room + 1U"),
    ("timer_client", "timer/client.c", "expiry->status == QUOLL_OK && now < when", "false"),
    ("gpt", "block/gpt.c", "entry->last > header->last_usable", "false"),
    ("http", "examples/webserver/http.c", "r->path_length >= HTTP_PATH_MAX", "r->path_length > HTTP_PATH_MAX"),
]


@pytest.mark.parametrize("name, source, right, wrong", PLANTED, ids=[f"{p[0]}-{p[2]}" for p in PLANTED])
def test_what_is_planted_is_found(name, source, right, wrong, tmp_path):
    text = (ROOT / source).read_text()
    assert text.count(right) == 1
    planted = tmp_path / source
    planted.parent.mkdir(parents=True)
    if source.endswith(".h") and not source.startswith("include/"):  # found beside those who include it
        for beside in (ROOT / source).parent.glob("*.[ch]"):
            shutil.copy(beside, planted.parent)
    planted.write_text(text.replace(right, wrong))
    subprocess.run(["make", "--no-print-directory", "-C", ROOT, "SETUP=no", "fuzz-planted", f"NAME={name}",
                    f"PLANT={tmp_path}", f"SOURCE={source}"], check=True, capture_output=True)
    done = fuzz(tmp_path / "fuzzer", name, tmp_path, 100000)
    assert done.returncode != 0
    assert re.search(r"finding: |AddressSanitizer|runtime error", done.stderr), done.stderr[-4000:]
