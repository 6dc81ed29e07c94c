/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "kernels.h"
#include <string.h>

const struct pcm_dsp *pcm_dsp_at(unsigned i)
{
	return i == 0 ? &pcm_dsp_c : NULL;
}

const struct pcm_dsp *pcm_dsp_find(const char *name)
{
	const struct pcm_dsp *d;
	for (unsigned i = 0; (d = pcm_dsp_at(i)); i++) {
		if (!name || !strcmp(name, d->name))
			return d;
	}
	return NULL;
}
