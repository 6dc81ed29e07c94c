/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model.h"

/* Same order as pcm_model_names. */
static const struct pcm_model *const models[] = {
	&pcm_model_nandakumar2018,
	&pcm_model_ideal,
	&pcm_model_joshi2020,
	&pcm_model_hermes,
	&pcm_model_hermes2,
};

#define N_MODEL (sizeof(models) / sizeof(models[0]))

const char *const pcm_model_names[N_MODEL + 1] = {
	"nandakumar2018",
	"ideal",
	"joshi2020",
	"hermes",
	"hermes2",
	NULL,
};

const struct pcm_model *pcm_model_at(uint32_t i)
{
	return i < N_MODEL ? models[i] : NULL;
}
