# SPDX-License-Identifier: BSD-2-Clause
#
# The example `webserver`: its programs, its system image, its disk, and running it.

include mk/lwip.mk

EXAMPLE_DIR := examples/webserver
EXAMPLE_OUT := $(OUT)/example
EXAMPLE_PDS := $(EXAMPLE_OUT)/programs
BOARD_DTB   := $(BUILD)/boards/$(BOARD).dtb

SITE          ?= $(EXAMPLE_DIR)/site
export SITE
HTTP_PORT     ?= 8080
ECHO_UDP_PORT ?= 7007
ECHO_TCP_PORT ?= 7007

# ---- Programs ----

ECHO_OBJECTS := $(call near_of,$(EXAMPLE_DIR)/echo.c)
WEB_OBJECTS  := $(foreach s,$(filter-out %/echo.c,$(wildcard $(EXAMPLE_DIR)/*.c)),$(call object_of,$(s)))

$(WEB_OBJECTS) $(ECHO_OBJECTS): PD_CFLAGS += $(LWIP_CFLAGS)
$(WEB_OBJECTS) $(ECHO_OBJECTS): $(wildcard net/lwip/*.h) | $(LWIP)/.done

$(EXAMPLE_PDS)/web.elf: $(WEB_OBJECTS) $(OUT)/liblwip.a $(LINK_NEEDS)
	$(call quoll_link,$(WEB_OBJECTS) $(OUT)/liblwip.a,)

# What it sends over TCP are copies.
LWIP_POOLS_echo := -DLWIP_CONNECTIONS=16 -DLWIP_FRAMES=192 -DLWIP_COPIES=80

$(EXAMPLE_PDS)/echo.elf: $(ECHO_OBJECTS) $(OUT)/near/lwip/memp-echo.o $(OUT)/near/liblwip.a $(OUT)/near/libquoll.a $(LINK_NEEDS)
	$(call quoll_link,$(ECHO_OBJECTS) $(OUT)/near/lwip/memp-echo.o $(OUT)/near/liblwip.a,,$(OUT)/near/libquoll.a)

# ---- The system image ----

$(BOARD_DTB): boards/$(BOARD).mk | $(SETUP_STAMP)
	@mkdir -p $(@D)
	@$(call BOARD_DTB_COMMAND,$@) >$@.log 2>&1 || { cat $@.log >&2; exit 1; }

$(EXAMPLE_OUT)/loader.img: $(EXAMPLE_DIR)/system.yaml $(EXAMPLE_PDS)/web.elf \
        $(EXAMPLE_PDS)/echo.elf $(PROGRAM_ELFS) $(QUOLL) $(BOARD_DTB) $(SDK_STAMP)
	@echo "  QUOLL   $<"
	@$(QUOLL) build $< --dtb $(BOARD_DTB) --sdk $(SDK) --config $(CONFIG) \
	    --programs $(EXAMPLE_PDS) --programs $(PROGRAMS) -o $(EXAMPLE_OUT)

.PHONY: example
example: $(EXAMPLE_OUT)/loader.img

# ---- Running ----

.PHONY: disk
disk: | $(SETUP_STAMP)
	@sh $(EXAMPLE_DIR)/disk.sh "$$SITE" $(BUILD)/example/site.img

.PHONY: run
run: ports example disk
	@HTTP_PORT=$(HTTP_PORT) ECHO_UDP_PORT=$(ECHO_UDP_PORT) ECHO_TCP_PORT=$(ECHO_TCP_PORT) \
	    SDK_NAME=$(SDK_NAME) sh $(EXAMPLE_DIR)/run.sh $(BUILD)/example/site.img \
	    $(call BOARD_RUN_COMMAND,$(EXAMPLE_OUT)/loader.img)

$(BUILD)/example/ports: $(EXAMPLE_DIR)/host/ports.c | $(SETUP_STAMP)
	@mkdir -p $(@D)
	@$(CC) -std=c17 -O2 -D_GNU_SOURCE -Wall -Wextra -Werror $< -o $@

# First of all, so that nobody waits for a build to learn of it.
.PHONY: ports
ports: $(BUILD)/example/ports
	@$< HTTP_PORT=tcp:$(HTTP_PORT) \
	    ECHO_UDP_PORT=udp:$(ECHO_UDP_PORT) ECHO_TCP_PORT=tcp:$(ECHO_TCP_PORT)

