# SPDX-License-Identifier: BSD-2-Clause
"""What a description becomes: PDs, regions, links, the Microkit's file, configurations."""

import ctypes
import json
import subprocess
import xml.etree.ElementTree as xml
from types import SimpleNamespace

import pytest
from config import NO_CHANNEL, NO_IO, read_config
from conftest import make_sdk
from test_world import use_tree

GOOD = """\
board: qemu_virt_aarch64
devices:
  console: {class: serial, node: /pl011@9000000}
  clock:   {class: timer,  node: /timer}
  nic:     {class: net,    node: /virtio_mmio@a003e00}
  disk:    {class: block,  node: /virtio_mmio@a000000}
clients:
  web:  {program: web.elf, nic: {mac: "52:54:00:00:00:10", rx: 64K, tx: 512K}, disk: {partition: site, access: read, data: 8M, quota: 16}, clock: , console: , settings: {ip: 10.0.2.16/24, name: a b, empty: }, observe: counters, stack: 128K, priority: 90}
  echo: {program: echo.elf, nic: {mac: "52:54:00:00:00:AB"}, clock: , console: , disk: {partition: log, access: write}}
"""

PDS = [  # name, program, priority, stack
    ("console_driver", "pl011.elf", 130, 0x2000),
    ("console_tx", "serial_tx_virt.elf", 120, 0x2000),
    ("clock_driver", "arm_timer.elf", 150, 0x2000),
    ("clock_virt", "timer_virt.elf", 140, 0x2000),
    ("nic_driver", "virtio_net.elf", 130, 0x2000),
    ("nic_rx", "net_rx_virt.elf", 120, 0x2000),
    ("nic_tx", "net_tx_virt.elf", 120, 0x2000),
    ("disk_driver", "virtio_block.elf", 130, 0x2000),
    ("disk_virt", "block_virt.elf", 120, 0x2000),
    ("web_nic_copy", "net_copier.elf", 110, 0x2000),
    ("web", "web.elf", 90, 0x20000),
    ("echo_nic_copy", "net_copier.elf", 110, 0x2000),
    ("echo", "echo.elf", 100, 0x10000),
    ("supervisor", "supervisor.elf", 200, 0x2000),
]
INDEX = {pd[0]: i for i, pd in enumerate(PDS)}

# Kind, up, down, what each produces: entries x bytes.
LINKS = [
    ("SERIAL_TX_DEVICE", "console_tx", "console_driver", (2048, 1), (1, 1)),
    ("TIMER_DEVICE", "clock_virt", "clock_driver", (16, 24), (16, 16)),
    ("NET_RX_DEVICE", "nic_rx", "nic_driver", (512, 16), (512, 8)),
    ("NET_TX_DEVICE", "nic_tx", "nic_driver", (256, 24), (256, 4)),
    ("BLOCK_DEVICE", "disk_virt", "disk_driver", (64, 32), (64, 8)),
    ("NET_RX_COPIER", "web_nic_copy", "nic_rx", (1, 8), (512, 8)),
    ("NET_RX_CLIENT", "web", "web_nic_copy", (256, 8), (256, 8)),
    ("NET_TX_CLIENT", "web", "nic_tx", (256, 8), (256, 8)),
    ("BLOCK_CLIENT", "web", "disk_virt", (64, 32), (64, 8)),
    ("TIMER_CLIENT", "web", "clock_virt", (64, 24), (128, 16)),
    ("SERIAL_TX_CLIENT", "web", "console_tx", (2048, 1), (1, 1)),
    ("NET_RX_COPIER", "echo_nic_copy", "nic_rx", (1, 8), (512, 8)),
    ("NET_RX_CLIENT", "echo", "echo_nic_copy", (256, 8), (256, 8)),
    ("NET_TX_CLIENT", "echo", "nic_tx", (256, 8), (256, 8)),
    ("TIMER_CLIENT", "echo", "clock_virt", (64, 24), (128, 16)),
    ("SERIAL_TX_CLIENT", "echo", "console_tx", (2048, 1), (1, 1)),
    ("BLOCK_CLIENT", "echo", "disk_virt", (64, 32), (64, 8)),
]
KINDS = ["NONE", "SERIAL_TX_DEVICE", "SERIAL_TX_CLIENT", "TIMER_DEVICE", "TIMER_CLIENT",
         "NET_RX_DEVICE", "NET_TX_DEVICE", "NET_RX_COPIER", "NET_RX_CLIENT", "NET_TX_CLIENT",
         "BLOCK_DEVICE", "BLOCK_CLIENT"]


