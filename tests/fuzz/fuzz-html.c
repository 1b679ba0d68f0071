#include "../mime/rendered-check.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first octet is the width. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rendered *rendered = rendered_new();
	g_autofree char *charset = NULL;
	int width = size ? data[0] : 80;

	if (size) {
		data++;
		size--;
	}
	render_html(rendered, (const char *)data, size, width);
	check_rendered(rendered, width);
	rendered_free(rendered);
	charset = render_html_charset((const char *)data, size);
	return 0;
}
