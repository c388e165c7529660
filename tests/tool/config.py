# SPDX-License-Identifier: BSD-2-Clause
"""struct quoll_config of <quoll/config.h>, read out of a program."""

import ctypes
import subprocess
from ctypes import c_char, c_uint8, c_uint16, c_uint32, c_uint64

NO_IO = 0xffffffff
NO_CHANNEL = 0xff


class Struct(ctypes.LittleEndianStructure):
    pass


class Region(Struct):
    _fields_ = [("vaddr", c_uint64), ("size", c_uint64), ("io", c_uint32), ("coherent", c_uint32)]


class Block(Struct):
    _fields_ = [("partition", c_char * 37), ("writable", c_uint8), ("reserved", c_uint8 * 2),
                ("quota", c_uint32)]


class Settings(ctypes.Union):
    _fields_ = [("mac", c_uint8 * 6), ("block", Block), ("colour", c_uint8),
                ("bytes", c_uint8 * 48)]


class Link(Struct):
    _fields_ = [("mine", c_uint64), ("peer", c_uint64), ("produce_capacity", c_uint32),
                ("consume_capacity", c_uint32), ("kind", c_uint8), ("channel", c_uint8),
                ("peer_pd", c_uint8), ("reserved", c_uint8 * 5), ("data", Region),
                ("name", c_char * 32), ("settings", Settings)]


class Device(Struct):
    _fields_ = [("registers", Region * 4), ("dma", Region), ("interrupt", c_uint8 * 4),
                ("reserved", c_uint32)]


class Config(Struct):
    _fields_ = [("magic", c_uint32), ("version", c_uint16), ("links", c_uint16),
                ("stack_top", c_uint64), ("lives", c_uint64), ("counters", c_uint64),
                ("observed", c_uint64), ("observed_pages", c_uint16), ("pd", c_uint8),
                ("children", c_uint8), ("reserved", c_uint32), ("name", c_char * 32),
                ("settings", c_char * 256), ("device", Device), ("own", Region),
                ("link", Link * 62)]


assert ctypes.sizeof(Config) == 8920


def read_config(path):
    """The configuration in a program: its symbol is in .rodata, so in a file's section."""
    lines = subprocess.run(["aarch64-linux-gnu-readelf", "-sW", "-SW", str(path)], check=True,
                           capture_output=True, text=True).stdout.splitlines()
    symbol = next(int(l.split()[1], 16) for l in lines if l.endswith(" quoll_config"))
    address, offset = next((int(w[0], 16), int(w[1], 16)) for w in
                           (l.split(" PROGBITS ")[1].split() for l in lines if " .rodata " in l))
    return Config.from_buffer_copy(path.read_bytes(), offset + symbol - address)