def build(tool, text=GOOD, *more):
    done = tool.build(text, *more)
    assert (done.returncode, done.stderr) == (0, "")
    out = tool.directory / "out"
    tree = xml.parse(out / "system.system").getroot()
    return SimpleNamespace(
        out=out, xml=tree, json=json.loads((out / "system.json").read_text()),
        isolation=(out / "isolation.txt").read_text(),
        pds={pd.get("name"): pd for pd in tree.iter("protection_domain")},
        regions={r.get("name"): r for r in tree.iter("memory_region")},
        config=lambda name: read_config(out / f"{name}.elf"))


@pytest.fixture
def good(tool):
    return build(tool)


def maps(system, pd):
    """The first mapping of each region: an observer sees its own counters twice."""
    return {m.get("mr"): m for m in reversed(system.pds[pd].findall("map"))}


def number(element, name):
    return int(element.get(name), 0)


def link(config, kind, n=0):
    return [l for l in config.link[:config.links] if KINDS[l.kind] == kind][n]


# ---- Files ----

def test_files(good):
    expected = {f"{pd[0]}.elf" for pd in PDS} | {"system.system", "system.json", "isolation.txt",
                                                 "loader.img", "report.txt"}
    assert {p.name for p in good.out.iterdir()} == expected


def test_check_writes_nothing(tool):
    done = tool.check(GOOD)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert [p.name for p in tool.directory.iterdir()] == ["system.yaml"]


def test_building_again_gives_the_same(tool):
    def contents():
        return {p.name: p.read_bytes() for p in build(tool).out.iterdir()}
    assert contents() == contents()


# ---- Protection domains ----

def test_pds(good):
    pds = [(pd["name"], pd["program"], pd["priority"], pd["stack"]) for pd in good.json["pds"]]
    assert pds == PDS
    assert [pd["index"] for pd in good.json["pds"]] == list(range(len(PDS)))


def test_pds_in_the_file(good):
    for name, _, priority, stack in PDS:
        pd = good.pds[name]
        assert number(pd, "priority") == priority
        assert number(pd, "stack_size") == stack
        assert pd.get("passive") == "false"
        assert pd.find("program_image").get("path") == f"{name}.elf"


def test_only_drivers_have_a_budget(good):
    for name, pd in good.pds.items():
        budget = (number(pd, "budget"), number(pd, "period"))
        assert budget == ((9000, 10000) if name.endswith("_driver") else (200, 200))


def test_supervisor_is_everybodys_parent(good):
    (root,) = good.xml.findall("protection_domain")
    assert root.get("name") == "supervisor" and root.get("id") is None
    children = root.findall("protection_domain")
    assert [c.get("name") for c in children] == [pd[0] for pd in PDS[:-1]]
    assert [number(c, "id") for c in children] == list(range(len(PDS) - 1))


def test_supervisors_config(good):
    config = good.config("supervisor")
    assert (config.pd, config.children, config.links) == (13, 13, 13)
    for i, child in enumerate(config.link[:13]):
        assert (child.kind, child.name.decode(), child.peer_pd) == (0, PDS[i][0], i)
        assert (child.mine, child.peer, child.channel) == (0, 0, NO_CHANNEL)


# ---- Links and channels ----

