/* Between the files of query/: from text to terms, from terms to a tree. */
#ifndef FULMAR_QUERY_QUERY_PRIVATE_H
#define FULMAR_QUERY_QUERY_PRIVATE_H

#include "query/query.h"

struct query {
	struct query_node *root;
	gboolean words;
};

/* ---- tree.c ---- */
struct query_node *node_new(enum query_kind kind);
void node_free(gpointer node);
/* Takes child. */
void node_add(struct query_node *node, struct query_node *child);
/* All of it is there: what reads is put last. Gives node, or its only child where it stands for nothing more;
 * takes it. */
struct query_node *node_close(struct query_node *node);

/* ---- forms.c ---- */

/* One form of a term: "~f WORD", "from:WORD". */
struct query_form {
	char letter;      /* 0: none */
	const char *name; /* NULL: none */
	enum query_what what;
	guint fields;
	/* Reads the value into term, which has what and fields; NULL: it is a word of text. */
	gboolean (*read)(struct query_term *term, const char *value);
	const char *example; /* of a value, for who wrote another */
};
/* Either may be 0 or NULL. NULL: there is none. */
const struct query_form *form_of_letter(char letter);
const struct query_form *form_of_name(const char *name, gsize len);
/* The prefix nearest to name, or NULL. */
const char *form_nearest(const char *name);
/* "~N" and the like, which take no value. FALSE: none. */
gboolean form_state(char letter, struct query_term *term);
/* All letters, as "~f ~t …". Gives. */
char *form_letters(void);

/* ---- values.c: each FALSE when it is none ---- */
gboolean value_size_above(struct query_term *term, const char *value);
gboolean value_size_below(struct query_term *term, const char *value);
/* ">1M", "<10k", "10k-1M" */
gboolean value_sizes(struct query_term *term, const char *value);
/* "2026", "2026-03", "2026-03-14", "20260314", "14/3/2026"; two of them with ".." between, either may lack;
 * "<2w", ">1y": an age */
gboolean value_dates(struct query_term *term, const char *value);
gboolean value_before(struct query_term *term, const char *value);
gboolean value_after(struct query_term *term, const char *value);
gboolean value_age(struct query_term *term, const char *value);
gboolean value_number(struct query_term *term, const char *value);

#endif
