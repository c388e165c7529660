# SPDX-License-Identifier: BSD-2-Clause
#
# lwIP and its glue (net/lwip), as two archives: $(OUT)/liblwip.a for programs of any size, and
# $(OUT)/near/liblwip.a for those within one MiB (mk/programs.mk). A program that uses one
# compiles with $(LWIP_CFLAGS).
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
LWIP_GLUE    := $(foreach f,obj near,$(patsubst %.c,$(OUT)/$(f)/%.o,$(wildcard net/lwip/*.c)))

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

# A program's own sizes of pools, LWIP_POOLS_name, are in memp-name.o, linked before the archive.
# $(1): folder of objects, $(2): archive, $(3): further options
define lwip_archive
$(OUT)/$(1)/lwip/%.o: $(OUT)/obj/lwip/%.c net/lwip/lwipopts.h net/lwip/lwippools.h mk/lwip.mk mk/programs.mk
	@mkdir -p $$(@D)
	@echo "  CC      lwip/$$*.c$(if $(3), (near))"
	@$(CC_PD) $(PD_CFLAGS) $(LWIP_OPTIMISE) $(LWIP_CFLAGS) $(3) -w -c $$< -o $$@

$(OUT)/$(1)/lwip/memp-%.o: $(OUT)/obj/lwip/memp.c net/lwip/lwipopts.h net/lwip/lwippools.h mk/lwip.mk mk/programs.mk
	@mkdir -p $$(@D)
	@echo "  CC      lwip/memp.c ($$*)"
	@$(CC_PD) $(PD_CFLAGS) $(LWIP_OPTIMISE) $(LWIP_CFLAGS) $(3) $$(LWIP_POOLS_$$*) -w -c $$< -o $$@

$(2): $(LWIP_NAMES:%=$(OUT)/$(1)/lwip/%.o) $(filter $(OUT)/$(1)/%,$(LWIP_GLUE))
	@rm -f $$@
	@$(CROSS)gcc-ar rcs $$@ $$^
endef
$(eval $(call lwip_archive,obj,$(OUT)/liblwip.a,))
$(eval $(call lwip_archive,near,$(OUT)/near/liblwip.a,-mcmodel=tiny))
