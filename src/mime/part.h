/* The structure of a message: a tree of parts, from BODYSTRUCTURE or from the octets themselves.
 * Limits: depth 100, 10,000 parts; beyond them the rest is one opaque part. Pure; any thread.
 */
#ifndef FULMAR_MIME_PART_H
#define FULMAR_MIME_PART_H

#include <glib.h>

enum part_encoding { ENCODING_7BIT, ENCODING_QP, ENCODING_BASE64, ENCODING_UUENCODE };

struct mime_part {
	/* IMAP section number "1.2"; "" for a multipart root, "1" for a single-part root; "2.TEXT" for a
	 * multipart that is the whole of the message in 2 */
	char *section;
	char *type, *subtype; /* lower case, never NULL */
	char *charset;        /* as written, or NULL */
	char *name; /* decoded file name from Content-Disposition or Content-Type, or NULL; not yet safe */
	char *cid;  /* Content-ID without brackets, or NULL */
	char *description;
	char *disposition;      /* "attachment", "inline", or NULL */
	char *boundary;         /* multiparts parsed from octets */
	char *protocol;         /* of multipart/signed and /encrypted */
	char *start;            /* of multipart/related */
	gboolean flowed, delsp; /* text/plain; format=flowed; delsp=yes */
	enum part_encoding encoding;
	guint64 size;  /* octets as encoded */
	guint64 lines; /* of text parts, 0 if unknown */
	/* where the encoded body lies in the octets it was parsed from; 0,0 when from BODYSTRUCTURE */
	guint64 body_start, body_len;
	guint64 header_start, header_len;
	struct mime_part *parent; /* lent */
	GPtrArray *children; /* struct mime_part *, never NULL; message/rfc822 has its message's root as the
	                        only child */
};

/* An empty text/plain. Whoever adds to children sets the child's parent. */
struct mime_part *mime_part_new(void);
void mime_part_free(struct mime_part *part); /* and all below it; iterative */

/* Parses whole message octets; numbered. Never fails. bytes are only looked at during the call. A multipart
 * in which no boundary is met is text/plain; a message in base64 or quoted-printable stays opaque. A part's
 * body ends before the line end that belongs to the boundary, as IMAP's BODY[n] does. */
struct mime_part *mime_part_parse(const char *bytes, gsize len);
/* Compact text for the store, and back (NULL with error when it is not one: a corrupt row). Section numbers
 * are assigned by mime_part_number. */
char *mime_part_to_text(const struct mime_part *root);
struct mime_part *mime_part_from_text(const char *text, GError **error);
/* Assigns IMAP section numbers (RFC 9051 §6.4.5.1) below root. */
void mime_part_number(struct mime_part *root);

const struct mime_part *mime_part_by_section(const struct mime_part *root, const char *section);
/* Depth-first walk; stop when visit returns FALSE. */
void mime_part_walk(const struct mime_part *root, gboolean (*visit)(const struct mime_part *, void *),
                    void *user);

/* The parts shown as the message's text, in order: of alternatives the best that can be shown (text/plain
 * unless prefer_html or plain is empty), of related the root, of mixed every inline text, signed's first; a
 * message that is nothing but a message/rfc822 shows that one. Elements lent from root. */
GPtrArray *mime_part_shown(const struct mime_part *root, gboolean prefer_html);
/* What a person would call attachments: the leaves (and message/rfc822) that are not shown text and not
 * multipart containers; cid images of related and detached signatures are left out. Elements lent from root,
 * in order. */
GPtrArray *mime_part_attachments(const struct mime_part *root);

/* Transfer decoding of encoded body octets; broken input gives what can be had. Gives (g_bytes_unref). */
GBytes *mime_decode_body(enum part_encoding encoding, const char *bytes, gsize len);
/* About how many octets that makes of size. */
guint64 mime_decoded_size(enum part_encoding encoding, guint64 size);
enum part_encoding mime_encoding_from_name(const char *name, gsize len);

#endif
