/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "task_chorale.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "trainer_test.h"

#define N_KEY SNN_CHORALE_KEYS

static struct snn_dataset loaded(uint64_t seed)
{
	struct snn_dataset d;
	struct snn_error e = { "" };

	if (task_load(&snn_task_chorale, &d, seed, NULL, &e) < 0)
		fail_msg("%s", e.text);
	return d;
}

static bool same_pieces(const struct snn_dataset *a, const struct snn_dataset *b, int split)
{
	if (a->n_seq[split] != b->n_seq[split])
		return false;
	for (uint32_t i = 0; i < a->n_seq[split]; i++) {
		const struct snn_seq *s = &a->seq[split][i], *t = &b->seq[split][i];

		if (s->n_step != t->n_step || memcmp(s->begin, t->begin, (s->n_step + 1) * 4) ||
			memcmp(s->note, t->note, s->begin[s->n_step] * sizeof(*s->note)))
			return false;
	}
	return true;
}

static void same_seed_gives_the_same_pieces(void **state)
{
	struct snn_dataset a = loaded(1), b = loaded(1);

	(void)state;
	for (int s = 0; s < SNN_N_SPLIT; s++) {
		assert_true(same_pieces(&a, &b, s));
		assert_true(a.entropy[s] == b.entropy[s]);
	}
	snn_dataset_done(&a);
	snn_dataset_done(&b);
}

/* Seed 0 is a seed like any other, and neighbours share no split. */
static void other_seeds_give_other_pieces(void **state)
{
	static const uint64_t seeds[] = { 0, 1, 2, UINT64_MAX };

	(void)state;
	for (size_t i = 1; i < sizeof(seeds) / sizeof(seeds[0]); i++) {
		struct snn_dataset a = loaded(seeds[i - 1]), b = loaded(seeds[i]);

		for (int s = 0; s < SNN_N_SPLIT; s++)
			assert_false(same_pieces(&a, &b, s));
		snn_dataset_done(&a);
		snn_dataset_done(&b);
	}
}

static void pieces_have_four_voices_in_disjoint_ranges(void **state)
{
	/* MIDI, from the file comment of task_chorale.c. */
	static const uint16_t low[4] = { 43, 59, 71, 83 }, high[4] = { 57, 69, 81, 96 };
	struct snn_dataset d = loaded(1);

	(void)state;
	assert_int_equal(d.n_in, N_KEY);
	assert_int_equal(d.n_seq[SNN_TRAIN], 120);
	assert_int_equal(d.n_seq[SNN_VALID], 40);
	assert_int_equal(d.n_seq[SNN_TEST], 40);
	for (int s = 0; s < SNN_N_SPLIT; s++) {
		for (uint32_t i = 0; i < d.n_seq[s]; i++) {
			const struct snn_seq *q = &d.seq[s][i];

			assert_in_range(q->n_step, 40, 70);
			for (uint32_t t = 0; t < q->n_step; t++) {
				assert_int_equal(q->begin[t], 4 * t);
				for (uint32_t v = 0; v < 4; v++)
					assert_in_range(q->note[4 * t + v] + 21, low[v], high[v]);
			}
		}
	}
	snn_dataset_done(&d);
}

static void true_law_is_a_distribution_over_each_voice(void **state)
{
	struct snn_dataset d = loaded(3);
	double p[N_KEY];

	(void)state;
	for (uint32_t i = 0; i < d.n_seq[SNN_TEST]; i++) {
		const struct snn_seq *q = &d.seq[SNN_TEST][i];

		for (uint32_t t = 0; t + 1 < q->n_step; t++) {
			double sum = 0;

			snn_chorale_predict(q, t, p);
			for (uint32_t k = 0; k < N_KEY; k++) {
				assert_true(p[k] >= 0 && p[k] <= 1);
				sum += p[k];
			}
			assert_true(fabs(sum - 4) < 1e-12);
			for (uint32_t k = q->begin[t + 1]; k < q->begin[t + 2]; k++)
				assert_true(p[q->note[k]] > 0); /* what happened was possible */
		}
	}
	snn_dataset_done(&d);
}

/* NLL of one step, nats; a certain note that comes costs nothing. */
static double step_nll(const struct snn_seq *q, uint32_t t, const double *p)
{
	double nll = 0;
	uint32_t k = q->begin[t];

	for (uint32_t i = 0; i < N_KEY; i++) {
		if (k < q->begin[t + 1] && q->note[k] == i) {
			nll -= log(p[i]);
			k++;
		} else {
			nll -= log1p(-p[i]);
		}
	}
	return nll;
}

