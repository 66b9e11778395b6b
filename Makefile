# SPDX-License-Identifier: GPL-2.0
# Hyperspace: module, tool, tests.  "make help" lists what there is.

KVER    ?= $(shell selftests/kver.sh)
KDIR    ?= /lib/modules/$(KVER)/build
BUILD   := $(CURDIR)/build
# Where below build/ the module goes.
MODDIR  ?= $(KVER)
OUT     := $(BUILD)/$(MODDIR)
VERSION := $(shell sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' dkms.conf)
DESTDIR ?=
PREFIX  ?= /usr
DKMSSRC := $(DESTDIR)/usr/src/hyperspace-$(VERSION)
# Trees that are not the system's, for tests: --dkmstree and the like.
DKMSFLAGS ?=

all: module vctl

# The module is built from a copy, as DKMS does it: several kernels can be
# built from one tree, side by side, and the tree stays clean.
module:
	@mkdir -p $(OUT)/src
	@cp -Rpu Kbuild Kconfig dkms.conf COPYING kmod include $(OUT)/src/
	+$(MAKE) -C $(KDIR) M=$(OUT)/src $(if $(W),W=$(W)) $(if $(C),C=$(C)) $(if $(HS_DEBUG),HS_DEBUG=$(HS_DEBUG)) modules
	@cp $(OUT)/src/hyperspace.ko $(OUT)/hyperspace.ko

vctl:
	+$(MAKE) -C tools/vctl OUT=$(BUILD) TOP=$(CURDIR) VERSION=$(VERSION)

guests:
	+$(MAKE) -C selftests/guests OUT=$(BUILD)/guests

# For stock kernels as guests.
initrds:
	for k in 6.1 6.12 6.1-amd64; do \
		selftests/guests/linux/mkinitrd "$$(selftests/lab/lab kernel $$k)" $(BUILD)/guests/initrd-$$k || exit 1; \
	done

install: all
	install -D -m 0644 $(OUT)/hyperspace.ko $(DESTDIR)/lib/modules/$(KVER)/updates/hyperspace.ko
	[ -n "$(DESTDIR)" ] || depmod -a $(KVER)
	$(MAKE) install-tools

install-tools: vctl
	install -D -m 0755 $(BUILD)/vctl $(DESTDIR)$(PREFIX)/sbin/vctl
	install -D -m 0644 Documentation/vctl.8 $(DESTDIR)$(PREFIX)/share/man/man8/vctl.8
	install -D -m 0644 tools/vctl/completion.bash $(DESTDIR)$(PREFIX)/share/bash-completion/completions/vctl
	install -D -m 0644 tools/install/90-hyperspace.rules $(DESTDIR)$(PREFIX)/lib/udev/rules.d/90-hyperspace.rules
	install -D -m 0644 tools/install/hyperspace.conf $(DESTDIR)/lib/modprobe.d/hyperspace.conf

dkms-source:
	rm -rf $(DKMSSRC)
	mkdir -p $(DKMSSRC)
	cp -r Kbuild Kconfig dkms.conf COPYING kmod include $(DKMSSRC)/

# With DESTDIR it lays out files for a package; that system's DKMS is not here.
dkms-install: dkms-source install-tools
	$(if $(DESTDIR),,$(MAKE) dkms-register)

# The version may be there already, from an earlier state of this tree.
dkms-register: dkms-forget
	dkms add -m hyperspace -v $(VERSION) $(DKMSFLAGS)
	dkms build -m hyperspace -v $(VERSION) -k $(KVER) $(DKMSFLAGS)
	dkms install -m hyperspace -v $(VERSION) -k $(KVER) $(DKMSFLAGS)

dkms-forget:
	if command -v dkms >/dev/null && dkms status -m hyperspace -v $(VERSION) $(DKMSFLAGS) | grep -q .; then \
		dkms remove -m hyperspace -v $(VERSION) --all $(DKMSFLAGS); \
	fi

uninstall:
	$(if $(DESTDIR),,$(MAKE) dkms-forget)
	rm -rf $(DKMSSRC)
	rm -f $(DESTDIR)/lib/modules/*/updates/hyperspace.ko
	rm -f $(DESTDIR)$(PREFIX)/sbin/vctl $(DESTDIR)$(PREFIX)/share/man/man8/vctl.8
	rm -f $(DESTDIR)$(PREFIX)/share/bash-completion/completions/vctl
	rm -f $(DESTDIR)$(PREFIX)/lib/udev/rules.d/90-hyperspace.rules $(DESTDIR)/lib/modprobe.d/hyperspace.conf
	[ -n "$(DESTDIR)" ] || depmod -a

# --- what a user types first ---

run check check-full bench matrix:
	@selftests/needs.sh $@
	@selftests/$(if $(filter bench,$@),bench/bench,$@) $(if $(filter check%,$@),$(JOBS))

clean:
	rm -rf $(BUILD)

help:
	@echo 'make            module for kernel $(KVER) and vctl, in build/ (W=1 C=1 for warnings and sparse)'
	@echo 'make run        in the lab: two guests, one a stock Linux; then a prompt'
	@echo 'make check      unit tests, fuzz corpora, models, kselftests in the lab (6.1 and 6.12)'
	@echo 'make check-full the same, longer, with the debug kernel and other schedules'
	@echo 'make bench      cost per exit and fault, beside KVM'
	@echo 'make matrix     module for every supported kernel, W=1 C=1, and DKMS on each'
	@echo 'make install | dkms-install | uninstall'

.PHONY: all module vctl guests initrds install install-tools dkms-source dkms-install \
	dkms-register dkms-forget uninstall run check check-full bench matrix clean help
