/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fit_preset.c - the twin as a preset file: what was estimated, with intervals; and what was not. */
#include "fit.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

const struct fit_untold fit_untold_table[] = {
	{ "drift_t_min", "needs reads before drift sets in: drift --times 0.001,0.01,..." },
	{ "drift_t0", "a convention: the age at which staircases were read" },
	{ "reset_min", "no RESET came near a floor, if there is one" },
	{ "one_phase_sd",
		"counted as adc_noise_sd: only products in four phases would tell them apart" },
	{ "noisy_col_rate, missing_code_rate",
		"xbar selftest names such columns; they are left out" },
	{ "temperature", "all was measured at one" },
	{ "t_set, e_set and alike", "of a data sheet: no experiment takes times or energies" },
	{ NULL, NULL },
};

static double in_range(const struct pcm_param *p, double v)
{
	return v < p->min ? p->min : v > p->max ? p->max : v;
}

void fit_params(const struct fit_data *d, const struct fit_result *r, struct pcm_params *ret)
{
	pcm_params_default(ret);
	pcm_params_set(ret, "preset", FIT_BASE);
	ret->v_read = d->v_read;
	ret->drift_t0 = r->t0;
	ret->g_max = d->g_max * 1e-6;
	for (int i = 0; i < FIT_N_PAR; i++) {
		const struct pcm_param *p = pcm_param_find(fit_par_table[i].key);
		if (r->par[i].is_known)
			*(double *)((char *)ret + p->offset) =
				in_range(p, r->par[i].v * fit_par_table[i].unit);
	}
}

static void print_known(FILE *f, const struct fit_par_info *info, const struct fit_estimate *e)
{
	const struct pcm_param *p = pcm_param_find(info->key);
	fprintf(f, "%s: %.6g  # %s, 95 %%: %.4g .. %.4g\n", info->key,
		in_range(p, e->v * info->unit), p->unit, e->lo * info->unit, e->hi * info->unit);
}

static void print_all(FILE *f, const struct fit_data *d, const struct fit_result *r)
{
	fprintf(f,
		"# A digital twin of a board, fitted by pcm-fit to measurements of xbar characterise.\n"
		"# To open it: emu:?preset=THIS_FILE.yaml\n"
		"help: a twin fitted to measurements\n"
		"preset: " FIT_BASE "\n"
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
	for (const struct fit_untold *u = fit_untold_table; u->key; u++)
		fprintf(f, "# %s: %s\n", u->key, u->why);
}

int fit_preset_print(const struct fit_data *d, const struct fit_result *r, char **ret)
{
	size_t n = 0;
	FILE *f = open_memstream(ret, &n);
	if (!f)
		return -ENOMEM;
	print_all(f, d, r);
	bool is_bad = ferror(f);
	if (fclose(f) || is_bad) {
		free(*ret);
		return -ENOMEM;
	}
	return 0;
}
