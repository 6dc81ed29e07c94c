/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rule_ptncn.c - the parallel temporal neural coding network with local representation alignment (Ororbia,
 * Mali, Giles & Kifer, IEEE TNNLS 31, 4267, 2020; authors' code: github.com/AnkurMali/ContinualPTNCN). A
 * layer there has a state, predicts its data, and is told by error units how to have been instead:
 *
 *	state       z = f(a),  a = M x + V y' ...           error   e0 = W z - data
 *	correction  y = f(a - beta (E e0 - ...))            mismatch  d = z - y
 *	dW = e0 z'    dM = d x'    dV = d y''    (' on the right: transposed; y': of the step before)
 *
 * No derivative of f and no trace, so that it fits a threshold as it is. Here, for the top layer, f(a) is
 * the unit with a = s - b, M is W, V is H, W is the readout V, data the target, E the fixed random B:
 *
 *	y_l   = step(s_l - b_l)                    as it fired
 *	y^_l  = step(s_l - beta B_l e_{l+1} - b_l)  as it should have (sSNU: sigmoid; b + beta a where it adapts)
 *	e_l   = y_l - y^_l,  e above the top layer = yhat - y_star
 *	gW_l += x e_l'   gH_l += y_l(t-1) e_l'   gb_l += -e_l        beta: train.correction
 *
 * What is not as in the paper, and why:
 *	- Layers below the top are told by the mismatch of the layer above, e_{l+1} through B_l [size l + 1]
 *	  [size l], as local representation alignment does it in feed-forward networks (Ororbia & Mali, AAAI
 *	  2019): there every layer predicts its data from above with weights of its own, which this network,
 *	  the same for all rules, does not have; so nothing else comes from above (gamma e).
 *	- y^ is for learning only. There V (here H, and the reset) gets it in the next step, in tests, too,
 *	  which are shown the data; here outputs must not need the target.
 *	- E stays as drawn (there it learns W's update transposed): feedback matrices are programmed once.
 *	- The leak and reset of s count as given, as V y' does there. The penalty lambda sign(z) is left out;
 *	  the authors' code has it 0.
 */
#include <errno.h>
#include <stdlib.h>
#include "learner.h"
#include "snu.h"

struct ptncn {
	struct snn_spikes e[SNN_MAX_HIDDEN]; /* e_l as input of B_{l-1}, l > 0 */
};

static int ptncn_init(struct snn_learner *le, const struct snn_batch *b)
{
	struct ptncn *q = calloc(1, sizeof(*q));

	if (!q)
		return -ENOMEM;
	le->state = q;
	for (uint32_t l = 1; l < b->net->n_layer; l++) {
		if (snn_spikes_init(&q->e[l], b->net->size[l], b->n_lane, true) < 0)
			return -ENOMEM;
	}
	return 0;
}

static void ptncn_done(struct snn_learner *le)
{
	struct ptncn *q = le->state;

	for (uint32_t l = 1; q && l < SNN_MAX_HIDDEN; l++)
		snn_spikes_done(&q->e[l]);
	free(q);
}

static int ptncn_begin(struct snn_learner *le, struct snn_batch *b, struct snn_error *e)
{
	(void)le;
	(void)b;
	(void)e;
	return 0;
}

/* e_l of a lane, in the place of l = B_l e_{l+1}. */
static const float *mismatch(struct snn_batch *b, uint32_t l, uint32_t lane, float beta)
{
	const struct snn_layer_state *y = &b->layer[l];
	uint32_t n = b->net->size[l];
	size_t at = (size_t)lane * n;
	const float *threshold =
		b->net->adaptation > 0 ? y->threshold + at : snn_net_threshold(b->net, l)->value;
	float *e = y->l + at;

	for (uint32_t i = 0; i < n; i++) {
		float s = y->s[at + i] - beta * e[i];
		float corrected = b->net->neuron == SNN_SSNU ? snn_sigmoid(s - threshold[i])
			: s > threshold[i]                   ? 1
							     : 0;

		e[i] = y->y[at + i] - corrected;
	}
	return e;
}

static int ptncn_step(struct snn_learner *le, struct snn_batch *b, struct snn_error *e)
{
	struct ptncn *q = le->state;
	float beta = (float)le->config.train.correction;
	int r = 0;

	for (uint32_t l = b->net->n_layer; r == 0 && l-- > 0;) {
		struct snn_product p;

		for (uint32_t lane = 0; lane < b->n_active; lane++) {
			const float *mis = mismatch(b, l, lane, beta);

			snn_learner_add_present(b, l, lane, mis);
			if (l > 0)
				snn_spikes_values(&q->e[l], lane, mis);
		}
		if (l == 0)
			break;
		p = (struct snn_product){ .i_matrix = snn_net_b_fb(b->net, l - 1),
			.in = &q->e[l],
			.out = b->layer[l - 1].l };
		r = b->weights->ops->product(b->weights, &p, 1, b->n_active, e);
	}
	return r;
}

const struct snn_rule snn_rule_ptncn = {
	.name = "ptncn",
	.help = "predictive coding: what neurons would have sent with the error in their membranes",
	.feedback = SNN_FEEDBACK_ERROR,
	.is_layered = true,
	.init = ptncn_init,
	.done = ptncn_done,
	.begin = ptncn_begin,
	.step = ptncn_step,
	.end = ptncn_begin,
};
