/* SPDX-License-Identifier: Apache-2.0 */
/* gadget_descriptors.h - what a USB board says that it is, in the form that FunctionFS takes. */
#ifndef GADGET_DESCRIPTORS_H
#define GADGET_DESCRIPTORS_H

/* Write descriptors and strings to a FunctionFS's ep0. Negative errno. */
int gadget_describe(int ep0);

#endif
