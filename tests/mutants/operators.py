# SPDX-License-Identifier: BSD-2-Clause
"""The operators: each finds lines in which it can make its mistake, and makes it.

They go by patterns, not by places, so they survive changes to the sources. An operator is
given all lines of a file and yields (number of the line from 0, the lines in its place).
"""
import re

KINDS = ("device protocol", "class protocol", "wake-up order", "plain C")
OPERATORS = []


def operator(kind, most):
    """Registers an operator; `most` is how many of its mutants are made of one file."""
    def register(function):
        OPERATORS.append((function.__name__.replace("_", " "), kind, most, function))
        return function
    return register


def statements(lines, pattern, replacement):
    """Lines that are a whole statement matching `pattern`."""
    for n, line in enumerate(lines):
        if re.fullmatch(r"\s+(\(void\))?" + pattern + r"\s*(/\*.*)?", line):
            indent = re.match(r"\s*", line)[0]
            yield n, [indent + replacement]


def conditions(lines, wanted=None):
    """Lines `if (...) {` that are complete: (number, indent, condition, next line)."""
    for n, line in enumerate(lines[:-1]):
        found = re.fullmatch(r"(\s+)if \((.*)\) \{\s*", line)
        if found and found[2].count("(") == found[2].count(")"):
            if wanted is None or re.search(wanted, lines[n + 1]):
                yield n, found[1], found[2], lines[n + 1]


def substitutions(lines, pattern, replacement, but=r"#|static_assert|^\s*(/?\*|//)|\bfor \("):
    for n, line in enumerate(lines):
        code = line.split("/*")[0]
        if not re.search(but, line) and re.search(pattern, code) and line.startswith((" ", "\t")):
            changed = re.sub(pattern, replacement, code, count=1)
            if changed != code:
                yield n, [changed.rstrip()]


# ---- Device protocol ----

@operator("device protocol", 1)
def acknowledge_dropped(lines):
    yield from statements(lines, r"microkit_irq_ack\(.*\);", ";")
    yield from statements(lines, r"mmio_write\d+\(&.*(acknowledge|icr).*\);", ";")


@operator("device protocol", 2)
def register_write_dropped(lines):
    yield from statements(lines, r"(mmio_write\d+|mmio_change\d+|write_address|write_control|write_compare|add_status)\(.*\);",
                          ";")


@operator("device protocol", 1)
def device_check_skipped(lines):
    for n, indent, condition, after in conditions(lines, r"return QUOLL_E|quoll_log\(|virtqueue_break|wrong ="):
        yield n, [f"{indent}if (0 && ({condition})) {{"]


@operator("device protocol", 1)
def poll_not_waited_for(lines):
    for n, line in enumerate(lines):
        if "mmio_wait32(" in line and line.startswith(" ") and "static" not in line:
            yield n, [re.sub(r"mmio_wait32\(([^;{]*)\)", r"(mmio_wait32(\1) || 1)", line, count=1)]


@operator("device protocol", 1)
def reset_not_done(lines):
    yield from substitutions(lines, r"\b(device->stop|net_device_stop|stop|virtio_reset)\((d|&device|)\)(?= [!=]= |\) \{|;)",
                             lambda m: "QUOLL_OK" if "d)" not in m[0] else "true", but=r"static|case|^\s*/?\*")


# ---- Class protocol ----

@operator("class protocol", 1)
def contract_check_skipped(lines):
    for n, indent, condition, after in conditions(lines, r"COUNT_REFUSED|return false|return QUOLL_E|return 0;|continue;"):
        yield n, [f"{indent}if (0 && ({condition})) {{"]


@operator("class protocol", 1)
def bound_let_go(lines):
    yield from substitutions(lines, r"(\S+(?: - \S+)?) (<=?|>=?) (\w+(?:->|\.)\w+(?: - \w+(?:->|\.)?\w*)?|[A-Z_]{4,})",
                             r"(\1 \2 \3 || 1)", but=r"#|static_assert|^\s*/?\*|for \(|while \(| \|\| |\?")


