/* A message as the pager shows it, as lines of safe text. */
#ifndef FULMAR_APP_DOCUMENT_H
#define FULMAR_APP_DOCUMENT_H

#include "app/fetch.h"

/* Appends the header lines a person reads. */
void document_headers(struct message *message, GString *out);
/* Appends the text, width columns wide. FALSE with error when some of it cannot be had. */
gboolean document_text(struct message *message, const struct mime_part *root, gboolean prefer_html, int width,
                       GString *out, GError **error);
/* Appends "[1] minutes.pdf · application/pdf · 214 kB" lines. */
void document_attachments(struct message *message, const struct mime_part *root, GString *out);
/* The name of a part for people, "" when it has none: not yet safe. Lends. */
const char *document_part_name(const struct mime_part *part);

#endif
