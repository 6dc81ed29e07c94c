/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * emu_config.h - the query of an emu: URI. Every row of pcm_param_table is a key; besides there are
 * chips, preset (applied first wherever it stands) and state.
 */
#ifndef EMU_CONFIG_H
#define EMU_CONFIG_H

#include "backend.h"
#include "pcm.h"

#define EMU_N_CHIP_MAX     64
#define EMU_N_CHIP_DEFAULT 2

struct emu_config {
	struct pcm_params prm;
	uint32_t n_chip;
	char preset[XBAR_URI_MAX + 1]; /* name or full path; "" if none was named */
	struct pcm_params base;        /* what it says */
	char state[XBAR_URI_MAX + 1];  /* path of the file that keeps the board, or "" */
};

/* -EINVAL, -ERANGE with a message. */
int emu_config_parse(struct emu_config *ret, const struct xbar_uri *uri, struct xbar_message *msg);

/*
 * The complete URI of the board without its state file: what the state itself depends on. -EINVAL
 * if it does not fit. Values that are the preset's anyway are left out.
 */
int emu_config_print(const struct emu_config *c, char *buf, size_t n, struct xbar_message *msg);

void emu_config_help(xbar_help_row *row, void *user);

#endif
