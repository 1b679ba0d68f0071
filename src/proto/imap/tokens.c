#include "proto/imap/parse-private.h"

#include <string.h>

#include "base/i18n.h"

#define CHUNK_SIZE 16384
#define KEEP_CHUNKS 4 /* between responses */

struct imap_chunk {
	struct imap_chunk *older;
	gsize size;
	unsigned char bytes[] __attribute__((aligned(16)));
};

enum token_class { IS_ATOM, IS_BLANK, IS_OPEN, IS_CLOSE, IS_QUOTE, IS_END, IS_SECTION, IS_BRACKET };

static const unsigned char classes[256] = {
        [' '] = IS_BLANK, ['('] = IS_OPEN,    [')'] = IS_CLOSE,   ['"'] = IS_QUOTE,
        ['\n'] = IS_END,  ['['] = IS_SECTION, [']'] = IS_BRACKET,
};

static void
add_chunk(struct imap_arena *arena, gsize size)
{
	struct imap_chunk *chunk = g_malloc(sizeof(*chunk) + size);

	chunk->size = size;
	chunk->older = arena->chunks;
	arena->chunks = chunk;
	arena->at = chunk->bytes;
	arena->left = size;
}

static void *
arena_take(struct imap_arena *arena, gsize size)
{
	void *taken;

	size = (size + 15) & ~(gsize)15;
	if (G_UNLIKELY(arena->left < size))
		add_chunk(arena, MAX(size, CHUNK_SIZE));
	taken = arena->at;
	arena->at += size;
	arena->left -= size;
	return taken;
}

/* The newest chunk stays for the next response unless it was made for one huge text. */
static void
arena_reset(struct imap_arena *arena)
{
	while (arena->chunks && (arena->chunks->older || arena->chunks->size > KEEP_CHUNKS * CHUNK_SIZE)) {
		struct imap_chunk *chunk = arena->chunks;

		arena->chunks = chunk->older;
		g_free(chunk);
	}
	arena->at = arena->chunks ? arena->chunks->bytes : NULL;
	arena->left = arena->chunks ? arena->chunks->size : 0;
}

void
imap_reader_init(struct imap_reader *reader, guint max_depth, guint max_nodes)
{
	memset(reader, 0, sizeof(*reader));
	reader->max_depth = max_depth;
	reader->max_nodes = max_nodes;
	reader->stack = g_new(struct imap_node **, max_depth);
}

void
imap_reader_clear(struct imap_reader *reader)
{
	while (reader->arena.chunks) {
		struct imap_chunk *chunk = reader->arena.chunks;

		reader->arena.chunks = chunk->older;
		g_free(chunk);
	}
	g_free(reader->stack);
}

void
imap_reader_start(struct imap_reader *reader, unsigned char *raw, const struct imap_literal *literals,
                  guint n)
{
	arena_reset(&reader->arena);
	reader->nodes = 0;
	reader->raw = reader->p = raw;
	reader->literals = literals;
	reader->n_literals = n;
	reader->next_literal = 0;
	reader->ended = FALSE;
	reader->fault = NULL;
}

struct imap_node *
imap_reader_node(struct imap_reader *reader, enum imap_node_type type)
{
	struct imap_node *node;

	if (G_UNLIKELY(++reader->nodes > reader->max_nodes)) {
		reader->fault = N_("it has too many parts");
		return NULL;
	}
	node = arena_take(&reader->arena, sizeof(*node));
	node->type = type;
	node->text = (const unsigned char *)"";
	node->len = 0;
	node->literal8 = FALSE;
	node->spool_fd = -1;
	node->first = node->next = NULL;
	return node;
}

/* The literal announced where the line ends at p, or NULL. */
static const struct imap_literal *
literal_at(const struct imap_reader *reader, const unsigned char *p)
{
	const struct imap_literal *literal;

	if (reader->next_literal == reader->n_literals)
		return NULL;
	literal = &reader->literals[reader->next_literal];
	return reader->raw + literal->brace == p ? literal : NULL;
}

