/* IMAP server → client: an incremental parser (RFC 3501, 9051 and the extensions' syntax). Takes bytes in any
 * cut, never blocks, keeps within its limits, holds no policy.
 *
 * A response is delivered as a tree of nodes in an arena that lives until the callback returns. Lenient on
 * input: unsolicited data anywhere, response codes without a text, trailing blanks, bare "+", missing "* OK",
 * leading NULs, NIL and "" where the other is right. See protocols facts §1 and §9.
 */
#ifndef FULMAR_PROTO_IMAP_PARSE_H
#define FULMAR_PROTO_IMAP_PARSE_H

#include <glib.h>
#include "base/uidset.h"

enum imap_node_type { IMAP_ATOM, IMAP_STRING /* quoted or literal */, IMAP_NIL, IMAP_LIST };

struct imap_node {
	enum imap_node_type type;
	const unsigned char *text; /* ATOM, STRING: octets, NUL-terminated behind len; atoms with a section
	                              keep it: "BODY[HEADER.FIELDS (DATE)]<0>" is one atom */
	gsize len;
	gboolean literal8;
	int spool_fd; /* a literal above spool_above: open, unlinked file positioned at 0 holding len octets;
	                 text is NULL. -1 otherwise. The parser closes it after the callback: dup to keep. */
	struct imap_node *first, *next; /* children of a LIST; siblings. An atom with a section has one child:
	                                   the section as a STRING */
};

enum imap_status { IMAP_NONE, IMAP_OK, IMAP_NO, IMAP_BAD, IMAP_BYE, IMAP_PREAUTH };

struct imap_response {
	enum { IMAP_TAGGED, IMAP_UNTAGGED, IMAP_CONTINUE } kind;
	const char *tag;                   /* IMAP_TAGGED, NUL-terminated */
	enum imap_status status;           /* of tagged and of untagged condition responses */
	const char *code;                  /* upper-case response code name, or NULL */
	const struct imap_node *code_args; /* first argument after it, siblings follow, or NULL */
	const char
	        *text; /* human text of conditions and continuations, NUL-terminated, unsafe; "" when none */
	gboolean has_number; /* "* 12 EXISTS" */
	guint64 number;
	const char *name; /* upper-case: "EXISTS", "FETCH", "LIST", "CAPABILITY", …; NULL for conditions */
	const struct imap_node *args; /* first node after the name, siblings follow. The numbers of a SEARCH
	                                 are one atom: "2 3 5" */
};

struct imap_limits {
	gsize line;        /* octets of one response without literals; 0 = 1 MiB */
	guint depth;       /* nested lists: what lies deeper is left out; 0 = 100 */
	guint nodes;       /* nodes of one response; 0 = 1,000,000. Of lists in lists the rest is left out */
	guint64 literal;   /* one literal; 0 = 2 GiB */
	gsize memory;      /* literals of one response kept in memory; 0 = 4 MiB */
	gsize spool_above; /* larger literals go to a file; 0 = 256 KiB */
	const char *spool_dir; /* NULL: $TMPDIR */
};

struct imap_parser;

/* FALSE stops feeding (the rest stays unread). */
typedef gboolean (*imap_response_fn)(const struct imap_response *response, void *user);

struct imap_parser *imap_parser_new(const struct imap_limits *limits, imap_response_fn on_response,
                                    void *user);
void imap_parser_free(struct imap_parser *parser);
/* Consumes bytes and calls back for each complete response. Returns the number of octets consumed: len, or
 * fewer when the callback returned FALSE (then exactly up to the end of that response). -1 with error when
 * the server broke the syntax beyond repair or a limit (FULMAR_NO_LINK), or a file could not be written
 * (FULMAR_FAILED): the connection must be dropped. The callback may not feed or free the parser. */
gssize imap_parser_feed(struct imap_parser *parser, const unsigned char *bytes, gsize len, GError **error);
/* Octets of an unfinished literal received so far and its whole size, for progress; FALSE when none is under
 * way. */
gboolean imap_parser_progress(const struct imap_parser *parser, guint64 *have, guint64 *total);

/* Accessors: NULL-safe. */
gboolean imap_node_is(const struct imap_node *node, const char *atom);    /* case-insensitive, whole */
gboolean imap_node_number(const struct imap_node *node, guint64 *number); /* 63 bits; mail.ru's 9.3e+06 too */
char *
imap_node_dup(const struct imap_node *node); /* "" for NIL, lists and what is in a file; gives (g_free) */
const struct imap_node *imap_node_nth(const struct imap_node *first, guint n);