/* NLL of the true law on test minus the entropy, and the luck to be expected of it (one sigma). */
static double excess(const struct snn_dataset *d, double *ret_sigma)
{
	double p[N_KEY], sum = 0, square = 0, n = 0;

	for (uint32_t i = 0; i < d->n_seq[SNN_TEST]; i++) {
		const struct snn_seq *q = &d->seq[SNN_TEST][i];

		for (uint32_t t = 0; t + 1 < q->n_step; t++) {
			double nll;

			snn_chorale_predict(q, t, p);
			nll = step_nll(q, t + 1, p);
			sum += nll;
			square += nll * nll;
			n++;
		}
	}
	*ret_sigma = sqrt((square / n - sum / n * (sum / n)) / n);
	return sum / n - d->entropy[SNN_TEST];
}

/* The draws follow the law that `entropy` is computed from: within 4 sigma, whatever the seed. */
static void true_law_reaches_the_entropy(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 5; seed++) {
		struct snn_dataset d = loaded(seed);
		double sigma, e = excess(&d, &sigma);

		assert_true(sigma < 0.1);
		if (fabs(e) > 4 * sigma)
			fail_msg("seed %d: %.3f nats off, sigma %.3f", (int)seed, e, sigma);
		snn_dataset_done(&d);
	}
}

/*
 * Table of the best first-order predictor: of each voice's next note given its note and the bass's,
 * with one more count spread over the keys. It may look at 20 training sets.
 */
static double (*first_order(void))[N_KEY][N_KEY]
{
	double(*c)[N_KEY][N_KEY] = calloc(N_KEY, sizeof(*c));

	assert_non_null(c);
	for (uint64_t seed = 100; seed < 120; seed++) {
		struct snn_dataset d = loaded(seed);

		for (uint32_t i = 0; i < d.n_seq[SNN_TRAIN]; i++) {
			const struct snn_seq *q = &d.seq[SNN_TRAIN][i];

			for (uint32_t t = 0; t + 1 < q->n_step; t++) {
				for (uint32_t v = 0; v < 4; v++)
					c[q->note[4 * t]][q->note[4 * t + v]]
					 [q->note[4 * t + 4 + v]]++;
			}
		}
		snn_dataset_done(&d);
	}
	return c;
}

static double first_order_nll(const struct snn_dataset *d)
{
	double(*c)[N_KEY][N_KEY] = first_order();
	double nll = 0, n = 0;

	for (uint32_t i = 0; i < d->n_seq[SNN_TEST]; i++) {
		const struct snn_seq *q = &d->seq[SNN_TEST][i];

		for (uint32_t t = 0; t + 1 < q->n_step; t++) {
			double p[N_KEY] = { 0 };

			for (uint32_t v = 0; v < 4; v++) {
				const double *row = c[q->note[4 * t]][q->note[4 * t + v]];
				double sum = 1;

				for (uint32_t k = 0; k < N_KEY; k++)
					sum += row[k];
				for (uint32_t k = 0; k < N_KEY; k++)
					p[k] += (row[k] + 1.0 / N_KEY) / sum;
			}
			for (uint32_t k = 0; k < N_KEY; k++)
				p[k] = fmin(p[k], 1 - 1e-6);
			nll += step_nll(q, t + 1, p);
			n++;
		}
	}
	free(c);
	return nll / n;
}

/* Figures of the file comment of task_chorale.c: 11.9, 8.0, 6.7 (seed 1, test). */
static void entropy_first_order_and_marginal_are_as_documented(void **state)
{
	struct snn_dataset d = loaded(1);
	double marginal = snn_dataset_marginal_nll(&d, SNN_TEST), first = first_order_nll(&d);

	(void)state;
	printf("# entropy %.3f, first order %.3f, marginal %.3f\n", d.entropy[SNN_TEST], first,
		marginal);
	assert_true(fabs(d.entropy[SNN_TEST] - 6.7) < 0.05);
	assert_true(fabs(first - 8.0) < 0.1);
	assert_true(fabs(marginal - 11.9) < 0.05);
	snn_dataset_done(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_seed_gives_the_same_pieces),
		cmocka_unit_test(other_seeds_give_other_pieces),
		cmocka_unit_test(pieces_have_four_voices_in_disjoint_ranges),
		cmocka_unit_test(true_law_is_a_distribution_over_each_voice),
		cmocka_unit_test(true_law_reaches_the_entropy),
		cmocka_unit_test(entropy_first_order_and_marginal_are_as_documented),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
