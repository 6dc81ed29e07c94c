/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * task_chorale.c - generated polyphony of the shape of the JSB chorales, with a known law.
 *
 * 88 keys (MIDI 21 .. 108). Four voices on the white keys of disjoint ranges between MIDI 43 and
 * 96, each sounding one note a step. The next pitch of a voice is drawn with integer weights:
 *
 *	weight(j) = momentum[last move][j - i] * harmony(j)
 *
 * i is its present pitch and j the next, as positions in its range; the last move is i minus the
 * pitch before, clamped to two positions (0 at the first step). Upper voices: harmony is 6 for
 * notes of the triad on the bass's present note, 1 for others; the bass prefers some degrees of the
 * scale. So a good prediction needs the last chord (harmony, place) and the one before (momentum):
 * a second-order process. The first chord is uniform over the ranges.
 *
 * Why `entropy` is the exact bound. Given the past, voices are independent and the probability p_k
 * of note k at the next step is known. A predictor of independent notes pays, in expectation over
 * the next step, sum_k -[p_k log q_k + (1 - p_k) log(1 - q_k)]: only the marginals p_k enter,
 * however notes depend on one another within a step (two notes of a voice exclude each other), and
 * each term is least at q_k = p_k, where it is h2(p_k), the entropy of one coin. Averaging
 * sum_k h2(p_k) over the steps of the actual pieces gives the least expected NLL; what is measured
 * on them differs only by the luck of the draws.
 *
 * For comparison (seed 1, NLL on test): each note's frequency 11.9, the best predictor from the last
 * chord alone 8.0, entropy 6.7; tests/trainer/test_task_chorale.c checks the order.
 *
 * The law is fixed; the seed draws the pieces. Draws use gsl_rng_uniform() of mt19937 and integer
 * weights, so the same seed gives the same pieces everywhere.
 */
#include "task_chorale.h"

#include <assert.h>
#include <errno.h>
#include <gsl/gsl_rng.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>
#include "dataset.h"

#define N_VOICE    4
#define MAX_RANGE  9
#define KEY_MIN    21 /* MIDI of input 0 */
#define MAX_MOVE   4  /* positions a voice moves in a step */
#define MAX_LAST   2  /* moves are remembered up to this */
#define STEPS_MIN  40
#define STEPS_SPAN 31 /* 40 .. 70 steps */
#define CHORD_TONE 6u

static const uint32_t pieces[SNN_N_SPLIT] = { 120, 40, 40 };

/* MIDI. Bass G2 - A3, tenor B3 - A4, alto B4 - A5, soprano B5 - C7. */
static const struct {
	uint32_t n;
	uint8_t midi[MAX_RANGE];
} voices[N_VOICE] = {
	{ 9, { 43, 45, 47, 48, 50, 52, 53, 55, 57 } },
	{ 7, { 59, 60, 62, 64, 65, 67, 69 } },
	{ 7, { 71, 72, 74, 76, 77, 79, 81 } },
	{ 9, { 83, 84, 86, 88, 89, 91, 93, 95, 96 } },
};

/* C = 0 .. B = 6, by pitch class; only white keys occur. */
static const uint8_t degree_of_class[12] = { 0, 0, 1, 0, 2, 3, 0, 4, 0, 5, 0, 6 };

/* The bass's liking of the degrees C .. B: tonic, dominant and subdominant lead. */
static const uint32_t bass_degree[7] = { 4, 1, 2, 3, 4, 2, 1 };

/* [last move + 2][move + 4]: a step is mostly followed by one the same way, a leap by a step back. */
static const uint32_t bass_momentum[2 * MAX_LAST + 1][2 * MAX_MOVE + 1] = {
	{ 1, 0, 2, 4, 10, 16, 3, 1, 0 },
	{ 2, 2, 3, 30, 6, 3, 2, 1, 2 },
	{ 5, 8, 2, 10, 6, 10, 2, 8, 5 },
	{ 2, 1, 2, 3, 6, 30, 3, 2, 2 },
	{ 0, 1, 3, 16, 10, 4, 2, 0, 1 },
};
static const uint32_t upper_momentum[2 * MAX_LAST + 1][2 * MAX_MOVE + 1] = {
	{ 0, 0, 1, 2, 8, 30, 4, 1, 0 },
	{ 0, 0, 4, 40, 10, 3, 1, 0, 0 },
	{ 0, 1, 4, 14, 6, 14, 4, 1, 0 },
	{ 0, 0, 1, 3, 10, 40, 4, 0, 0 },
	{ 0, 1, 4, 30, 8, 2, 1, 0, 0 },
};

static uint32_t degree(uint32_t voice, uint32_t position)
{
	return degree_of_class[voices[voice].midi[position] % 12];
}

/* Weights [n of the range] of a voice's next position; returns their sum, which is never 0. */
static uint32_t weigh(uint32_t voice, uint32_t now, int last_move, uint32_t bass, uint32_t *ret_w)
{
	int last = last_move < -MAX_LAST ? -MAX_LAST : last_move > MAX_LAST ? MAX_LAST : last_move;
	const uint32_t *momentum =
		voice ? upper_momentum[last + MAX_LAST] : bass_momentum[last + MAX_LAST];
	uint32_t root = degree(0, bass), sum = 0;

	for (uint32_t j = 0; j < voices[voice].n; j++) {
		int move = (int)j - (int)now;
		uint32_t above = (degree(voice, j) + 7 - root) % 7; /* the bass */
		bool is_chord_tone = above == 0 || above == 2 || above == 4;

		ret_w[j] = 0;
		if (move < -MAX_MOVE || move > MAX_MOVE)
			continue;
		ret_w[j] = momentum[move + MAX_MOVE];
		if (voice == 0)
			ret_w[j] *= bass_degree[degree(0, j)];
		else if (is_chord_tone)
			ret_w[j] *= CHORD_TONE;
		sum += ret_w[j];
	}
	return sum;
}

