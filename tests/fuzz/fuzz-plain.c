#include "../mime/rendered-check.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first octet is the width, the second tells whether the text is flowed. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rendered *rendered = rendered_new();
	int width = 80;
	gboolean flowed = FALSE, delsp = FALSE;

	if (size > 1) {
		width = data[0];
		flowed = data[1] & 1;
		delsp = data[1] & 2;
		data += 2;
		size -= 2;
	}
	render_plain(rendered, (const char *)data, size, width, flowed, delsp);
	check_rendered(rendered, width);
	rendered_free(rendered);
	return 0;
}
