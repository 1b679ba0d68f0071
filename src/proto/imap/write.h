/* IMAP client → server: commands from typed arguments. A person's text is always a string (quoted, or a
 * literal), never an atom; what cannot be sent safely (CR, LF or NUL outside a literal) becomes a literal.
 */
#ifndef FULMAR_PROTO_IMAP_WRITE_H
#define FULMAR_PROTO_IMAP_WRITE_H

#include <glib.h>

enum imap_literals { IMAP_LITERAL_SYNC, IMAP_LITERAL_MINUS /* {n+} up to 4096 */, IMAP_LITERAL_PLUS };

/* A command as the bytes to send, cut where the client must wait for "+". Chunk i (0…n-1) may be sent when i
 * continuations have arrived. */
struct imap_command {
	GPtrArray *chunks; /* GBytes * */
	GString *open;     /* being written */
	enum imap_literals literals;
	gboolean opened; /* the last thing written is an opened list */
	gboolean secret; /* the raw log must not show it */
};

struct imap_command *imap_command_new(const char *tag, const char *name, enum imap_literals literals);
void imap_command_free(struct imap_command *cmd);
/* Each argument is preceded by a blank unless it follows an opened list. */
void imap_command_atom(struct imap_command *cmd,
                       const char *atom); /* our own constants, with sections and parentheses as they are */
/* TRUE if flag (a person's keyword, or "\\Seen") may be sent as an atom. */
gboolean imap_is_flag(const char *flag);
void imap_command_number(struct imap_command *cmd, guint64 number);
void imap_command_string(struct imap_command *cmd, const void *text,
                         gsize len); /* quoted if possible, else literal */
void imap_command_mailbox(struct imap_command *cmd, const char *wire_name); /* astring; "INBOX" as it is */
void imap_command_literal(struct imap_command *cmd, const void *bytes, gsize len, gboolean binary);
void imap_command_open(struct imap_command *cmd);  /* ( */
void imap_command_close(struct imap_command *cmd); /* ) */
/* Ends with CRLF; no argument may follow. */
void imap_command_finish(struct imap_command *cmd);

#endif