/* The index that u in [0, 1) chooses. u has 32 bits and sum fewer than 20: the product is exact. */
static uint32_t choose(const uint32_t *w, uint32_t sum, double u)
{
	double x = u * sum;
	uint32_t i = 0, below = w[0];

	assert(sum > 0);
	while ((double)below <= x)
		below += w[++i];
	return i;
}

/* Fill pos [N_VOICE] and before [N_VOICE] with the next step. */
static void advance(gsl_rng *rng, uint32_t *pos, uint32_t *before)
{
	uint32_t next[N_VOICE];

	for (uint32_t v = 0; v < N_VOICE; v++) {
		uint32_t w[MAX_RANGE];
		uint32_t sum = weigh(v, pos[v], (int)pos[v] - (int)before[v], pos[0], w);

		next[v] = choose(w, sum, gsl_rng_uniform(rng));
	}
	memcpy(before, pos, sizeof(next));
	memcpy(pos, next, sizeof(next));
}

static void generate_piece(struct snn_builder *b, gsl_rng *rng, enum snn_split split)
{
	uint32_t n_step = STEPS_MIN + (uint32_t)(STEPS_SPAN * gsl_rng_uniform(rng));
	uint32_t pos[N_VOICE], before[N_VOICE];

	for (uint32_t v = 0; v < N_VOICE; v++)
		pos[v] = before[v] = (uint32_t)(voices[v].n * gsl_rng_uniform(rng));
	snn_builder_piece(b, split);
	for (uint32_t t = 0; t < n_step; t++) {
		if (t)
			advance(rng, pos, before);
		for (uint32_t v = 0; v < N_VOICE; v++)
			snn_builder_note(b, (uint16_t)(voices[v].midi[pos[v]] - KEY_MIN));
		snn_builder_step(b);
	}
}

/*
 * The generator's seed for a split: the upper half of splitmix64's output (Steele, Lea and Flood,
 * OOPSLA 2014) for the state seed + split * its increment. So neighbouring seeds share nothing.
 */
static unsigned long split_seed(uint64_t seed, enum snn_split split)
{
	uint64_t z = seed + ((uint64_t)split + 1) * 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return (unsigned long)((z ^ z >> 31) >> 32);
}

/* Positions of the four voices at step t: they sound in ascending order, one note each. */
static void positions(const struct snn_seq *s, uint32_t t, uint32_t *ret)
{
	for (uint32_t v = 0; v < N_VOICE; v++) {
		uint32_t midi = s->note[s->begin[t] + v] + (uint32_t)KEY_MIN;

		ret[v] = 0;
		while (voices[v].midi[ret[v]] != midi)
			ret[v]++;
	}
}

void snn_chorale_predict(const struct snn_seq *s, uint32_t t, double *ret_p)
{
	uint32_t pos[N_VOICE], before[N_VOICE], w[MAX_RANGE];

	positions(s, t, pos);
	positions(s, t ? t - 1 : 0, before);
	memset(ret_p, 0, SNN_CHORALE_KEYS * sizeof(*ret_p));
	for (uint32_t v = 0; v < N_VOICE; v++) {
		uint32_t sum = weigh(v, pos[v], (int)pos[v] - (int)before[v], pos[0], w);

		for (uint32_t j = 0; j < voices[v].n; j++)
			ret_p[voices[v].midi[j] - KEY_MIN] = (double)w[j] / sum;
	}
}

/* Entropy of a coin, nats. */
static double h2(double p)
{
	return p > 0 && p < 1 ? -p * log(p) - (1 - p) * log1p(-p) : 0;
}

static double split_entropy(const struct snn_dataset *d, enum snn_split split)
{
	double p[SNN_CHORALE_KEYS], sum = 0, n = 0;

	for (uint32_t i = 0; i < d->n_seq[split]; i++) {
		const struct snn_seq *s = &d->seq[split][i];

		for (uint32_t t = 0; t + 1 < s->n_step; t++) {
			snn_chorale_predict(s, t, p);
			for (uint32_t k = 0; k < SNN_CHORALE_KEYS; k++)
				sum += h2(p[k]);
			n++;
		}
	}
	return sum / n;
}

static int chorale_load(struct snn_dataset *ret, const struct snn_config *c, struct snn_error *e)
{
	gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
	struct snn_builder b = { 0 };
	struct snn_dataset d;
	int r;

	if (!rng)
		return snn_fail(e, -ENOMEM, "task chorale: no memory");
	for (int s = 0; s < SNN_N_SPLIT; s++) {
		gsl_rng_set(rng, split_seed(c->seed, (enum snn_split)s));
		for (uint32_t i = 0; i < pieces[s]; i++)
			generate_piece(&b, rng, (enum snn_split)s);
	}
	gsl_rng_free(rng);
	r = snn_builder_finish(&b, SNN_CHORALE_KEYS, 0, &d);
	if (r < 0)
		return snn_fail(e, r, "task chorale: no memory");
	for (int s = 0; s < SNN_N_SPLIT; s++)
		d.entropy[s] = split_entropy(&d, (enum snn_split)s);
	*ret = d;
	return 0;
}

const struct snn_task snn_task_chorale = {
	.name = "chorale",
	.help = "generated polyphony of known entropy: four voices on 88 keys, no data needed",
	.load = chorale_load,
};
