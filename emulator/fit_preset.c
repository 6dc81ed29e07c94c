/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fit_preset.c - the twin as a preset file: what was estimated, with intervals; and what was not. */
#include "fit.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static void print_known(FILE *f, const struct fit_par_info *info, const struct fit_estimate *e)
{
	const struct pcm_param *p = pcm_param_find(info->key);
	double v = e->v * info->unit;
	v = v < p->min ? p->min : v > p->max ? p->max : v;
	fprintf(f, "%s: %.6g  # %s%s95 %%: %.4g .. %.4g\n", info->key, v, p->unit,
		*p->unit ? ", " : "", e->lo * info->unit, e->hi * info->unit);
}

int fit_preset_print(const struct fit_data *d, const struct fit_result *r, char **ret)
{
	size_t n = 0;
	FILE *f = open_memstream(ret, &n);
	if (!f)
		return -ENOMEM;
	fprintf(f,
		"# A digital twin of a board, fitted by pcm-fit to measurements of xbar characterise.\n"
		"# Open it: emu:?preset=THIS_FILE.yaml (with a slash or .yaml in the name)\n"
		"help: a twin fitted to measurements\n"
		"preset: nandakumar2018\n"
		"v_read: %.6g  # V, as the board says\n"
		"drift_t0: %.6g  # s, age at which conductances are meant, as they were measured\n",
		d->v_read, r->t0);
	for (int i = 0; i < FIT_N_PAR; i++) {
		if (r->par[i].is_known)
			print_known(f, &fit_par_table[i], &r->par[i]);
	}
	if (!r->par[FIT_G_MAX].is_known)
		fprintf(f, "g_max: %.6g  # S, as the board says\n", d->g_max * 1e-6);
	fputs("# Not told by the measurements, and left as in the preset above:\n", f);
	for (int i = 0; i < FIT_N_PAR; i++) {
		if (!r->par[i].is_known)
			fprintf(f, "# %s: %s\n", fit_par_table[i].key, r->par[i].why);
	}
	if (ferror(f) | fclose(f)) {
		free(*ret);
		return -ENOMEM;
	}
	return 0;
}
