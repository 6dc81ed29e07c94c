/* SPDX-License-Identifier: GPL-3.0-or-later */
/* remote.h - what the files of backend_remote share: remote_mvm.c, remote_write.c, remote_state.c. */
#ifndef REMOTE_H
#define REMOTE_H

#include "backend.h"
#include "session.h"

/* A piece of a request of xbar_mvm(): some of its vectors. */
struct remote_item {
	size_t i_req;
	uint32_t i_vec, n_vec;
};

struct remote {
	struct session session;
	uint32_t n_chip, n_col, adc_bits, caps;
	bool must_arm;   /* the board wants ARM before pulses */
	unsigned n_open; /* the session for which lsb holds */
	float *lsb;      /* [n_chip][n_col] A */
	struct remote_item item[SESSION_N_SLOT_MAX][CMD_N_MVM_MAX]; /* of the frames under way */
};

/* Begin a call; see session_ready(). */
int remote_ready(struct remote *b, struct xbar_message *msg);
int remote_refresh_lsb(struct remote *b);
int remote_malformed(const char *what, struct xbar_message *msg);

float remote_float(uint32_t bits);
uint32_t remote_bits(float x);

/* Hooks, see backend.h. */
int remote_mvm(void *be, struct xbar_mvm *req, size_t n_req, struct xbar_message *msg);
int remote_read(void *be, const struct xbar_patch *w, size_t n_patch, float *ret_g,
	struct xbar_message *msg);
int remote_pulse(void *be, const struct xbar_pulse *p, size_t n, struct xbar_message *msg);
int remote_program(void *be, const struct xbar_patch *w, const float *g, struct xbar_message *msg);
int remote_save(void *be, void **ret, size_t *ret_n, struct xbar_message *msg);
int remote_load(void *be, const void *buf, size_t n, struct xbar_message *msg);

#endif