/* A quote ends a string only where a string may end: some servers do not escape the quotes inside. */
static gboolean
may_follow_string(unsigned char c)
{
	switch ((enum token_class)classes[c]) {
	case IS_BLANK:
	case IS_OPEN:
	case IS_CLOSE:
	case IS_END:
	case IS_BRACKET:
		return TRUE;
	case IS_ATOM:
	case IS_QUOTE:
	case IS_SECTION:
		break;
	}
	return FALSE;
}

/* From the first octet that is not taken as it is: escapes are undone in place. *end gives where the text
 * ends. */
static unsigned char *
unescape(unsigned char *p, unsigned char **end)
{
	unsigned char *w = p;

	while (*p != '\n') {
		if (*p == '"' && may_follow_string(p[1])) {
			p++;
			break;
		}
		if (*p == '\\' && (p[1] == '"' || p[1] == '\\'))
			p++;
		*w++ = *p++;
	}
	*end = w;
	return p;
}

/* p is behind the opening quote. Gives where reading goes on; the text ends at *end, which may be that very
 * octet. */
static unsigned char *
read_quoted(unsigned char *p, struct imap_node *node, unsigned char **end)
{
	node->text = p;
	while (*p != '"' && *p != '\\' && *p != '\n')
		p++;
	*end = p;
	if (*p == '"' && may_follow_string(p[1]))
		p++;
	else
		p = unescape(p, end);
	node->len = (gsize)(*end - node->text);
	return p;
}

/* Copies a quoted string inside a section as it is. */
static void
copy_quoted(unsigned char **p, unsigned char **w)
{
	do {
		if (**p == '\\' && (*p)[1] != '\n')
			*(*w)++ = *(*p)++;
		*(*w)++ = *(*p)++;
	} while (**p != '"' && **p != '\n');
	if (**p == '"')
		*(*w)++ = *(*p)++;
}

/* A field name in a section may be a literal: it joins the section's text. */
static gboolean
copy_literal(struct imap_reader *reader, unsigned char **p, unsigned char **w)
{
	const struct imap_literal *literal = literal_at(reader, *p);

	if (!literal || literal->fd >= 0)
		return FALSE;
	reader->next_literal++;
	memmove(*w, reader->raw + literal->data, literal->len);
	*w += literal->len;
	*p = reader->raw + literal->data + literal->len;
	return TRUE;
}

/* "BODY[" and its kin: p is behind the bracket; the atom runs on to the matching one and over "<n>". */
static unsigned char *
read_section(struct imap_reader *reader, unsigned char *p, struct imap_node *node, unsigned char **end)
{
	unsigned char *start = p, *w = p, *copy;
	struct imap_node *section = imap_reader_node(reader, IMAP_STRING);

	if (!section)
		return NULL;
	while (*p != ']') {
		if (*p == '"')
			copy_quoted(&p, &w);
		else if (*p != '\n')
			*w++ = *p++;
		else if (!copy_literal(reader, &p, &w))
			break;
	}
	section->len = (gsize)(w - start);
	copy = arena_take(&reader->arena, section->len + 1);
	memcpy(copy, start, section->len);
	copy[section->len] = '\0';
	section->text = copy;
	node->first = section;
	while (classes[*p] == IS_ATOM || *p == ']' || *p == '[')
		*w++ = *p++;
	*end = w;
	node->len = (gsize)(w - node->text);
	return p;
}

static gboolean
has_section(const unsigned char *text, gsize len)
{
	static const char *const names[] = {"BODY", "BODY.PEEK", "BINARY", "BINARY.PEEK", "BINARY.SIZE"};

	for (guint i = 0; i < G_N_ELEMENTS(names); i++)
		if (strlen(names[i]) == len && g_ascii_strncasecmp(names[i], (const char *)text, len) == 0)
			return TRUE;
	return FALSE;
}

