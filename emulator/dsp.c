/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dsp.c - which kernels this processor runs. */
#include "kernels.h"
#include <stdbool.h>
#include <string.h>

static bool runs_everywhere(void)
{
	return true;
}

#ifdef PCM_HAVE_AVX2
static bool runs_avx2(void)
{
	return __builtin_cpu_supports("avx2");
}
#endif

#ifdef PCM_HAVE_AVX512
static bool runs_avx512(void)
{
	return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
		__builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}
#endif

/* Fastest first. */
static const struct {
	const struct pcm_dsp *dsp;
	bool (*runs)(void);
} table[] = {
#ifdef PCM_HAVE_AVX512
	{ &pcm_dsp_avx512, runs_avx512 },
#endif
#ifdef PCM_HAVE_AVX2
	{ &pcm_dsp_avx2, runs_avx2 },
#endif
	{ &pcm_dsp_c, runs_everywhere },
};

const struct pcm_dsp *pcm_dsp_at(unsigned i)
{
	for (unsigned j = 0; j < sizeof(table) / sizeof(table[0]); j++) {
		if (table[j].runs() && i-- == 0)
			return table[j].dsp;
	}
	return NULL;
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