/* One FETCH response taken apart. Views lend from the response. */
struct imap_fetch {
	guint64 seq, uid, modseq, size; /* 0 when not there; a UIDFETCH (RFC 9586) has no seq */
	gboolean has_flags;
	const struct imap_node *flags; /* first flag atom */
	gboolean has_labels;
	const struct imap_node *labels; /* X-GM-LABELS: first one, in modified UTF-7 */
	gboolean has_internaldate;
	gint64 internaldate;               /* UTC seconds */
	gboolean has_saved;
	gint64 saved;                      /* SAVEDATE, UTC seconds */
	const struct imap_node *structure; /* BODYSTRUCTURE's list */
	const struct imap_node *preview;
	const char *email_id, *thread_id; /* NUL-terminated or NULL; also X-GM-MSGID, X-GM-THRID */
	struct imap_fetch_section {
		const char *section; /* "HEADER", "1.2", "HEADER.FIELDS (…)", "" for BODY[]; NUL-terminated,
		                        as the server wrote it */
		guint64 origin;      /* of a partial fetch */
		gboolean partial;
		gboolean binary; /* decoded (RFC 3516) */
		gboolean sized;  /* BINARY.SIZE: size, and no value */
		guint64 size;
		const struct imap_node *value; /* STRING or NIL; NULL when sized */
	} sections[16];                        /* more are passed over */
	guint n_sections;
};
/* FALSE when response is no FETCH or UIDFETCH. Unknown items are passed over. */
gboolean imap_fetch_decode(const struct imap_response *response, struct imap_fetch *fetch);

/* LIST/LSUB/XLIST with the extended data. */
struct imap_list {
	const struct imap_node *attributes; /* first */
	char delimiter;                     /* 0 = NIL */
	const unsigned char *name;
	gsize name_len;
	const struct imap_node *extended;
};
gboolean imap_list_decode(const struct imap_response *response, struct imap_list *list);

struct imap_status_data {
	const unsigned char *name;
	gsize name_len;
	gboolean has_messages, has_unseen, has_uidnext, has_uidvalidity, has_highestmodseq, has_size;
	guint64 messages, unseen, uidnext, uidvalidity, highestmodseq, size;
	const char *mailbox_id;
};
gboolean imap_status_decode(const struct imap_response *response, struct imap_status_data *status);

/* SEARCH (numbers are added to set) or ESEARCH ("ALL", "COUNT", "MIN", "MAX"). FALSE when it is neither. */
struct imap_search {
	struct uidset *all; /* set by the caller to where numbers go */
	gboolean has_count, has_all, uid;
	gboolean has_partial; /* ESEARCH … PARTIAL (RFC 9394): its numbers are added to all */
	guint64 count, min, max, modseq;
	const char *tag; /* of the correlator, or NULL */
};
gboolean imap_search_decode(const struct imap_response *response, struct imap_search *search);
/* VANISHED (EARLIER) uids. FALSE when it is none or the set is malformed or has more than 1,000,000 ranges.
 */
gboolean imap_vanished_decode(const struct imap_response *response, struct uidset *set, gboolean *earlier);

/* NAMESPACE (RFC 2342). Each list lends its entries from the response; more than fit are passed over. */
struct imap_namespaces {
	struct imap_namespace {
		const unsigned char *prefix;
		gsize len;
		char delimiter; /* 0 = NIL */
	} personal[8], others[8], shared[24];
	guint n_personal, n_others, n_shared;
};
gboolean imap_namespaces_decode(const struct imap_response *response, struct imap_namespaces *namespaces);

/* MYRIGHTS (RFC 4314 §3.8): a mailbox and the letters of what one may do. */
struct imap_rights {
	const unsigned char *name;
	gsize name_len;
	const char *rights;
};
gboolean imap_rights_decode(const struct imap_response *response, struct imap_rights *rights);

/* The code INPROGRESS (RFC 9585): how far the command tag (NULL: not told) is; total 0: not known. */
struct imap_progress {
	const char *tag;
	guint64 have, total;
};
gboolean imap_progress_decode(const struct imap_response *response, struct imap_progress *progress);
/* The code MESSAGELIMIT (RFC 9738 §4): a command looked at no message below UID *lowest; 0: it did nothing.
 */
gboolean imap_limit_decode(const struct imap_response *response, guint64 *lowest);

/* Modified UTF-7 (RFC 3501 §5.1.3) ↔ UTF-8. NULL when name is not valid modified UTF-7 in its one canonical
 * spelling, or has a NUL (keep the bytes then). Gives (g_free). */
char *imap_utf7_to_utf8(const unsigned char *name, gsize len);
/* NULL when name is no UTF-8. */
char *imap_utf8_to_utf7(const char *name);

#endif
