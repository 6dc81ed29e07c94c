/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Runs as a whole: that networks on chips learn, where the other tests see to it that each step is
 * right. The task is the generated chorale, whose best possible NLL is known; knowing only how often
 * each note sounds costs data.marginal.
 */
#include "core_test.h"
#include "train.h"

static void run(struct snn_trainer *tr, const struct snn_config *c)
{
	volatile sig_atomic_t stop = 0;
	struct snn_error e = { "" };
	int r = snn_trainer_init(tr, c, false, &e);

	if (r == 0)
		r = snn_trainer_start(tr, &e);
	while (r == 0 && tr->epoch < c->train.epochs)
		r = snn_trainer_epoch(tr, &stop, NULL, &e);
	if (r < 0)
		fail_msg("%s", e.text);
}

/*
 * 88-260-88 with recurrence on ten chips. A network that learned nothing but frequencies is at the
 * marginal NLL at best, one whose tiles were mixed up well above; one nat below is far outside both.
 */
static void a_recurrent_network_learns_on_tiles(void **state)
{
	struct snn_trainer tr;
	struct snn_config c;
	struct snn_error e = { "" };
	const struct snn_assignment set[] = { { "task", "chorale" }, { "rule", "osttp" },
		{ "weights", "chips" }, { "network.hidden", "260" },
		{ "network.recurrent", "true" }, { "network.h_scale", "0.1" },
		{ "train.rate_hidden", "10" }, { "train.epochs", "2" } };

	(void)state;
	if (snn_config_load(&c, NULL, set, sizeof(set) / sizeof(set[0]), &e) < 0)
		fail_msg("%s", e.text);
	run(&tr, &c);
	assert_true(tr.row[1].test_nll < snn_dataset_marginal_nll(&tr.data, SNN_TEST) - 1);
	snn_trainer_done(&tr);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_recurrent_network_learns_on_tiles),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