def test_links(good):
    assert [(l["kind"], l["up"]["pd"], l["down"]["pd"],
             *((l[s]["capacity"], l[s]["entry_size"]) for s in ("up", "down")))
            for l in good.json["links"]] == LINKS


def test_link_regions(good):
    for _, up, down, produced, produced_down in LINKS:
        for a, b, (capacity, size) in ((up, down, produced), (down, up, produced_down)):
            name = f"{a}-to-{b}"
            assert number(good.regions[name], "size") == -(-(320 + capacity * size) // 4096) * 4096
            assert maps(good, a)[name].get("perms") == "rw"
            assert maps(good, b)[name].get("perms") == "r"
            mapped = [pd for pd in good.pds if name in maps(good, pd)]
            assert sorted(mapped) == sorted([a, b])


def test_channels(good):
    ends = [[(e.get("pd"), number(e, "id")) for e in c.findall("end")]
            for c in good.xml.findall("channel")]
    assert ends == [[(l[s]["pd"], l[s]["channel"]) for s in ("up", "down")]
                    for l in good.json["links"]]
    for end in good.xml.iter("end"):
        assert (end.get("pp"), end.get("notify")) == ("false", "true")
    for name in INDEX:
        used = [i for c in ends for pd, i in c if pd == name]
        used += [number(i, "id") for i in good.pds[name].findall("irq")]
        assert sorted(used) == list(range(len(used)))


def test_what_wakes_most_often_is_looked_at_first(good):
    channel = {(l[s]["pd"], l["down" if s == "up" else "up"]["pd"]): l[s]["channel"]
               for l in good.json["links"] for s in ("up", "down")}
    interrupt = number(good.pds["nic_driver"].findall("irq")[0], "id")
    assert [interrupt, channel["nic_driver", "nic_tx"], channel["nic_driver", "nic_rx"]] == [0, 1, 2]
    assert channel["nic_tx", "nic_driver"] == max(n for (pd, _), n in channel.items() if pd == "nic_tx")
    assert channel["nic_rx", "nic_driver"] == 0


def test_link_configs(good):
    for name in list(INDEX)[:-1]:
        config = good.config(name)
        mine = [(l, s) for l in good.json["links"] for s in ("up", "down") if l[s]["pd"] == name]
        assert config.links == len(mine)
        for got, (wanted, side) in zip(config.link, mine):
            peer = wanted["down" if side == "up" else "up"]
            assert KINDS[got.kind] == wanted["kind"]
            assert got.channel == wanted[side]["channel"]
            assert got.produce_capacity == wanted[side]["capacity"]
            assert got.consume_capacity == peer["capacity"]
            assert got.peer_pd == INDEX[peer["pd"]]
            assert got.mine == number(maps(good, name)[wanted[side]["half"]], "vaddr")
            assert got.peer == number(maps(good, name)[peer["half"]], "vaddr")


def test_link_names(good):
    def names(pd):
        return [l.name.decode() for l in good.config(pd).link[:good.config(pd).links]]
    assert names("web") == ["nic", "nic", "disk", "clock", "console"]
    assert names("echo") == ["nic", "nic", "clock", "console", "disk"]
    assert names("web_nic_copy") == ["web", "web"]
    assert names("nic_rx") == ["nic", "web", "echo"]
    assert names("nic_tx") == ["nic", "web", "echo"]
    assert names("nic_driver") == ["nic", "nic"]
    assert names("disk_virt") == ["disk", "web", "echo"]


# ---- What every PD has ----

def test_identity(good):
    for name, index in INDEX.items():
        config = good.config(name)
        assert (config.magic, config.version) == (0x6c6f7551, 1)
        assert config.name.decode() == name
        assert config.pd == index
        assert config.stack_top == 0x10000000000
        assert config.lives == number(maps(good, name)["lives"], "vaddr")
        assert config.counters == number(maps(good, name)[f"{name}-counters"], "vaddr")
        assert maps(good, name)[f"{name}-counters"].get("perms") == "rw"
        assert maps(good, name)["lives"].get("perms") == ("rw" if name == "supervisor" else "r")


def test_observer(good):
    config = good.config("web")
    assert config.observed_pages == len(PDS)
    seen = {}
    for m in good.pds["web"].findall("map"):
        if m.get("mr").endswith("-counters") and m.get("perms") == "r":
            seen[m.get("mr")] = number(m, "vaddr")
    assert seen == {f"{pd[0]}-counters": config.observed + 4096 * i for i, pd in enumerate(PDS)}
    for name in INDEX:
        if name != "web":
            assert good.config(name).observed == good.config(name).observed_pages == 0
            assert [r for r in maps(good, name) if r.endswith("-counters")] == [f"{name}-counters"]


def test_settings(good):
    raw = bytes(ctypes.string_at(ctypes.addressof(good.config("web")) + type(
        good.config("web")).settings.offset, 256))
    assert raw == b"ip=10.0.2.16/24\0name=a b\0empty=\0".ljust(256, b"\0")
    assert good.config("echo").settings == b""


@pytest.mark.parametrize("version, top", [("2.0.0", 1 << 40), ("2.0.1", 1 << 40),
                                          ("2.3.0", (1 << 40) - 0x2000)])
def test_stack_top(tool, version, top):
    tool.sdk = make_sdk(tool.directory / "sdk", version)
    assert build(tool).config("web").stack_top == top


# ---- Memory ----

def test_space(good):
    """From 0x10000000 up, aligned to the page size, with a page free after each."""
    for name, pd in good.pds.items():
        observed = good.config(name).observed or 1 << 63
        end = 0x10000000 - 4096
        for m in sorted(pd.findall("map"), key=lambda m: number(m, "vaddr")):
            region = good.regions[m.get("mr")]
            at = number(m, "vaddr")
            assert at % number(region, "page_size") == 0
            assert at - end >= (0 if at > observed else 4096)
            end = at + number(region, "size")


def test_page_sizes(good):
    large = {name for name, r in good.regions.items() if number(r, "page_size") == 0x200000}
    assert large == {"web-disk-data"}
    assert all(number(r, "page_size") in (0x1000, 0x200000) for r in good.regions.values())


def test_who_maps_data(good):
    wanted = {
        "nic-pool": {"nic_rx": "r", "web_nic_copy": "r", "echo_nic_copy": "r"},
        "nic-heads": {"nic_tx": "rw"},
        "web-nic-rx": {"web": "rw", "web_nic_copy": "rw"},
        "web-nic-tx": {"web": "rw", "nic_tx": "r"},
        "echo-nic-rx": {"echo": "rw", "echo_nic_copy": "rw"},
        "echo-nic-tx": {"echo": "rw", "nic_tx": "r"},
        "web-disk-data": {"web": "rw"},
        "echo-disk-data": {"echo": "rw"},
        "disk-scratch": {"disk_virt": "r"},
        "nic_driver-dma": {"nic_driver": "rw"},
        "disk_driver-dma": {"disk_driver": "rw"},
    }
    for region, who in wanted.items():
        assert {pd: maps(good, pd)[region].get("perms") for pd in good.pds
                if region in maps(good, pd)} == who


def test_data_sizes(good):
    def size(name):
        return number(good.regions[name], "size")
    assert size("nic-pool") == (128 + 2 * 64) * 2048
    assert size("nic-heads") == 256 * 256
    assert (size("web-nic-rx"), size("web-nic-tx")) == (64 << 10, 512 << 10)
    assert size("echo-nic-rx") == size("echo-nic-tx") == 128 * 2048
    assert (size("web-disk-data"), size("echo-disk-data")) == (8 << 20, 1 << 20)
    assert size("disk-scratch") == 64 << 10
    assert size("nic_driver-dma") == 0x11000


@pytest.mark.parametrize("clients, buffers", [(1, 192), (5, 448), (14, 1024), (16, 1024)])
def test_pool_grows_with_its_clients(tool, clients, buffers):
    lines = "".join(f'  c{i}: {{program: web.elf, nic: {{mac: "52:54:00:00:00:{i:02}"}}}}\n'
                    for i in range(clients))
    system = build(tool, GOOD.split("  web:")[0] + lines)
    assert number(system.regions["nic-pool"], "size") == buffers * 2048


def setvars(system, pd):
    return [(s.get("symbol"), s.get("region_paddr")) for s in system.pds[pd].findall("setvar")]


def test_io_addresses(good):
    told = {name: setvars(good, name) for name in good.pds if setvars(good, name)}
    assert told == {
        "nic_driver": [("quoll_io_0", "nic_driver-dma")],
        "nic_rx": [("quoll_io_0", "nic-pool")],
        "nic_tx": [("quoll_io_0", "nic-heads"), ("quoll_io_1", "web-nic-tx"),
                   ("quoll_io_2", "echo-nic-tx")],
        "disk_driver": [("quoll_io_0", "disk_driver-dma")],
        "disk_virt": [("quoll_io_0", "disk-scratch"), ("quoll_io_1", "web-disk-data"),
                      ("quoll_io_2", "echo-disk-data")],
    }


def view(region):
    return region.vaddr, region.size, region.io, region.coherent


def test_net_views(good):
    def at(pd, region):
        return number(maps(good, pd)[region], "vaddr")
    rx, tx, copier, web = map(good.config, ("nic_rx", "nic_tx", "web_nic_copy", "web"))
    assert view(rx.own) == (at("nic_rx", "nic-pool"), 256 * 2048, 0, 1)
    assert view(link(rx, "NET_RX_COPIER").data) == view(rx.own)
    assert view(link(copier, "NET_RX_COPIER").data) == (
        at("web_nic_copy", "nic-pool"), 256 * 2048, NO_IO, 1)
    assert view(link(copier, "NET_RX_CLIENT").data) == (
        at("web_nic_copy", "web-nic-rx"), 64 << 10, NO_IO, 0)
    assert view(link(web, "NET_RX_CLIENT").data) == (at("web", "web-nic-rx"), 64 << 10, NO_IO, 0)
    assert view(link(web, "NET_TX_CLIENT").data) == (at("web", "web-nic-tx"), 512 << 10, NO_IO, 1)
    assert view(tx.own) == (at("nic_tx", "nic-heads"), 256 * 256, 0, 1)
    assert view(link(tx, "NET_TX_CLIENT", 1).data) == (
        at("nic_tx", "echo-nic-tx"), 128 * 2048, 2, 1)


def test_block_views(good):
    virt, web = good.config("disk_virt"), good.config("web")
    assert view(virt.own) == (number(maps(good, "disk_virt")["disk-scratch"], "vaddr"), 65536, 0, 1)
    assert view(link(virt, "BLOCK_CLIENT").data) == (0, 8 << 20, 1, 1)
    assert link(web, "BLOCK_CLIENT").data.vaddr == number(maps(good, "web")["web-disk-data"],
                                                          "vaddr")


def test_timer_memory(good, tool):
    """3,072 bytes for each client, in whole pages, and nobody else's; a page at the least."""
    assert view(good.config("clock_virt").own) == (
        number(maps(good, "clock_virt")["clock-timeouts"], "vaddr"), 8192, NO_IO, 0)
    assert [(name, maps(good, name)["clock-timeouts"].get("perms")) for name in good.pds
            if "clock-timeouts" in maps(good, name)] == [("clock_virt", "rw")]
    alone = build(tool, GOOD.replace(", clock: ", ""))
    assert number(alone.regions["clock-timeouts"], "size") == 4096


def test_class_settings_on_both_ends(good):
    def mac(pd, kind, n=0):
        return bytes(link(good.config(pd), kind, n).settings.mac).hex(":")
    web, echo = "52:54:00:00:00:10", "52:54:00:00:00:ab"
    assert mac("web", "NET_RX_CLIENT") == mac("web", "NET_TX_CLIENT") == web
    assert mac("web_nic_copy", "NET_RX_CLIENT") == mac("web_nic_copy", "NET_RX_COPIER") == web
    assert mac("nic_rx", "NET_RX_COPIER", 0) == mac("nic_tx", "NET_TX_CLIENT", 0) == web
    assert mac("nic_rx", "NET_RX_COPIER", 1) == mac("nic_tx", "NET_TX_CLIENT", 1) == echo
    assert mac("nic_driver", "NET_RX_DEVICE") == "00:00:00:00:00:00"
    for pd, n in (("web", 0), ("disk_virt", 0)):
        block = link(good.config(pd), "BLOCK_CLIENT", n).settings.block
        assert (block.partition, block.writable, block.quota) == (b"site", 0, 16)
    for pd, n in (("echo", 0), ("disk_virt", 1)):
        block = link(good.config(pd), "BLOCK_CLIENT", n).settings.block
        assert (block.partition, block.writable, block.quota) == (b"log", 1, 32)


def test_colours_go_round(tool):
    lines = "".join(f"  c{i}: {{program: web.elf, console: }}\n" for i in range(7))
    system = build(tool, GOOD.split("  web:")[0] + lines +
                   "  named: {program: web.elf, console: {colour: blue}}\n"
                   "  plain: {program: web.elf, console: {colour: none}}\n")
    colours = [link(system.config("console_tx"), "SERIAL_TX_CLIENT", n).settings.colour
               for n in range(9)]
    assert colours == [1, 2, 3, 4, 5, 6, 1, 4, 0]


# ---- Devices ----

def test_device(good):
    nic = good.config("nic_driver")
    page = number(maps(good, "nic_driver")["mmio-a003000"], "vaddr")
    assert view(nic.device.registers[0]) == (page + 0xe00, 0x200, NO_IO, 0)
    assert view(nic.device.registers[1]) == (0, 0, 0, 0)
    assert view(nic.device.dma) == (number(maps(good, "nic_driver")["nic_driver-dma"], "vaddr"),
                                    0x11000, 0, 1)
    assert list(nic.device.interrupt) == [0, NO_CHANNEL, NO_CHANNEL, NO_CHANNEL]
    assert number(good.regions["mmio-a003000"], "phys_addr") == 0xa003000


def test_device_memory_is_uncached(good):
    for pd in good.pds:
        for name, m in maps(good, pd).items():
            assert m.get("cached") == ("false" if name.startswith("mmio-") else "true")
            if name.startswith("mmio-"):
                assert m.get("perms") == "rw" and pd.endswith("_driver")


def test_interrupts(good):
    irqs = {name: [(i.get("irq"), i.get("id"), i.get("trigger")) for i in pd.findall("irq")]
            for name, pd in good.pds.items() if pd.find("irq") is not None}
    assert irqs == {
        "console_driver": [("33", "0", "level")],
        "clock_driver": [("30", "0", "level")],  # private, the second of the node's four
        "nic_driver": [("79", "0", "edge")],
        "disk_driver": [("48", "0", "edge")],
    }


def test_shared_page_is_one_region(tool):
    done = tool.build(GOOD.replace("a000000", "a003c00"))
    assert "warning: disk: its registers share the page 0xa003000" in done.stderr
    tree = xml.parse(tool.directory / "out/system.system")
    assert [r.get("name") for r in tree.iter("memory_region")].count("mmio-a003000") == 1
    assert "  0xa003000: nic_driver, disk_driver\n" in (
        tool.directory / "out/isolation.txt").read_text()
    assert read_config(tool.directory / "out/disk_driver.elf").device.registers[0].vaddr % 4096 == (
        0xc00)


NODE = """
    bus@10000000 {
        #address-cells = <1>;
        #size-cells = <1>;
        ranges = <0x0 0x0 0x10000000 0x100000>;
        virtio@1800 { compatible = "virtio,mmio"; reg = <0x1800 0x1000>; interrupts = <0 7 1>; };
    };
"""


def test_bus_and_device_that_is_not_coherent(tool):
    use_tree(tool, NODE)
    system = build(tool, """\
board: qemu_virt_aarch64
devices:
  nic: {class: net, node: /bus@10000000/virtio@1800}
clients:
  web: {program: web.elf, nic: {mac: "52:54:00:00:00:10"}}
""")
    driver = system.config("nic_driver")
    assert {"mmio-10001000", "mmio-10002000"} <= set(system.regions)
    first = number(maps(system, "nic_driver")["mmio-10001000"], "vaddr")
    assert number(maps(system, "nic_driver")["mmio-10002000"], "vaddr") == first + 4096
    assert view(driver.device.registers[0]) == (first + 0x800, 0x1000, NO_IO, 0)
    assert maps(system, "nic_driver")["nic_driver-dma"].get("cached") == "false"
    assert driver.device.dma.coherent == 0
    assert system.config("nic_rx").own.coherent == 0
    assert maps(system, "nic_rx")["nic-pool"].get("cached") == "true"


# ---- Reports, shuffling, what the SDK's real tool would say ----

def test_isolation(good):
    assert "  nic: nic-pool, nic-heads, web-nic-tx, echo-nic-tx, nic_driver-dma\n" in good.isolation
    assert "  web-disk-data (8M)\n    writes: web\n    reads:  -\n" in good.isolation
    assert "  lives (4K)\n    writes: supervisor\n    reads:  all others\n" in good.isolation
    assert "  web <-> disk_virt\n" in good.isolation
    assert good.isolation.endswith("reach the other's device\n\n  none\n")


def test_client_without_devices(tool):
    system = build(tool, "board: qemu_virt_aarch64\ndevices: {}\nclients:\n  web: {program: web.elf}\n")
    assert [pd["name"] for pd in system.json["pds"]] == ["web", "supervisor"]
    assert system.config("web").links == 0


def test_readers_beside_a_writer(tool):
    assert tool.check(GOOD.replace("log, access: write", "site, access: write")).returncode == 0


def order(system):
    return [c.get("name") for c in system.xml.find("protection_domain").findall(
        "protection_domain")]


def test_shuffle(tool):
    plain = build(tool)
    one = build(tool, GOOD, "--shuffle", "1")
    again = build(tool, GOOD, "--shuffle", "1")
    two = build(tool, GOOD, "--shuffle", "2")
    assert order(one) == order(again) != order(two)
    assert sorted(order(one)) == sorted(order(plain)) and order(one) != order(plain)
    priorities = [[pd["priority"] for pd in s.json["pds"]] for s in (plain, one, again, two)]
    assert priorities[1] == priorities[2] != priorities[0]
    assert sorted(priorities[0]) == sorted(priorities[1]) == sorted(priorities[3])
    assert all(p[-1] == 200 for p in priorities)
    # Everything else is as it was.
    assert {c.get("name"): c.get("id") for c in one.pds.values()} == {
        c.get("name"): c.get("id") for c in plain.pds.values()}
    assert bytes(one.config("web")) == bytes(plain.config("web"))


def test_json_gives_texts_as_they_are(tool, tmp_path):
    """Names of files come from outside."""
    odd = tmp_path / "a\"b\\c.elf"
    subprocess.run(["cp", str(tool.programs[0] / "web.elf"), str(odd)], check=True)
    tool.programs.insert(0, tmp_path)
    system = build(tool, "board: qemu_virt_aarch64\ndevices: {}\n"
                         "clients:\n  web: {program: 'a\"b\\c.elf'}\n")
    assert system.json["pds"][0]["program"] == 'a"b\\c.elf'


# ---- The copying virtualiser ----

def with_copying(text, who):
    return text.replace("node: /virtio_mmio@a003e00}", f"node: /virtio_mmio@a003e00, copying: {who}}}")


@pytest.fixture
def copying(tool):
    return build(tool, with_copying(GOOD, "virtualiser"))


def test_copiers_unless_said(tool, good):
    said = build(tool, with_copying(GOOD, "copiers"))
    assert (said.json["pds"], said.json["links"]) == (good.json["pds"], good.json["links"])


def test_copying_needs_no_copiers(copying):
    pds = [(pd["name"], pd["program"], pd["priority"], pd["stack"]) for pd in copying.json["pds"]]
    assert pds == [(name, "net_rx_copy_virt.elf" if name == "nic_rx" else program, *rest)
                   for name, program, *rest in PDS if program != "net_copier.elf"]


def test_copying_links(copying):
    links = [(l["kind"], l["up"]["pd"], l["down"]["pd"],
              *((l[s]["capacity"], l[s]["entry_size"]) for s in ("up", "down")))
             for l in copying.json["links"]]
    assert links == [(kind, up, "nic_rx" if kind == "NET_RX_CLIENT" else down, *sizes)
                     for kind, up, down, *sizes in LINKS if kind != "NET_RX_COPIER"]


def test_copying_maps_what_clients_receive_into_the_virtualiser(copying):
    wanted = {
        "nic-pool": {"nic_rx": "r"},
        "web-nic-rx": {"web": "rw", "nic_rx": "rw"},
        "web-nic-tx": {"web": "rw", "nic_tx": "r"},
        "echo-nic-rx": {"echo": "rw", "nic_rx": "rw"},
        "echo-nic-tx": {"echo": "rw", "nic_tx": "r"},
    }
    for region, who in wanted.items():
        assert {pd: maps(copying, pd)[region].get("perms") for pd in copying.pds
                if region in maps(copying, pd)} == who
    assert number(copying.regions["nic-pool"], "size") == (128 + 2 * 32) * 2048


def test_copying_views(copying):
    def at(pd, region):
        return number(maps(copying, pd)[region], "vaddr")
    rx = copying.config("nic_rx")
    assert view(rx.own) == (at("nic_rx", "nic-pool"), 192 * 2048, 0, 1)
    for n, name, mac, size in ((0, "web", "52:54:00:00:00:10", 64 << 10),
                               (1, "echo", "52:54:00:00:00:ab", 256 << 10)):
        mine, theirs = link(rx, "NET_RX_CLIENT", n), link(copying.config(name), "NET_RX_CLIENT")
        assert mine.name.decode() == name
        assert view(mine.data) == (at("nic_rx", f"{name}-nic-rx"), size, NO_IO, 0)
        assert view(theirs.data) == (at(name, f"{name}-nic-rx"), size, NO_IO, 0)
        assert bytes(mine.settings.mac).hex(":") == mac
    assert setvars(copying, "nic_rx") == [("quoll_io_0", "nic-pool")]


def many_clients(copying, count):
    lines = "".join(f'  c{i}: {{program: echo.elf, nic: {{mac: "52:54:00:00:01:{i:02x}"}}}}\n'
                    for i in range(count))
    return with_copying(GOOD.split("  web:")[0], copying) + lines


def test_twice_as_many_clients_with_the_copying_virtualiser(tool):
    """Of 63 protection domains, 9 are for devices here and one is the supervisor."""
    pds = build(tool, many_clients("virtualiser", 52)).json["pds"]
    assert len(pds) == 62
    assert len(build(tool, many_clients("copiers", 26)).json["pds"]) == 62
    assert tool.check(many_clients("copiers", 32)).stderr == (
        "system.yaml: the system needs 74 protection domains; the Microkit has at most 63\n")
