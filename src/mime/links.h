/* Links in text: where they are, what they open, whom they really lead to. Pure; any thread.
 *
 * A URL is read as browsers read it (WHATWG URL), because that is what will open it:
 * "https:\\good.example@evil.example" leads to evil.example. It is rewritten so that no other reading is
 * left.
 */
#ifndef FULMAR_MIME_LINKS_H
#define FULMAR_MIME_LINKS_H

#include "mime/render.h"

/* The next URL in safe text (http, https, ftp, mailto) at or behind from: octets [*start, *end), without
 * punctuation that belongs to the sentence. FALSE when there is none. */
gboolean link_find(const char *text, gsize len, gsize from, gsize *start, gsize *end);

/* The link for a URL as written (valid UTF-8 or not), or NULL when it is relative, of another scheme, or has
 * no proper host. Gives (link_free). */
struct render_link *link_new(const char *url, gsize len);
void link_free(gpointer link);

/* What must be shown beside a link so that its text deceives nobody, or NULL: the host when the text names
 * another one, or when it is not ASCII; the address when the text names another address. Gives (g_free). */
char *link_disguised(const struct render_link *link, const char *text, gsize len);

#endif
