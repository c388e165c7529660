# SPDX-License-Identifier: BSD-2-Clause
#
# What a packet costs, in guest instructions: bench/measure.py over the example's
# UDP echo, with the release configuration unless CONFIG says otherwise.

BENCH := $(BUILD)/bench

$(BENCH)/count.so: bench/count.c | $(SETUP_STAMP)
	@mkdir -p $(@D)
	@$(CC) -std=c17 -O2 -D_GNU_SOURCE -Wall -Wextra -Werror -shared -fPIC $< -o $@

$(BENCH)/udpload: bench/udpload.c | $(SETUP_STAMP)
	@mkdir -p $(@D)
	@$(CC) -std=c17 -O2 -D_GNU_SOURCE -Wall -Wextra -Werror $< -o $@

BENCH_PORT ?= 7107
BENCH_OPTIONS ?=

# The emulator as `make run` starts it, but headless, with a virtual clock that counts
# instructions, so that no wall-clock time decides what is executed.
BENCH_EMULATOR = $(BOARD_EMULATOR) -machine $(BOARD_MACHINE) -serial stdio -monitor none -icount shift=0 \
    -device loader,file=$(EXAMPLE_OUT)/loader.img,addr=0x70000000,cpu-num=0 \
    -drive if=none,id=disk,format=raw,readonly=on,file=$(BUILD)/example/site.img \
    -device virtio-blk-device,drive=disk,bus=virtio-mmio-bus.0 \
    -netdev user,id=nic,hostfwd=udp:127.0.0.1:$(BENCH_PORT)-10.0.2.17:7 \
    -device virtio-net-device,netdev=nic,bus=virtio-mmio-bus.31

.PHONY: bench
bench: example disk $(BENCH)/count.so $(BENCH)/udpload
	@/usr/bin/python3 bench/measure.py --label '$(SDK_NAME), $(CONFIG)' \
	    --emulator '$(BENCH_EMULATOR)' --report $(EXAMPLE_OUT)/report.txt \
	    --kernel $(SDK_BOARD)/elf/sel4.elf --plugin $(BENCH)/count.so --load $(BENCH)/udpload \
	    --port $(BENCH_PORT) --out $(BENCH)/$(SDK_NAME).json $(BENCH_OPTIONS)
