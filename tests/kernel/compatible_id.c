/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * compatible_id.c - ask the board 1209:0001 as Windows asks: has it Microsoft's OS string
 * descriptor, and is the compatible id of its interface 0 "WINUSB"? Exit status 0 if so.
 * Microsoft OS 1.0 Descriptors Specification: string 0xee is "MSFT100" and a vendor code; a request
 * of that code with wIndex 4 gives a head of 16 bytes and 24 bytes a function.
 */
#include <libusb.h>
#include <stdio.h>
#include <string.h>

static int ask(libusb_device_handle *h)
{
	static const unsigned char sign[] = "M\0S\0F\0T\0001\0000\0000";
	unsigned char buf[64] = { 0 };
	int n = libusb_get_string_descriptor(h, 0xee, 0, buf, sizeof(buf));

	if (n != 18 || memcmp(buf + 2, sign, 14)) {
		fprintf(stderr, "string 0xee: %d bytes\n", n);
		return 1;
	}
	n = libusb_control_transfer(h,
		LIBUSB_ENDPOINT_IN | LIBUSB_REQUEST_TYPE_VENDOR | LIBUSB_RECIPIENT_DEVICE, buf[16],
		0, 4, buf, sizeof(buf), 1000);
	if (n != 40 || buf[16] != 0 || memcmp(buf + 18, "WINUSB\0\0", 8)) {
		fprintf(stderr, "compatible ids: %d bytes, \"%.8s\"\n", n, (char *)buf + 18);
		return 1;
	}
	return 0;
}

int main(void)
{
	libusb_context *ctx;
	libusb_device_handle *h;
	int r = 1;

	if (libusb_init(&ctx) < 0)
		return 1;
	h = libusb_open_device_with_vid_pid(ctx, 0x1209, 0x0001);
	if (h) {
		r = ask(h);
		libusb_close(h);
	} else {
		fprintf(stderr, "no board\n");
	}
	libusb_exit(ctx);
	return r;
}
