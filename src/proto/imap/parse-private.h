/* Between the parser's files: from the collected octets of one response to nodes. Nothing here is for
 * callers. */
#ifndef FULMAR_PROTO_IMAP_PARSE_PRIVATE_H
#define FULMAR_PROTO_IMAP_PARSE_PRIVATE_H

#include "proto/imap/parse.h"

/* A literal of the response being collected. Its announcement "{n}" is replaced by an LF at raw[brace] and an
 * octet that is free. */
struct imap_literal {
	gsize brace;
	gsize data; /* where it starts in raw; when it is in a file, where the line goes on */
	gsize len;
	int fd; /* -1: in raw */
	gboolean binary;
};

struct imap_chunk;

/* Memory for nodes, given back as a whole. */
struct imap_arena {
	struct imap_chunk *chunks; /* newest first */
	unsigned char *at;
	gsize left;
};

/* Reads one response out of raw, in place: texts point into raw and get their NUL where their delimiter was.
 * An LF in raw (outside the literals) is the end of a line: of the response, or before a literal. */
struct imap_reader {
	struct imap_arena arena;
	struct imap_node ***stack; /* where the next sibling goes, for each list that is open */
	guint max_depth, max_nodes;
	guint nodes;
	unsigned char *raw, *p;
	const struct imap_literal *literals;
	guint n_literals, next_literal;
	gboolean ended;    /* the response has no more octets */
	const char *fault; /* N_() text, set when a function failed */
};

void imap_reader_init(struct imap_reader *reader, guint max_depth, guint max_nodes);
void imap_reader_clear(struct imap_reader *reader);
/* raw, with its literals, is lent until the next start. */
void imap_reader_start(struct imap_reader *reader, unsigned char *raw, const struct imap_literal *literals,
                       guint n);

/* Reads nodes up to the end of the response, or of a response code when code is TRUE (behind its "]"). */
gboolean imap_reader_nodes(struct imap_reader *reader, gboolean code, const struct imap_node **first);
/* A node of its own, or NULL with fault. */
struct imap_node *imap_reader_node(struct imap_reader *reader, enum imap_node_type type);

/* 1: response is filled; 0: the line was blank; -1: with reader->fault. */
int imap_response_read(struct imap_reader *reader, struct imap_response *response);
/* The status a word stands for, IMAP_NONE for others. */
enum imap_status imap_status_word(const unsigned char *word, gsize len);
/* A number as servers write it: digits, or "9.3736e+06". FALSE when it is none or exceeds 63 bits. */
gboolean imap_number_read(const unsigned char *text, gsize len, guint64 *number);
/* A mailbox name; one called NIL may come without quotes. */
gboolean imap_name_read(const struct imap_node *node, const unsigned char **name, gsize *len);

#endif