@operator("class protocol", 1)
def wrong_id(lines):
    yield from substitutions(lines, r"(\bid = )([^,;{}]+)([,;])", r"\1(\2) ^ 1U\3", but=r"for \(|uint32_t id = 0")
    yield from substitutions(lines, r"(\.id = )([^,;{}]+)([,}])", r"\1(\2) ^ 1U\3", but=r"VIRTIO_ID|\.id = 0")


@operator("class protocol", 1)
def refusal_not_counted(lines):
    yield from statements(lines, r"(link_count|count)\(.*COUNT_(REFUSED|DEVICE_ERRORS|BROKEN|DROPPED).*\);", ";")


@operator("class protocol", 1)
def answer_dropped(lines):
    yield from statements(lines, r"(respond|answer|report|tell|link_tell|give_back|finish|release)\(.*\);", ";")


# ---- Wake-up order ----

@operator("wake-up order", 2)
def fence_dropped(lines):
    yield from statements(lines, r"(atomic_thread_fence|dma_fence_\w+)\(.*\);", ";")


@operator("wake-up order", 1)
def signal_dropped(lines):
    yield from statements(lines, r"(link_signal|quoll_signal|link_publish|link_release)\(.*\);", ";")


@operator("wake-up order", 2)
def second_look_dropped(lines):
    call = r"!?\b(link_sleep|queue_sleep|queue_wait_for_room|virtqueue_sleep|net_device_rx_sleep|device->sleep)\(([^()]|\([^()]*\))*\)"
    yield from substitutions(lines, call, lambda m: f"({m[0]}, {0 if m[0][0] == '!' else 1})",
                             but=r"static|warn_unused|^\s*/?\*|#")
    for n, line in enumerate(lines):
        found = re.fullmatch(r"(\s+)return ((?:queue|virtqueue)_look\w*\(\w+\)) (==|<) (0|more);", line)
        if found:
            yield n, [f"{found[1]}return (void){found[2]}, true;"]


@operator("wake-up order", 2)
def publish_and_check_swapped(lines):
    for n, line in enumerate(lines[:-1]):
        first = re.match(r"\s+(atomic_store_explicit|\*used_event|queue->available->index =|queue->available->flags =)", line)
        if first and line.endswith(";") and re.match(r"\s+(atomic_thread_fence|dma_fence|return|atomic_store|queue->published)",
                                                     lines[n + 1]):
            if "return" not in lines[n + 1]:
                yield n, [lines[n + 1], line, None]


@operator("wake-up order", 1)
def published_too_late(lines):
    for n, line in enumerate(lines[:-1]):
        if re.match(r"\s+dma_fence_write\(\);", line) and lines[n + 1].endswith(";"):
            yield n, [lines[n + 1], line, None]


# ---- Plain C ----

@operator("plain C", 1)
def condition_negated(lines):
    for n, indent, condition, after in conditions(lines):
        yield n, [f"{indent}if (!({condition})) {{"]


@operator("plain C", 1)
def off_by_one(lines):
    yield from substitutions(lines, r" < (?=[\w(])", " <= ", but=r"#|static_assert|^\s*/?\*|<<")
    yield from substitutions(lines, r" - 1U\b", "", but=r"#|static_assert|^\s*/?\*|capacity - 1U|size - 1U")
    yield from substitutions(lines, r" > (?=[\w(])", " >= ", but=r"#|static_assert|^\s*/?\*|>>|->")


@operator("plain C", 1)
def constant_changed(lines):
    yield from substitutions(lines, r"\breturn (true|false);", lambda m: f"return {'false' if m[1] == 'true' else 'true'};")
    yield from substitutions(lines, r" = (true|false);", lambda m: f" = {'false' if m[1] == 'true' else 'true'};")
    yield from substitutions(lines, r" = 0;", " = 1;", but=r"for \(|unsigned n = 0|static|#")


@operator("plain C", 1)
def and_becomes_or(lines):
    yield from substitutions(lines, r" && ", " || ", but=r"#|static_assert|^\s*/?\*|while")


@operator("plain C", 1)
def step_wrong(lines):
    yield from substitutions(lines, r"( [+-]= )1U;", r"\g<1>2U;")
    yield from statements(lines, r"[\w.>\[\]-]+ [+-]= 1U?;", ";")
