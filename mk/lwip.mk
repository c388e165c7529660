# SPDX-License-Identifier: BSD-2-Clause
#
# lwIP and its glue (net/lwip), as one archive: $(OUT)/liblwip.a. A program that uses
# it compiles with $(LWIP_CFLAGS).
#
# lwIP takes most of a client's instructions, and gains by -O3 as our own code does not;
# its many small copies are worth the compiler's own code (-fbuiltin).
#
# lwIP is compiled as Debian ships it, but for two initialised variables (the first
# ephemeral port of TCP and of UDP): a restart could not restore them (core/start.S),
# and lwIP's own start sets both anyway, since there is a LWIP_RAND.

LWIP_CFLAGS  := -Inet/lwip -isystem $(LWIP)/src/include
LWIP_OPTIMISE := -O3 -fbuiltin
LWIP_NAMES   := def inet_chksum init ip mem memp netif pbuf sys tcp tcp_in tcp_out timeouts udp \
                ipv4/etharp ipv4/icmp ipv4/ip4 ipv4/ip4_addr netif/ethernet
LWIP_OBJECTS := $(LWIP_NAMES:%=$(OUT)/obj/lwip/%.o)
LWIP_GLUE    := $(patsubst %.c,$(OUT)/obj/%.o,$(wildcard net/lwip/*.c))

$(LWIP_GLUE): PD_CFLAGS += $(LWIP_OPTIMISE) $(LWIP_CFLAGS)
# The compiler does not name headers that lwIP's own include.
$(LWIP_GLUE): $(wildcard net/lwip/*.h) | $(LWIP)/.done

# $(1): folder of lwIP's, $(2): folder of ours
define lwip_rule
$(OUT)/obj/lwip/$(2)%.c: $(LWIP)/.done mk/lwip.mk
	@mkdir -p $$(@D)
	@sed 's/^static u16_t \(tcp\|udp\)_port = .*/static u16_t \1_port;/' $(LWIP)/src/$(1)$$*.c >$$@
endef
$(eval $(call lwip_rule,core/,))
$(eval $(call lwip_rule,netif/,netif/))

$(OUT)/obj/lwip/%.o: $(OUT)/obj/lwip/%.c net/lwip/lwipopts.h net/lwip/lwippools.h mk/lwip.mk mk/programs.mk
	@echo "  CC      lwip/$*.c"
	@$(CC_PD) $(PD_CFLAGS) $(LWIP_OPTIMISE) $(LWIP_CFLAGS) -w -c $< -o $@

# A program's own sizes of pools, LWIP_POOLS_name: memp-name.o, linked before the archive.
$(OUT)/obj/lwip/memp-%.o: $(OUT)/obj/lwip/memp.c net/lwip/lwipopts.h net/lwip/lwippools.h mk/lwip.mk mk/programs.mk
	@echo "  CC      lwip/memp.c ($*)"
	@$(CC_PD) $(PD_CFLAGS) $(LWIP_OPTIMISE) $(LWIP_CFLAGS) $(LWIP_POOLS_$*) -w -c $< -o $@

$(OUT)/liblwip.a: $(LWIP_OBJECTS) $(LWIP_GLUE)
	@rm -f $@
	@$(CROSS)gcc-ar rcs $@ $^
