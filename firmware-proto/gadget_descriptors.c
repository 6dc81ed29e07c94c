/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gadget_descriptors.c - a vendor interface named "crossloop" with one pair of bulk endpoints.
 *
 * Device, configuration and BOS descriptors are the kernel's. It has no way to put MS OS 2.0
 * descriptors into its BOS; Windows is asked for WinUSB by those of 1.0, which it takes too.
 */
#include "gadget_descriptors.h"

#include <errno.h>
#include <linux/usb/functionfs.h>
#include <stdbool.h>
#include <unistd.h>
#include "wire.h"

#define INTERFACE "crossloop" /* by which the host finds it */

static void put_endpoint(struct wire_writer *w, uint8_t address, uint16_t n_packet)
{
	wire_put_u8(w, USB_DT_ENDPOINT_SIZE);
	wire_put_u8(w, USB_DT_ENDPOINT);
	wire_put_u8(w, address);
	wire_put_u8(w, USB_ENDPOINT_XFER_BULK);
	wire_put_u16(w, n_packet);
	wire_put_u8(w, 0); /* interval: means nothing here */
	if (n_packet != 1024)
		return;
	/* Super speed: no bursts, no streams. */
	wire_put_u8(w, USB_DT_SS_EP_COMP_SIZE);
	wire_put_u8(w, USB_DT_SS_ENDPOINT_COMP);
	wire_put_u32(w, 0);
}

/* Numbers of interface, endpoints and string are places in our lists; the kernel maps them. */
static void put_function(struct wire_writer *w, uint16_t n_packet)
{
	wire_put_u8(w, USB_DT_INTERFACE_SIZE);
	wire_put_u8(w, USB_DT_INTERFACE);
	wire_put_u8(w, 0); /* interface */
	wire_put_u8(w, 0); /* alternate setting */
	wire_put_u8(w, 2); /* endpoints */
	wire_put_u8(w, USB_CLASS_VENDOR_SPEC);
	wire_put_u16(w, 0); /* subclass, protocol */
	wire_put_u8(w, 1);  /* string */
	put_endpoint(w, USB_DIR_OUT | 1, n_packet);
	put_endpoint(w, USB_DIR_IN | 2, n_packet);
}

/* Microsoft's Extended Compat ID OS Feature Descriptor 1.0, in FunctionFS's form. */
static void put_compatible_id(struct wire_writer *w)
{
	wire_put_u8(w, 0); /* interface */
	wire_put_u32(w,
		sizeof(struct usb_os_desc_header) /* all of it */
			+ sizeof(struct usb_ext_compat_desc));
	wire_put_u16(w, 1);                     /* version */
	wire_put_u16(w, 4);                     /* compatible ids: */
	wire_put_u16(w, 1);                     /* one, */
	wire_put_u8(w, 0);                      /* of this first interface */
	wire_put_u8(w, 1);                      /* reserved */
	wire_put_bytes(w, "WINUSB\0\0", 8);     /* id */
	wire_put_bytes(w, "\0\0\0\0\0\0\0", 8); /* id below it */
	wire_put_bytes(w, "\0\0\0\0\0", 6);     /* reserved */
}

/* w begins with a magic number; its length comes next. */
static int write_all(int fd, const struct wire_writer *w)
{
	struct wire_writer length = { .buf = w->buf + 4, .size = 4 };
	ssize_t r;

	if (w->is_bad)
		return -ENOBUFS;
	wire_put_u32(&length, (uint32_t)w->n);
	r = write(fd, w->buf, w->n);
	if (r < 0)
		return -errno;
	return (size_t)r == w->n ? 0 : -EIO;
}

static int describe_function(int ep0)
{
	uint8_t buf[256];
	struct wire_writer w = { .buf = buf, .size = sizeof(buf) };

	wire_put_u32(&w, FUNCTIONFS_DESCRIPTORS_MAGIC_V2);
	wire_put_u32(&w, 0);
	wire_put_u32(&w,
		FUNCTIONFS_HAS_FS_DESC | FUNCTIONFS_HAS_HS_DESC | FUNCTIONFS_HAS_SS_DESC |
			FUNCTIONFS_HAS_MS_OS_DESC);
	wire_put_u32(&w, 3); /* how many of each */
	wire_put_u32(&w, 3);
	wire_put_u32(&w, 5);
	wire_put_u32(&w, 1);
	put_function(&w, 64);
	put_function(&w, 512);
	put_function(&w, 1024);
	put_compatible_id(&w);
	return write_all(ep0, &w);
}

static int describe_strings(int ep0)
{
	uint8_t buf[64];
	struct wire_writer w = { .buf = buf, .size = sizeof(buf) };

	wire_put_u32(&w, FUNCTIONFS_STRINGS_MAGIC);
	wire_put_u32(&w, 0);
	wire_put_u32(&w, 1);      /* string, */
	wire_put_u32(&w, 1);      /* language: */
	wire_put_u16(&w, 0x0409); /* English */
	wire_put_bytes(&w, INTERFACE, sizeof(INTERFACE));
	return write_all(ep0, &w);
}

int gadget_describe(int ep0)
{
	int r = describe_function(ep0);

	return r < 0 ? r : describe_strings(ep0);
}
