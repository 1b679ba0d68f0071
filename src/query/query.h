/* What a person asks for, as a tree: "from:ann (is:unread or not subject:budget)". One language for rules,
 * for selecting on the screen, for lists and exports, and later for the search; fulmar(1) describes it.
 *
 * A query is made of terms; what each of them holds of is for the caller (store/match.h knows rows), who says
 * beforehand which he cannot answer. Bounds: QUERY_OCTETS, QUERY_TERMS, QUERY_DEPTH. A query is immutable;
 * any thread may read it.
 */
#ifndef FULMAR_QUERY_QUERY_H
#define FULMAR_QUERY_QUERY_H

#include <glib.h>

enum { QUERY_OCTETS = 20000, QUERY_TERMS = 1000, QUERY_DEPTH = 50 };

enum query_what {
	QUERY_EVERY,    /* any message */
	QUERY_TEXT,     /* word stands in one of fields */
	QUERY_HEADER,   /* there is a header field called name (NULL: any) with word (NULL: whatever) in it */
	QUERY_FILENAME, /* word stands in the name of an attachment */
	QUERY_ATTACHMENT, /* it has one */
	QUERY_KEYWORD,    /* word is one of its keywords, in either case */
	QUERY_STATE,      /* its flags & mask are want */
	QUERY_SIZE,       /* lo ≤ octets ≤ hi */
	QUERY_DATE,       /* lo ≤ UTC seconds < hi, of its date, or with arrived of its arrival */
	QUERY_AGE,        /* lo ≤ seconds from then until now ≤ hi */
	QUERY_FOLDER,     /* it is in the folder word: "Lists/kernel" or "work/Lists/kernel" */
	QUERY_ACCOUNT,    /* of the account word */
	QUERY_THREAD,     /* of the conversation lo */
	QUERY_ID, /* word is its Message-ID, with or without brackets, its number or "ACCOUNT:NUMBER" */
	QUERY_WHATS
};
enum query_field {
	QUERY_FROM = 1,
	QUERY_TO = 2,
	QUERY_CC = 4,
	QUERY_SUBJECT = 8,
	QUERY_LIST = 16, /* the mailing list's identifier */
	QUERY_BODY = 32  /* the text of the message */
};
#define QUERY_HEAD_WORDS (QUERY_FROM | QUERY_TO | QUERY_CC | QUERY_SUBJECT)

/* The bits of mask and want; store/match.c holds them against those of the store. */
enum query_flag {
	QUERY_SEEN = 1,
	QUERY_ANSWERED = 2,
	QUERY_FLAGGED = 4,
	QUERY_DELETED = 8,
	QUERY_DRAFT = 16,
	QUERY_FORWARDED = 32
};
/* "flagged", "\Flagged" in either case. 0: none of that name. */
guint query_flag_bit(const char *name);

struct query_term {
	enum query_what what;
	guint fields; /* enum query_field */
	char *word;   /* UTF-8; casefolded unless exact_case; as written where it is no text */
	gboolean exact_case;
	char *name;
	guint mask, want;
	gint64 lo, hi;
	gboolean arrived;
};

enum query_kind { QUERY_TERM, QUERY_AND, QUERY_OR, QUERY_NOT /* of one */ };
struct query_node {
	enum query_kind kind;
	struct query_term term; /* of QUERY_TERM */
	GPtrArray *of;          /* struct query_node *, of the others; those that read come last */
	gboolean reads;         /* something of it is in no row: the header block, the text, the parts */
};

/* What a caller does with queries. */
struct query_use {
	guint words;          /* enum query_field: where a word without prefix is looked for */
	guint without;        /* bits 1 << enum query_what: what he cannot answer, */
	guint without_fields; /* and enum query_field */
	gboolean smart_case;  /* a word with capitals is meant so; else case never matters */
};

struct query;
/* text: UTF-8. NULL with FULMAR_USAGE, one line that names what is near, when it is no query, or one that the
 * use cannot answer. Gives (query_free). */
struct query *query_new(const char *text, const struct query_use *use, GError **error);
void query_free(struct query *query);
/* Lends. */
const struct query_node *query_root(const struct query *query);
/* TRUE: rows alone may not be enough to answer it. */
gboolean query_reads(const struct query *query);
/* Words without a prefix were given. */
gboolean query_has_words(const struct query *query);

/* QUERY_LACKS: it depends on something that is not here. */
enum query_answer { QUERY_NO, QUERY_YES, QUERY_LACKS };
/* Whether query holds, by what term says of each. What cannot change the answer is not asked. */
enum query_answer query_answer(const struct query *query,
                               enum query_answer (*term)(const struct query_term *term, void *user),
                               void *user);
/* Whether text (UTF-8) has the word of a term; a text that is looked at often may come as query_fold made it.
 */
gboolean query_finds(const struct query_term *term, const char *text);
gboolean query_finds_folded(const struct query_term *term, const char *text, const char *folded);
/* Gives (g_free). */
char *query_fold(const char *text);

#endif
