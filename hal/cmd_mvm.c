/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_mvm.c - analog matrix-vector products of vectors in a file. */
#include "xbar_cli.h"

#include <stdio.h>
#include <stdlib.h>
#include "number_file.h"

#define N_VEC_MAX (1u << 18)

struct args {
	struct cli_common common;
	uint32_t chip;
	const char *input;
	struct cli_span rows, cols;
	bool wants_current;
};

static const struct argp_option options[] = {
	{ "chip", 'c', "C", 0, "Chip, from 0 (default 0)", 0 },
	{ "input", 'i', "FILE", 0, "Vectors, one a line; - is standard input", 0 },
	{ "rows", 'r', "A:B", 0, "Drive rows A .. B - 1 (default all): so many codes a line", 0 },
	{ "cols", 'k', "A:B", 0, "Read columns A .. B - 1 (default all)", 0 },
	{ "current", 'a', NULL, 0, "Print A instead of ADC codes", 0 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct args *a = state->input;

	switch (key) {
	case 'c':
		a->chip = cli_u32(state, "--chip", arg, 0, UINT32_MAX);
		return 0;
	case 'i':
		a->input = arg;
		return 0;
	case 'r':
		a->rows = cli_span(state, "--rows", arg);
		return 0;
	case 'k':
		a->cols = cli_span(state, "--cols", arg);
		return 0;
	case 'a':
		a->wants_current = true;
		return 0;
	case ARGP_KEY_END:
		if (!a->input)
			argp_error(state, "--input FILE is missing");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

/* The vectors of a file. */
struct vectors {
	int8_t *code; /* [n][n_row] */
	uint32_t n, n_row;
	size_t n_room;
};

static int more_room(struct vectors *v)
{
	size_t n = v->n_room ? 2 * v->n_room : 16;
	int8_t *code = realloc(v->code, n * v->n_row);

	if (!code)
		return cli_complain(-1, "no memory for %zu vectors", n);
	v->code = code;
	v->n_room = n;
	return 0;
}

static int read_vector(struct number_file *f, int8_t *code, uint32_t n_row)
{
	uint32_t n = 0;
	double x;
	int r;

	while ((r = number_file_value(f, &x)) > 0) {
		if (!(x >= -XBAR_DAC_MAX && x <= XBAR_DAC_MAX) || x != (double)(int)x)
			return number_file_complain(f, "%g is not a code: whole numbers -%d .. %d",
				x, XBAR_DAC_MAX, XBAR_DAC_MAX);
		if (n < n_row)
			code[n] = (int8_t)x;
		n++;
	}
	if (r < 0)
		return r;
	if (n != n_row)
		return number_file_complain(
			f, "%u codes, but %u rows are driven: one code a row", n, n_row);
	return 0;
}

static int read_vectors(struct vectors *v, const char *path)
{
	struct number_file f;
	int r = number_file_open(&f, path);

	if (r < 0)
		return r;
	while ((r = number_file_line(&f)) > 0) {
		if (v->n == N_VEC_MAX)
			r = number_file_complain(&f, "more than %u vectors", N_VEC_MAX);
		else if (v->n == v->n_room)
			r = more_room(v);
		if (r >= 0)
			r = read_vector(&f, v->code + (size_t)v->n * v->n_row, v->n_row);
		if (r < 0)
			break;
		v->n++;
	}
	number_file_close(&f);
	return r;
}

static void print(const struct args *a, const struct cli_board *b, const struct xbar_mvm *m)
{
	for (uint32_t i = 0; i < m->n_vec; i++) {
		for (uint32_t j = 0; j < m->n_col; j++) {
			int16_t code = m->out[(size_t)i * m->n_col + j];
			float lsb = xbar_adc_lsb(b->x, m->chip, m->col + j);

			if (j)
				putchar(',');
			if (a->wants_current)
				printf("%.9g", (double)((float)code * lsb));
			else
				printf("%d", code);
		}
		putchar('\n');
	}
}

static json_t *codes_as_json(const struct xbar_mvm *m)
{
	json_t *all = json_array();

	for (uint32_t i = 0; i < m->n_vec; i++) {
		json_t *one = json_array();

		for (uint32_t j = 0; j < m->n_col; j++)
			json_array_append_new(one, json_integer(m->out[(size_t)i * m->n_col + j]));
		json_array_append_new(all, one);
	}
	return all;
}

static json_t *lsb_as_json(const struct cli_board *b, const struct xbar_mvm *m)
{
	json_t *all = json_array();

	for (uint32_t j = 0; j < m->n_col; j++)
		json_array_append_new(
			all, json_real((double)xbar_adc_lsb(b->x, m->chip, m->col + j)));
	return all;
}

static int multiply(const struct args *a, struct cli_board *b, struct xbar_mvm *m)
{
	int status;

	m->out = cli_calloc((size_t)m->n_vec * m->n_col, sizeof(*m->out));
	if (!m->out)
		return CLI_FAILED;
	status = cli_result(b, xbar_mvm(b->x, m, 1));
	if (status == CLI_DONE && a->common.format == CLI_JSON)
		status = cli_json(json_pack("{s:o, s:o, s:i}", "codes", codes_as_json(m), "lsb_A",
			lsb_as_json(b, m), "n_sat", (int)m->n_sat));
	else if (status == CLI_DONE)
		print(a, b, m);
	if (status == CLI_DONE && m->n_sat)
		cli_complain(0, "%u of %zu codes saturated; the ADC range is adc_range of the URI",
			m->n_sat, (size_t)m->n_vec * m->n_col);
	free(m->out);
	return status;
}

static int run(const void *args, struct cli_board *b)
{
	const struct args *a = args;
	struct xbar_patch w;
	struct vectors v = { 0 };
	int status = cli_patch(b, a->chip, a->rows, a->cols, &w);

	if (status != CLI_DONE)
		return status;
	v.n_row = w.n_row;
	status = read_vectors(&v, a->input) < 0 ? CLI_FAILED : CLI_DONE;
	if (status == CLI_DONE && !v.n)
		status = cli_complain(CLI_FAILED, "%s: no vectors", a->input);
	if (status == CLI_DONE) {
		struct xbar_mvm m = {
			.chip = w.chip,
			.row = w.row,
			.n_row = w.n_row,
			.col = w.col,
			.n_col = w.n_col,
			.n_vec = v.n,
			.input = XBAR_INPUT_INT8,
			.in = v.code,
		};

		status = multiply(a, b, &m);
	}
	free(v.code);
	return status;
}

int cmd_mvm(int argc, char **argv)
{
	static const struct cli_command command = {
		.options = options,
		.parse = parse,
		.run = run,
		.args_doc = "[URI] --input FILE",
		.doc = "Analog products: each vector of the input drives the rows, the ADC codes of "
		       "the columns are printed, one line a vector.\v"
		       "A line of input has one code a row, -127 .. 127 (127 is a full-scale input), "
		       "separated by commas or blanks. Nothing is executed unless all of it is "
		       "right. One output code is adc_lsb_A ampere (\"xbar info\").\n"
		       "\n"
		       "  yes 127 | head -256 | paste -sd, | xbar mvm emu: --chip 0 --input -\n"
		       "  xbar mvm emu: --chip 1 --rows 0:2 --cols 0:4 --input vectors.csv\n",
	};
	struct args a = { .rows = CLI_SPAN_ALL, .cols = CLI_SPAN_ALL };

	return cli_run(&command, argc, argv, &a);
}