/* p is at the first octet. ends_at_bracket: inside a response code. NULL with a fault. */
static unsigned char *
read_atom(struct imap_reader *reader, unsigned char *p, struct imap_node *node, gboolean ends_at_bracket,
          unsigned char **end)
{
	unsigned char *start = p;

	node->text = start;
	for (;; p++) {
		while (classes[*p] == IS_ATOM)
			p++;
		if (*p == '[' && has_section(start, (gsize)(p - start)))
			return read_section(reader, p + 1, node, end);
		if (*p != '[' && (*p != ']' || ends_at_bracket))
			break;
	}
	node->len = (gsize)(p - start);
	*end = p;
	if (node->len == 3 && (start[0] | 0x20) == 'n' && (start[1] | 0x20) == 'i' &&
	    (start[2] | 0x20) == 'l') {
		node->type = IMAP_NIL;
		node->text = (const unsigned char *)"";
		node->len = 0;
	}
	return p;
}

static unsigned char *
read_literal(struct imap_reader *reader, struct imap_node *node, unsigned char **end)
{
	const struct imap_literal *literal = &reader->literals[reader->next_literal++];
	unsigned char *data = reader->raw + literal->data;

	node->len = literal->len;
	node->literal8 = literal->binary;
	node->spool_fd = literal->fd;
	node->text = NULL;
	if (literal->fd >= 0)
		return data;
	*end = data + literal->len;
	/* Where an atom follows at once the text moves into the octet kept free before it, to make room for
	 * its NUL. */
	if (classes[**end] == IS_ATOM || classes[**end] == IS_SECTION || classes[**end] == IS_BRACKET) {
		memmove(data - 1, data, literal->len);
		--*end;
		node->text = data - 1;
	} else {
		node->text = data;
	}
	return data + literal->len;
}

/* A node that is no list; c is what was at p. Gives where reading goes on, or NULL with a fault; *end gives
 * where its NUL belongs (if it has one). */
static unsigned char *
read_text(struct imap_reader *reader, unsigned char *p, unsigned char c, struct imap_node *node,
          gboolean ends_at_bracket, unsigned char **end)
{
	if (c == '"')
		return read_quoted(p + 1, node, end);
	if (c == '\n')
		return read_literal(reader, node, end);
	node->type = IMAP_ATOM;
	return read_atom(reader, p, node, ends_at_bracket, end);
}

/* A message decides how deep and how long its structure is, and must not end the connection by that: what
 * lies in lists of lists is left out where there is no room. An eighth is kept for what stands beside it. */
static gboolean
has_room(const struct imap_reader *reader, guint depth)
{
	return depth < 2 || reader->nodes < reader->max_nodes - reader->max_nodes / 8;
}

gboolean
imap_reader_nodes(struct imap_reader *reader, gboolean code, const struct imap_node **first)
{
	struct imap_node *head = NULL, *node, **tail = &head, ***stack = reader->stack, lost;
	unsigned char *p = reader->p, spare, *nul = &spare, c;
	guint depth = 0, left_out = 0; /* lists that are open; those of them nobody gets */

	for (;;) {
		/* Only when the octet behind a text has been read may that text's NUL be put there. */
		c = *p;
		*nul = '\0';
		nul = &spare;
		if (classes[c] == IS_BLANK) {
			p++;
			continue;
		}
		if (classes[c] == IS_CLOSE) {
			p++;
			if (left_out)
				left_out--;
			else
				tail = depth ? stack[--depth] : tail;
			continue;
		}
		if ((c == '\n' && !literal_at(reader, p)) || (c == ']' && code && !depth))
			break;
		node = &lost;
		if (!left_out && has_room(reader, depth)) {
			node = imap_reader_node(reader, IMAP_STRING);
			if (!node)
				return FALSE;
			*tail = node;
			tail = &node->next;
		}
		if (c == '(') {
			p++;
			node->type = IMAP_LIST;
			node->text = NULL;
			if (node == &lost || depth == reader->max_depth) {
				left_out++;
				continue;
			}
			stack[depth++] = tail;
			tail = &node->first;
			continue;
		}
		p = read_text(reader, p, c, node, code && !depth, &nul);
		if (!p)
			return FALSE;
	}
	reader->ended = c == '\n';
	reader->p = p + 1;
	*first = head;
	return TRUE;
}
