/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * heat_colour.h - the colour of a value, for the files that draw.
 */
#ifndef XBAR_HEAT_COLOUR_H
#define XBAR_HEAT_COLOUR_H

#include "heat.h"

void heat_colour(const struct heat *h, float v, uint8_t ret_rgb[3]);

#endif
